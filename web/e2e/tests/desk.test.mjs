// What an agent does all day: answer, call a colleague, take back, find again; with a visitor and a second agent beside.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, comes, launch, loaded, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

describe('the desk', () => {
  let program, browser, visitor, agent, colleague, shop, desk, other
  before(async () => {
    program = await Program.start()
    browser = await launch()
    visitor = await person(browser, program.base)
    agent = await person(browser, program.base)
    colleague = await person(browser, program.base)
    shop = new Shop(visitor.page)
    desk = new Desk(agent.page)
    other = new Desk(colleague.page)
    await desk.logIn('/desk/inbox/unassigned')
    await other.logInAs('lin@yingda.dev')
    await shop.open()
    await shop.say('您好，外套什么时候发货')
    await desk.row('外套什么时候发货').click()
    await desk.sees('您好，外套什么时候发货')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('shows Markdown of agents and leaves customers their own signs', async () => {
    await desk.input.fill('**今天**就发')
    await desk.input.press('Enter')
    await desk.thread.locator('article[data-seq] .md strong', { hasText: '今天' }).waitFor()
    await shop.say('**不加粗** <b>x</b>')
    await desk.sees('**不加粗** <b>x</b>')
    assert.equal(await desk.thread.locator('article[data-seq] b').count(), 0)
  })

  it('formats by keyboard, continues lists and previews', async () => {
    await desk.input.fill('重要')
    await desk.input.press('Control+a')
    await desk.input.press('Control+b')
    await comes(() => desk.input.inputValue(), '**重要**', 'the text')
    await desk.input.fill('- 一')
    await desk.input.press('Shift+Enter')
    await desk.input.pressSequentially('二')
    await comes(() => desk.input.inputValue(), '- 一\n- 二', 'the text')
    await agent.page.getByRole('button', { name: '预览', exact: true }).click()
    await agent.page.locator('form .md li', { hasText: '二' }).waitFor()
    await agent.page.getByRole('button', { name: '预览', exact: true }).click()
    await desk.input.fill('')
  })

  it('puts emoji in, and has them ready the next time', async () => {
    await agent.page.getByRole('button', { name: '表情', exact: true }).click()
    await agent.page.locator('[data-testid="emoji"] button', { hasText: '👍' }).click()
    await comes(() => desk.input.inputValue(), '👍', 'the text')
    await agent.page.getByRole('button', { name: '表情', exact: true }).click()
    await desk.input.fill('')
  })

  it('finds canned replies by pinyin initials and fills in their variables', async () => {
    await desk.api('POST', '/canned-replies', { shortcut: 'addr', title: '退货地址', parts: [{ type: 'text', text: '{{contact.name|亲}}，请寄到杭州。{{agent.name}}' }], scope: 'all' })
    await agent.page.reload()
    await desk.input.waitFor()
    await desk.input.pressSequentially('/thdz')
    const choice = agent.page.locator('[data-testid="suggestions"] [role="option"]', { hasText: '退货地址' })
    await choice.waitFor()
    await picture(agent.page, 'desk-canned')
    await desk.input.press('Enter')
    await comes(() => desk.input.inputValue(), /^亲，请寄到杭州。.+$/, 'the text')
    await desk.input.press('Enter')
    await until(async () => (await shop.texts('请寄到杭州')).length === 1, 'the canned reply at the visitor')
  })

  it('quotes a message', async () => {
    const row = desk.thread.locator('article[data-seq]', { hasText: '外套什么时候发货' }).first()
    await row.hover()
    await row.getByRole('button', { name: '引用', exact: true }).click()
    await agent.page.locator('[data-testid="quote"]', { hasText: '外套什么时候发货' }).waitFor()
    await desk.say('就是这一件')
    await desk.thread.locator('article[data-seq]', { hasText: '就是这一件' }).locator('button', { hasText: '外套什么时候发货' }).waitFor()
  })

  it('calls a colleague in a note, who is told and finds it under Mentions', async () => {
    await agent.page.locator('#thread').focus()
    await agent.page.keyboard.press('n')
    const name = (await desk.api('GET', '/agents')).items.find((a) => a.email === 'lin@yingda.dev').name
    await desk.input.pressSequentially('@l')
    await agent.page.locator('[data-testid="suggestions"] [role="option"]', { hasText: name }).click()
    await comes(() => desk.input.inputValue(), `@${name} `, 'the text')
    await desk.input.pressSequentially('能不能加急')
    await desk.input.press('Enter')
    await desk.thread.locator('article[data-seq] .md-name', { hasText: name }).waitFor()
    await colleague.page.getByText('在备注里提到你').first().waitFor()
    await other.list('mentioned')
    await other.row('就是这一件').click()
    await other.thread.locator('article[data-seq]', { hasText: '能不能加急' }).waitFor()
    // Seen, so it is no longer there.
    await until(async () => {
      await other.list('mentioned')
      return (await other.row('就是这一件').waitFor({ timeout: 1500 }).then(() => 1, () => 0)) === 0
    }, 'the mention to be read')
    assert.equal(await shop.texts('能不能加急').then((t) => t.length), 0)
  })

  it('recalls a message on both sides', async () => {
    await desk.say('说错了的话')
    await shop.sees('说错了的话')
    const row = desk.thread.locator('article[data-seq]', { hasText: '说错了的话' })
    await row.hover()
    await row.getByRole('button', { name: '撤回', exact: true }).click()
    await desk.thread.locator('[data-testid="recalled"]').waitFor()
    await until(async () => (await shop.texts('说错了的话')).length === 0, 'the words to leave the visitor')
    assert.equal(await desk.thread.getByText('说错了的话').count(), 0)
    await desk.say('就是这一件')
    await until(async () => (await desk.thread.locator('article[data-seq]', { hasText: '就是这一件' }).count()) > 1, 'the right words')
  })

  it('puts labels on, and both agents see them', async () => {
    await desk.api('POST', '/labels', { name: '催发货', color: 'amber' })
    await agent.page.reload()
    await desk.sees('就是这一件')
    await agent.page.getByRole('button', { name: '标签', exact: true }).click()
    await agent.page.getByRole('menuitemcheckbox', { name: '催发货' }).click()
    await agent.page.keyboard.press('Escape')
    await agent.page.locator('[data-testid="labels"]', { hasText: '催发货' }).waitFor()
    await other.openByText('就是这一件')
    await colleague.page.locator('[data-testid="labels"]', { hasText: '催发货' }).waitFor()
    await other.thread.locator('[data-testid="activity"]', { hasText: '加上标签 催发货' }).waitFor()
    await colleague.page.locator('[data-testid="labels"] button').click()
    await until(async () => (await agent.page.locator('[data-testid="labels"]').count()) === 0, 'the label to leave the other page')
  })

  it('does by name what it is told in the command bar', async () => {
    await agent.page.keyboard.press('Control+k')
    const box = agent.page.getByRole('combobox')
    await box.fill('已推迟')
    await agent.page.locator('[role="option"][aria-selected="true"]', { hasText: '已推迟' }).waitFor()
    await picture(agent.page, 'desk-commands')
    await box.press('Enter')
    await agent.page.waitForURL(/inbox\/snoozed/)
    await desk.openByText('就是这一件')
    await agent.page.keyboard.press('Control+k')
    await agent.page.getByRole('combobox').fill('jj')
    await agent.page.locator('[role="option"][aria-selected="true"]', { hasText: '解决' }).waitFor()
    await agent.page.getByRole('combobox').press('Enter')
    await agent.page.locator('[data-testid="standing"]', { hasText: '已解决' }).waitFor()
    await desk.thread.locator('[data-testid="activity"]', { hasText: '标为已解决' }).waitFor()
  })

  it('does one thing to many, and narrows the list', async () => {
    await desk.list('open')
    await agent.page.locator('[data-conversation]').nth(1).waitFor()
    const before = await agent.page.locator('[data-conversation]').count()
    await agent.page.locator('[data-testid="conversation-list"] input[type="checkbox"]').first().check({ force: true })
    await agent.page.locator('[data-testid="conversation-list"] input[type="checkbox"]').nth(1).click({ force: true, modifiers: ['Shift'] })
    await agent.page.locator('[data-testid="bulk"]', { hasText: '已选 2 个' }).waitFor()
    await agent.page.locator('[data-testid="bulk"]').getByRole('button', { name: '解决' }).click()
    await agent.page.getByText('已处理 2 个会话').first().waitFor()
    await until(async () => (await agent.page.locator('[data-conversation]').count()) === before - 2, 'the two to leave the list')
    await desk.list('all')
    await agent.page.getByRole('button', { name: '筛选与排序' }).click()
    await agent.page.getByRole('menuitemcheckbox', { name: '只看未读' }).click()
    await agent.page.waitForURL(/unread=1/)
    await agent.page.keyboard.press('Escape')
  })

  it('opens a search at the message that was found, not at the end', async () => {
    await desk.openByText('就是这一件')
    const id = agent.page.url().match(/cnv_\w+/)[0]
    const api = await Agent.logIn(program.base)
    await api.reply(id, '独一无二的暗号')
    await Promise.all(Array.from({ length: 89 }, (_, i) => api.post(`/conversations/${id}/notes`, { text: `之后的话 ${i}` })))
    await api.post(`/conversations/${id}/notes`, { text: '之后的话 89' })
    await agent.page.goto('/desk/inbox/mine') // what is loaded already must not help
    await agent.page.locator('h1').first().waitFor()
    const hits = await desk.find('独一无二')
    await hits.filter({ hasText: '独一无二的暗号' }).first().click()
    await agent.page.waitForURL(/at=\d+/)
    const row = desk.thread.locator('article[data-seq]', { hasText: '独一无二的暗号' })
    await row.waitFor()
    await until(() => row.evaluate((r) => r.getBoundingClientRect().top > 0 && r.getBoundingClientRect().bottom < innerHeight), 'the hit on screen')
    await until(async () => (await desk.thread.getByText('之后的话 89', { exact: true }).count()) === 0, 'the end to be elsewhere')
    await agent.page.getByRole('button', { name: '回到最新' }).click()
    await desk.sees('之后的话 89')
  })

  it('heals by itself when a log-in in another tab made its token stale', async () => {
    const tab = await agent.context.newPage()
    await tab.goto('/desk/login')
    await tab.locator('form button[type="submit"]').click()
    await tab.waitForURL(/inbox/)
    await tab.close()
    await desk.say('换了登录也能发')
    await desk.sees('换了登录也能发')
    await comes(() => desk.thread.locator('[data-testid="outgoing"]').count(), 0, 'nothing waits')
  })

  it('asks before a log-out drops what is not sent', async () => {
    await agent.page.route(/\/replies$/, (route) => route.abort())
    await desk.say('还没发出的话')
    await desk.thread.locator('[data-testid="outgoing"]').waitFor()
    await agent.page.getByRole('button', { name: /账户与设置/ }).click()
    await agent.page.getByRole('menuitem', { name: '退出登录' }).click()
    await agent.page.getByRole('dialog').getByText('还没发出的话').waitFor()
    await agent.page.getByRole('button', { name: '保留在本机，下次登录再发' }).click()
    await agent.page.waitForURL(/login/)
    await agent.page.unroute(/\/replies$/)
    await agent.page.locator('form button[type="submit"]').click()
    await agent.page.waitForURL(/inbox/)
    await until(async () => (await shop.texts('还没发出的话')).length === 1, 'the kept message at the visitor')
  })

  it('can be installed, and opens without a network', async () => {
    const manifest = await (await fetch(`${program.base}/desk/manifest.webmanifest`)).json()
    assert.equal(manifest.start_url, '/desk/')
    for (const icon of manifest.icons) assert.equal((await fetch(program.base + icon.src)).status, 200)
    await agent.page.evaluate(() => navigator.serviceWorker.ready)
    await agent.page.reload() // now the worker has seen every file of the first screen
    await agent.page.locator('[data-testid="conversation-list"], #thread').first().waitFor()
    await loaded(agent.page)
    await agent.context.setOffline(true)
    await agent.page.reload()
    await agent.page.getByText('连不上服务器').waitFor()
    const kept = await agent.page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (n) => (await (await caches.open(n)).keys()).map((r) => new URL(r.url).pathname)))).flat())
    assert.deepEqual(kept.filter((p) => !p.startsWith('/desk/')), [], 'only the shell is kept')
    await agent.context.setOffline(false)
    await agent.page.waitForURL(/inbox/)
  })

  it('was done without other hosts and without errors', () => {
    assert.deepEqual([...visitor.strays, ...agent.strays, ...colleague.strays], [])
  })
})

