// What administrators do about people and keys, each with the person it happens to in a browser of their own.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, launch, patience, person, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { digits } from '../lib/totp.mjs'

describe('colleagues', { timeout: 20 * patience }, () => {
  let program, browser, admin
  before(async () => {
    program = await Program.start()
    browser = await launch()
    admin = await person(browser, program.base, { reducedMotion: 'reduce' })
    await new Desk(admin.page).logIn('/desk/inbox/all')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  async function colleague(email) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce' })
    p.desk = new Desk(p.page)
    await p.desk.logInAs(email)
    return p
  }
  async function settings(path) {
    await admin.page.goto(`/desk/settings/${path}`)
    await admin.page.getByRole('heading', { level: 1 }).waitFor()
    return admin.page
  }
  async function act(email, name) {
    const page = await settings('people')
    const row = page.locator(`[data-person="${email}"]`)
    await row.getByRole('button').click()
    await page.getByRole('menuitem', { name }).click()
    return row
  }

  it('withdraws an invitation, and its link leads nowhere any more', async () => {
    const page = await settings('people')
    await page.getByRole('button', { name: '邀请同事' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').first().fill('new@yingda.dev')
    await dialog.locator('button[type="submit"]').click()
    const link = await until(async () => /https?:\/\/\S+\/invite#\S+/.exec(await dialog.innerText() + (await dialog.locator('input,code').evaluateAll((all) => all.map((e) => e.value ?? e.textContent).join(' '))))?.[0], 'the link')
    const guest = await person(browser, program.base)
    await guest.page.goto(link)
    await guest.page.getByLabel('你的姓名').waitFor()
    await page.keyboard.press('Escape')
    const row = page.getByTestId('invitation').filter({ hasText: 'new@yingda.dev' })
    await row.getByRole('button', { name: '撤回' }).click()
    await page.getByTestId('ask-confirm').click()
    await row.waitFor({ state: 'detached' })
    // Whoever has the page open is told at the end, whoever opens the link at once.
    await guest.page.getByLabel('你的姓名').fill('新人')
    await guest.page.getByLabel('密码', { exact: true }).fill('guitar-lamp-42')
    await guest.page.locator('button[type="submit"]').click()
    await guest.page.getByText('链接').first().waitFor()
    await guest.page.getByRole('link', { name: /登录/ }).waitFor()
    await guest.page.goto('about:blank')
    await guest.page.goto(link)
    await guest.page.getByRole('link', { name: /登录/ }).waitFor()
    await assertAccessible(guest.page, 'an invitation that is over')
    await guest.context.close()
  })

  it('changes one’s own password: the old one is asked for, other devices are logged out', async () => {
    const one = await colleague('lin@yingda.dev')
    const two = await colleague('lin@yingda.dev')
    await one.page.goto('/desk/settings/security')
    await one.page.getByRole('button', { name: '更换密码' }).first().click()
    const dialog = one.page.getByRole('dialog')
    await dialog.locator('input').nth(0).fill('not-it')
    await dialog.locator('input').nth(1).fill('guitar-lamp-42')
    await dialog.locator('button[type="submit"]').click()
    await dialog.getByText('现在的密码不对').first().waitFor()
    await assertAccessible(one.page, 'a wrong password')
    await dialog.locator('input').nth(0).fill('yingda-demo')
    await dialog.locator('button[type="submit"]').click()
    await dialog.waitFor({ state: 'detached' })
    await two.page.reload()
    await two.page.waitForURL(/login/)
    await one.page.reload()
    await one.page.getByRole('button', { name: '更换密码' }).first().waitFor()
    await assert.rejects(Agent.logIn(program.base, 'lin@yingda.dev'))
    const again = await Agent.logIn(program.base, 'lin@yingda.dev', 'guitar-lamp-42')
    await again.post('/me/password', { old: 'guitar-lamp-42', new: 'yingda-demo' })
    await one.context.close()
    await two.context.close()
  })

  it('disables somebody at work, who is out at once, and lets them in again', async () => {
    const lin = await colleague('lin@yingda.dev')
    const row = await act('lin@yingda.dev', '停用')
    await admin.page.getByTestId('ask-confirm').click()
    await row.getByText('已停用').waitFor()
    await lin.page.goto('/desk/inbox/all')
    await lin.page.waitForURL(/login/)
    await lin.page.locator('input[type="email"]').fill('lin@yingda.dev')
    await lin.page.locator('form input').nth(1).fill('yingda-demo')
    await lin.page.locator('form button[type="submit"]').click()
    await lin.page.getByRole('alert').first().waitFor()
    await act('lin@yingda.dev', '重新启用')
    await row.getByText('已停用').waitFor({ state: 'detached' })
    await lin.page.locator('form button[type="submit"]').click()
    await lin.page.waitForURL(/inbox/)
    await lin.context.close()
  })

  it('tells the second of two who change one label, shows both, and overwrites nothing', async () => {
    const page = await settings('labels')
    await page.getByRole('button', { name: '新建标签' }).click()
    await page.getByLabel('名称').fill('退差价')
    await page.getByRole('radio', { name: '青' }).click()
    await page.getByRole('button', { name: '保存' }).click()
    const edit = async (p) => {
      await p.locator('main li', { hasText: '退差价' }).getByRole('button', { name: /编辑/ }).click()
      await p.getByRole('dialog').waitFor()
    }
    await page.locator('main li', { hasText: '退差价' }).waitFor()
    const sup = await person(browser, program.base, { reducedMotion: 'reduce' })
    const chief = new Desk(sup.page)
    await chief.logIn('/desk/inbox/all')
    await sup.page.goto('/desk/settings/labels')
    await edit(page)
    await page.getByLabel('说明').fill('七天内降价')
    await edit(sup.page)
    await sup.page.getByRole('radio', { name: '粉' }).click()
    await sup.page.getByRole('button', { name: '保存' }).click()
    await sup.page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('conflict').waitFor()
    await page.getByTestId('conflict-now').getByText('粉').waitFor()
    await assertAccessible(page, 'a conflict')
    await picture(page, 'settings-conflict-desktop-light-zh')
    await page.getByRole('button', { name: '把我的更改放到最新的上面' }).click()
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const { items } = await chief.api('GET', '/labels')
    const label = items.find((l) => l.name === '退差价')
    assert.deepEqual([label.color, label.description], ['pink', '七天内降价'])
    await sup.context.close()
  })

  it('requires a second factor of everybody, who set it up and go on; takes it off who has lost the device', async () => {
    const lin = await colleague('lin@yingda.dev')
    // Nobody locks themselves out.
    let page = await settings('company')
    await page.getByTestId('require-totp').click()
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('save-bar').getByText('请先为自己开启两步验证').waitFor()
    await assertAccessible(page, 'the company')
    await page.getByRole('button', { name: '放弃更改' }).click()
    const enrol = async (page) => {
      const secret = (await page.getByTestId('totp-secret').innerText()).trim()
      await page.getByRole('dialog').locator('input').fill(digits(secret))
      await page.getByRole('dialog').locator('button[type="submit"]').click()
      await page.getByRole('button', { name: /我已|保存好|收好/ }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      return secret
    }
    page = await settings('security')
    await page.getByTestId('totp').getByRole('button').click()
    await enrol(page)
    page = await settings('company')
    await page.getByTestId('require-totp').click()
    await page.getByText('位还没有开启的同事').waitFor()
    await picture(page, 'settings-company-desktop-light-zh')
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('save-bar').waitFor({ state: 'detached' })

    await lin.page.goto('/desk/inbox/mine')
    await lin.page.getByTestId('must-totp').waitFor()
    await assertAccessible(lin.page, 'what has to be done first')
    await picture(lin.page, 'second-factor-first-desktop-light-zh')
    await lin.page.goto('/desk/settings/account')
    await lin.page.getByTestId('must-totp').waitFor()
    await lin.page.getByTestId('must-totp').getByRole('button').first().click()
    await enrol(lin.page)
    await lin.page.waitForURL(/settings\/account/)
    await lin.page.getByRole('heading', { level: 1 }).waitFor()

    const row = await act('lin@yingda.dev', '重置两步验证')
    await page.getByTestId('ask-confirm').click()
    await row.getByText('已开启两步验证').waitFor({ state: 'detached' })
    await lin.page.goto('/desk/inbox/mine')
    await lin.page.getByTestId('must-totp').waitFor()
    page = await settings('company')
    await page.getByTestId('require-totp').click()
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('save-bar').waitFor({ state: 'detached' })
    await lin.page.goto('/desk/inbox/mine')
    await lin.page.locator('[data-testid="conversation-list"], [data-conversation]').first().waitFor()
    await lin.context.close()
  })

  it('makes and removes a key of the site, shows its secret once', async () => {
    const page = await settings('inboxes')
    await page.getByRole('link', { name: /商城/ }).click()
    await page.getByRole('link', { name: '网站与身份' }).click()
    const keys = page.getByRole('region', { name: '身份密钥' })
    await keys.getByRole('button').first().click()
    const shown = await until(async () => /[A-Za-z0-9_-]{32,}/.exec(await keys.evaluate((el) => [...el.querySelectorAll('input,code')].map((e) => e.value ?? e.textContent).join(' ')))?.[0], 'the secret')
    await assertAccessible(page, 'a new key')
    await page.reload()
    await keys.locator('li').first().waitFor()
    assert.equal((await page.content()).includes(shown), false, 'it is shown once')
    await keys.locator('li').getByRole('button').click()
    await page.getByTestId('ask-confirm').click()
    await keys.locator('li').waitFor({ state: 'detached' })
  })

  it('sends an event that was put aside round once more', async () => {
    // Nothing fails here, so the list is made up; what the button does is real.
    let sent = 0
    await admin.page.route(/dead-letters(\?|$)/, (route) =>
      route.fulfill({ json: { items: sent ? [] : [{ id: 'ded_1', consumer: 'search', type: 'message.added', seq: 7, error: '<b>broken</b>', attempts: 1, at: new Date().toISOString() }] } }),
    )
    await admin.page.route('**/api/v1/dead-letters/ded_1/replay', (route) => {
      sent++
      return route.fulfill({ status: 204 })
    })
    const page = await settings('letters')
    await page.getByText('<b>broken</b>').waitFor()
    await assertAccessible(page, 'what was put aside')
    await page.getByRole('button', { name: '重新处理' }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator('main li', { hasText: 'broken' }).waitFor({ state: 'detached' })
    assert.equal(sent, 1)
    await assertAccessible(page, 'a page with a notice on screen')
  })

  it('was done without other hosts and without errors', () => assert.deepEqual(admin.strays, []))
})
