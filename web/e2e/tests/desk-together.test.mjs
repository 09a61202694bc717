// What the desk keeps at the server for one person in two browsers, and for two people at one customer.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, comes, launch, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64')

describe('the desk in two browsers', { timeout: 15 * patience }, () => {
  let program, browser, visitor, here, there, colleague, shop, desk, second, other, api, id
  before(async () => {
    program = await Program.start()
    browser = await launch()
    api = await Agent.logIn(program.base)
    visitor = await person(browser, program.base)
    shop = new Shop(visitor.page)
    await shop.open()
    await shop.say('想问问退换货')
    id = (await api.conversation('想问问退换货')).id
    here = await person(browser, program.base)
    there = await person(browser, program.base)
    colleague = await person(browser, program.base)
    desk = new Desk(here.page)
    second = new Desk(there.page)
    other = new Desk(colleague.page)
    await desk.logIn(`/desk/inbox/all/${id}`)
    await second.logIn(`/desk/inbox/all`)
    await other.logInAs('lin@yingda.dev')
    await desk.sees('想问问退换货')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  const drafts = () => api.get(`/conversations/${id}/draft`).then((d) => d.items)
  const shows = (d, text) => until(async () => (await d.input.inputValue()) === text, `the text "${text}"`)

  it('carries what is being written to the next browser, with its files', async () => {
    await desk.input.fill('写到一半')
    await here.page.locator('form input[type="file"]').setInputFiles({ name: '尺码.png', mimeType: 'image/png', buffer: png })
    await until(async () => (await drafts())[0]?.parts?.length === 1, 'the draft at the server')
    await there.page.goto(`/desk/inbox/all/${id}`)
    await shows(second, '写到一半')
    await there.page.getByText('尺码.png').first().waitFor()
    await other.list('all')
    await other.row('想问问退换货').click()
    await other.sees('想问问退换货')
    assert.equal(await other.input.inputValue(), '', 'a draft is its author’s')
  })

  it('asks which one it is to be when both browsers wrote', async () => {
    await second.input.fill('另一台电脑上写的')
    await until(async () => (await drafts())[0]?.text === '另一台电脑上写的', 'the draft of the second browser')
    await desk.input.fill('这台电脑上写的')
    await here.page.locator('[data-testid="newer-draft"]').waitFor()
    await picture(here.page, 'desk-draft-newer')
    assert.equal((await drafts())[0].text, '另一台电脑上写的')
    await here.page.getByRole('button', { name: '用那一份' }).click()
    await shows(desk, '另一台电脑上写的')
    await desk.input.press('Enter')
    await shop.sees('另一台电脑上写的')
    await until(async () => (await drafts()).length === 0, 'the draft to be gone')
    // The other browser has it no more either, so nothing is said twice.
    await there.page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await shows(second, '')
  })

  it('keeps a draft over a reload, and a note as a note', async () => {
    await here.page.locator('#thread').focus()
    await here.page.keyboard.press('n')
    await desk.input.fill('只给同事看')
    await until(async () => (await drafts())[0]?.kind === 'note', 'the draft of a note')
    await here.page.evaluate(() => localStorage.clear())
    await here.page.reload()
    await shows(desk, '只给同事看')
    await here.page.getByRole('button', { name: '内部备注', pressed: true }).waitFor()
    await desk.input.fill('')
    await until(async () => (await drafts()).length === 0, 'the draft to be dropped')
    await here.page.locator('form [role="group"] button').first().click()
  })

  it('warns before two people answer, and says when it is over', async () => {
    await here.page.locator('[data-testid="viewers"]').waitFor()
    await colleague.page.locator('[data-testid="viewers"]').waitFor()
    await until(async () => {
      await other.input.pressSequentially('我')
      return here.page.locator('[data-testid="viewers"]', { hasText: '正在写回复' }).isVisible()
    }, 'the warning')
    await picture(here.page, 'desk-viewers')
    await other.input.fill('')
    await other.list('all')
    await until(async () => (await here.page.locator('[data-testid="viewers"]', { hasText: '正在写' }).count()) === 0, 'the warning to end')
  })

  it('sends later: shows it, takes it back to be edited, sends it at its time, tells of a failure', async () => {
    await desk.input.fill('明天再说的话')
    await here.page.getByRole('button', { name: '稍后发送' }).click()
    await here.page.getByRole('menuitem', { name: '选择时间' }).click()
    const dialog = here.page.getByRole('dialog')
    await dialog.waitFor()
    await assertAccessible(here.page, 'the dialog of a time')
    await picture(here.page, 'desk-schedule-light')
    await dialog.locator('input[type="datetime-local"]').fill('2027-03-01T09:30')
    await dialog.getByRole('button', { name: '到时间发送' }).click()
    const strip = here.page.locator('[data-testid="scheduled"] li')
    await strip.filter({ hasText: '明天再说的话' }).waitFor()
    await shows(desk, '')
    await assertAccessible(here.page, 'a scheduled message')
    await there.page.goto(`/desk/inbox/all/${id}`)
    await there.page.locator('[data-testid="scheduled"] li', { hasText: '明天再说的话' }).waitFor()
    await strip.getByRole('button', { name: '取消并继续编辑' }).click()
    await shows(desk, '明天再说的话')
    // The other browser hears of it.
    await until(async () => (await there.page.locator('[data-testid="scheduled"]').count()) === 0, 'the strip to leave the other browser')
    await desk.input.fill('')
    await api.post(`/conversations/${id}/scheduled`, { parts: [{ type: 'text', text: '准时的话' }], at: new Date(Date.now() + 6000).toISOString(), cancel_on_reply: false })
    await strip.filter({ hasText: '准时的话' }).waitFor()
    await shop.sees('准时的话')
    await until(async () => (await strip.count()) === 0, 'what was sent to leave the strip')
    await api.post(`/conversations/${id}/scheduled`, { parts: [{ type: 'text', text: '客户先说了就不发' }], at: '2027-03-01T09:30:00Z', cancel_on_reply: true })
    await strip.filter({ hasText: '客户先说了就不发' }).waitFor()
    await shop.say('我先说')
    await here.page.locator('[data-testid="scheduled"] li', { hasText: '客户先回复了' }).waitFor()
    await here.page.locator('[data-testid="scheduled"] li').getByRole('button', { name: '知道了' }).click()
    await until(async () => (await strip.count()) === 0, 'the notice to be put away')
  })

  it('shows pictures large', async () => {
    await here.page.locator('form input[type="file"]').setInputFiles({ name: 'chima.png', mimeType: 'image/png', buffer: png })
    await here.page.getByText('chima.png').first().waitFor()
    await desk.input.fill('尺码表来了')
    await until(async () => here.page.locator('form button[type="submit"]').first().isEnabled(), 'the upload')
    await desk.input.press('Enter')
    await shop.sees('尺码表来了')
    await until(async () => (await here.page.locator('#thread article img').count()) >= 1, 'the picture in the thread')
    await here.page.locator('#thread article button:has(img)').last().click()
    await here.page.locator('[data-testid="lightbox"] img').waitFor()
    await assertAccessible(here.page, 'a picture shown large')
    await picture(here.page, 'desk-lightbox')
    await here.page.keyboard.press('Escape')
    await here.page.locator('[data-testid="lightbox"]').waitFor({ state: 'detached' })
  })

  it('changes a customer under the eyes of a colleague, and overwrites nobody', async () => {
    await other.list(`all/${id}`)
    const field = (page, label) => page.getByRole('button', { name: new RegExp(`^修改${label}`) })
    await field(here.page, '姓名').click()
    await here.page.getByRole('textbox', { name: '姓名', exact: true }).fill('王女士')
    await here.page.getByRole('textbox', { name: '姓名', exact: true }).press('Enter')
    await colleague.page.locator('main h2', { hasText: '王女士' }).waitFor()
    await here.page.getByRole('button', { name: '添加属性' }).click()
    await here.page.getByRole('textbox', { name: '名称', exact: true }).fill('会员')
    await here.page.getByRole('textbox', { name: '内容', exact: true }).fill('金卡')
    await here.page.getByRole('button', { name: '保存属性' }).click()
    await field(here.page, '会员').waitFor()
    // Both begin on the same version; the second is told.
    await field(here.page, '电话').click()
    const phoneField = here.page.getByRole('textbox', { name: '电话', exact: true })
    await here.page.route(/\/contacts\/con_\w+$/, (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()))
    const contact = (await api.get(`/conversations/${id}`)).contact.id
    await desk.api('PATCH', `/contacts/${contact}`, { email: 'wang@example.com' })
    await phoneField.fill('13800000000')
    await phoneField.press('Enter')
    await here.page.getByText('刚才有人改动了这份资料').first().waitFor()
    await here.page.unroute(/\/contacts\/con_\w+$/)
    assert.equal((await api.get(`/contacts/${contact}`)).phone ?? '', '')
    assert.equal((await api.get(`/contacts/${contact}`)).attributes['会员'], '金卡')
    await here.page.getByRole('textbox', { name: '写给同事的备注…' }).fill('喜欢周末送货')
    await here.page.getByRole('textbox', { name: '写给同事的备注…' }).press('Enter')
    await here.page.locator('[data-testid="contact-notes"] article', { hasText: '喜欢周末送货' }).waitFor()
    await here.page.getByText('身份', { exact: true }).waitFor()
  })

  it('follows the customer over pages, live', async () => {
    await visitor.page.goto('/demo?p=coat')
    await until(async () => (await here.page.locator('[data-testid="pages"] li').count()) >= 1, 'the trail')
    await visitor.page.goto('/demo?p=shoes')
    await here.page.locator('[data-testid="pages"] li', { has: here.page.locator('[title*="p=shoes"]') }).first().waitFor()
  })

  it('makes one customer of two, after a look, and two again', async () => {
    const guest = await person(browser, program.base)
    const elsewhere = new Shop(guest.page)
    await elsewhere.open()
    await elsewhere.say('我换了手机')
    const twin = await api.conversation('我换了手机')
    await desk.api('PATCH', `/contacts/${twin.contact.id}`, { name: '王小姐', email: 'xiao@example.com' })
    await here.page.getByRole('button', { name: '客户操作' }).click()
    await here.page.getByRole('menuitem', { name: '合并客户' }).click()
    await here.page.getByRole('textbox', { name: '姓名、邮箱或电话' }).fill('王小姐')
    await here.page.getByRole('dialog').getByRole('button', { name: /王小姐/ }).click()
    await here.page.locator('[data-testid="merge-preview"]').waitFor()
    await assertAccessible(here.page, 'the preview of a merge')
    await picture(here.page, 'desk-merge-light')
    await here.page.locator('fieldset', { hasText: '邮箱' }).getByText('xiao@example.com').click()
    await here.page.getByRole('button', { name: '合并', exact: true }).click()
    await here.page.getByRole('group', { name: '客户资料' }).getByRole('link', { name: /我换了手机/ }).waitFor()
    const contact = (await api.get(`/conversations/${id}`)).contact.id
    assert.equal((await api.get(`/contacts/${contact}`)).email, 'xiao@example.com')
    await here.page.getByRole('button', { name: '撤销', exact: true }).click()
    await until(async () => (await here.page.getByRole('group', { name: '客户资料' }).getByRole('link', { name: /我换了手机/ }).count()) === 0, 'the other customer to be their own again')
    assert.equal((await api.get(`/conversations/${twin.id}`)).contact.id, twin.contact.id)
    await guest.context.close()
  })

  it('looks right in the dark and on a phone', async () => {
    for (const [name, options] of [
      ['dark', { colorScheme: 'dark', locale: 'en' }],
      ['phone', { colorScheme: 'dark', viewport: phone }],
    ]) {
      const { context, page, strays } = await person(browser, program.base, options)
      const d = new Desk(page)
      const en = options.locale === 'en'
      await d.logIn('/desk/inbox/all')
      await d.list(`all/${id}`)
      await d.input.fill('later')
      await page.getByRole('button', { name: en ? 'Send later' : '稍后发送' }).click()
      await page.getByRole('menuitem', { name: en ? 'Pick a time' : '选择时间' }).click()
      await page.getByRole('dialog').waitFor()
      await assertAccessible(page, `schedule ${name}`)
      await picture(page, `desk-schedule-${name}`)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.locator('#thread article button:has(img)').last().click()
      await page.locator('[data-testid="lightbox"] img').waitFor()
      await assertAccessible(page, `lightbox ${name}`)
      await picture(page, `desk-lightbox-${name}`)
      await page.keyboard.press('Escape')
      await page.locator('[data-testid="lightbox"]').waitFor({ state: 'detached' })
      if (name === 'phone') await page.getByRole('button', { name: '客户资料' }).first().click()
      await page.getByRole('button', { name: en ? 'Actions for the customer' : '客户操作' }).click()
      await page.getByRole('menuitem', { name: en ? 'Merge with' : '合并客户' }).click()
      await page.getByRole('textbox', { name: en ? /Name, e-mail/ : /姓名、邮箱/ }).fill('王小姐')
      await page.getByRole('dialog').getByRole('button', { name: /王小姐/ }).click()
      await page.locator('[data-testid="merge-preview"]').waitFor()
      await assertAccessible(page, `merge ${name}`)
      await picture(page, `desk-merge-${name}`)
      assert.deepEqual(strays, [])
      await d.input.fill('').catch(() => undefined)
      await context.close()
    }
  })

  it('was done without other hosts and without errors', () => {
    assert.deepEqual([...visitor.strays, ...here.strays, ...there.strays, ...colleague.strays], [])
  })
})