describe('every look of the desk', () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  for (const [locale, scheme, size, name] of [
    ['zh-CN', 'light', { width: 1440, height: 900 }, 'desktop-light-zh'],
    ['en', 'dark', { width: 1440, height: 900 }, 'desktop-dark-en'],
    ['zh-CN', 'dark', phone, 'phone-dark-zh'],
    ['en', 'light', phone, 'phone-light-en'],
    ['zh-CN', 'light', { width: 1024, height: 768 }, 'tablet-light-zh'],
    ['en', 'dark', { width: 820, height: 1180 }, 'tablet-dark-en'],
  ]) {
    it(`is accessible and keeps its width: ${name}`, async () => {
      const { context, page, strays } = await person(browser, program.base, { locale, colorScheme: scheme, viewport: size })
      const desk = new Desk(page)
      await desk.logIn('/desk/inbox/all')
      await page.evaluate(() => document.fonts.ready)
      await assertAccessible(page, `list ${name}`)
      await picture(page, `inbox-${name}`)
      const wide = async (what) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than the window`)
      await wide('the list')
      await page.locator('[data-conversation]').first().click()
      await desk.input.waitFor()
      await desk.input.fill(locale === 'en' ? '**Hello**, let me look.\n- size M\n- size L' : '**您好**，我来看看。\n- M 码\n- L 码')
      await assertAccessible(page, `thread ${name}`)
      await picture(page, `thread-${name}`)
      await wide('the thread')
      await desk.input.fill('')
      if (size.width >= 768) {
        await page.keyboard.press('Escape')
        await page.keyboard.press('Control+k')
        await page.getByRole('combobox').waitFor()
        await assertAccessible(page, `commands ${name}`)
        await picture(page, `commands-${name}`)
      }
      assert.deepEqual(strays, [])
      await context.close()
    })
  }
})
