// The chat where things are against it: broken styles, strict policies, filters, slow networks, wrong clocks, foreign sites.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, comes, desktop, launch, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

describe('the widget under bad conditions', { timeout: 20 * patience }, () => {
  let program, browser, agent, site, pages
  before(async () => {
    program = await Program.start()
    browser = await launch()
    agent = await Agent.logIn(program.base)
    pages = {}
    // A customer's own site, at an origin that is not the desk's.
    site = createServer((request, response) => {
      const { policy, html } = pages[request.url] ?? { html: '' }
      if (policy) response.setHeader('Content-Security-Policy', policy)
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      response.end(`<!doctype html><html lang="zh-CN"><head><title>别人的网站</title>${html}</head><body><h1>别人的网站</h1></body></html>`)
    })
    await new Promise((done) => site.listen(0, '127.0.0.1', done))
  })
  after(async () => {
    site?.close()
    await browser?.close()
    await program?.stop()
  })

  const line = () => `<script async src="${program.base}/loader.js" data-channel-key="chk_demo" data-locale="zh-CN"></script>`
  async function visit(path, options = {}) {
    const visitor = await person(browser, `http://127.0.0.1:${site.address().port}`, options)
    visitor.warnings = []
    visitor.page.on('console', (m) => m.type() === 'warning' && visitor.warnings.push(m.text()))
    visitor.shop = new Shop(visitor.page)
    await visitor.page.goto(path)
    return visitor
  }

  it('keeps its looks on a page with broken styles, written from right to left', async () => {
    pages['/broken'] = {
      html: `<style>*{all:unset!important}div,iframe,button,svg{display:none!important;transform:rotate(9deg)!important}body{filter:blur(1px);transform:scale(.5)}
        .top{position:fixed!important;inset:0!important;z-index:2147483647!important}</style><script>document.documentElement.dir='rtl'</script>${line()}`,
    }
    const v = await visit('/broken')
    const box = await until(async () => {
      const now = await v.page.locator('yingda-chat .launch').boundingBox()
      return now?.width === 56 && now.height === 56 && now
    }, 'the launcher in its size')
    assert.ok(box.x > desktop.width - 100, 'it stays on its side')
    await v.shop.openChat()
    await v.shop.say('页面样式坏了也能用')
    await v.shop.stored('页面样式坏了也能用')
    await v.context.close()
  })

  it('needs only the script and the frame of a strict policy, with a nonce', async () => {
    const self = program.base
    pages['/strict'] = {
      policy: `default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; frame-src ${self}; connect-src ${self}; require-trusted-types-for 'script'`,
      html: line().replace('<script ', '<script nonce="abc" '),
    }
    const v = await visit('/strict')
    await v.shop.openChat()
    await v.shop.say('严格策略下的消息')
    await v.shop.stored('严格策略下的消息')
    assert.deepEqual(v.strays.filter((s) => !s.startsWith('request to')), [])
    await v.context.close()
  })

  it('becomes a link where the policy forbids frames, and tells the owner', async () => {
    pages['/unframed'] = { policy: `default-src 'none'; script-src ${program.base}; connect-src ${program.base}`, html: line() }
    const v = await visit('/unframed')
    await v.page.locator('yingda-chat button.launch').waitFor()
    // Not by a click: the hover before it may already have found out, and then the button is a link.
    await v.page.evaluate(() => globalThis.yingda('open'))
    const link = v.page.locator('yingda-chat .fail a')
    await link.waitFor()
    await picture(v.page, 'widget-blocked')
    assert.equal(await v.page.locator('yingda-chat a.launch').getAttribute('href'), `${program.base}/chat/chk_demo?locale=zh-CN`)
    await until(() => v.warnings.some((w) => w.includes(`add ${program.base} to frame-src`)), 'the hint in the console')
    const opened = v.context.waitForEvent('page')
    await link.click()
    await (await opened).getByLabel('输入消息').waitFor()
    await v.context.close()
  })

  it('becomes a link where a filter swallows the frame', async () => {
    pages['/filtered'] = { html: line() }
    const v = await person(browser, `http://127.0.0.1:${site.address().port}`)
    await v.context.route('**/widget/**', (route) => route.abort('blockedbyclient'))
    await v.page.goto('/filtered')
    await v.page.locator('yingda-chat button.launch').click()
    await v.page.locator('yingda-chat a.launch').waitFor({ state: 'attached' })
    await v.page.locator('yingda-chat .fail').getByText('在新页面中打开聊天').waitFor()
    await v.context.close()
  })

  it('works where sockets are blocked', async () => {
    pages['/socketless'] = { html: line() }
    const v = await person(browser, `http://127.0.0.1:${site.address().port}`)
    await v.context.routeWebSocket(/connection/, (ws) => ws.close({ code: 1006 }).catch(() => {}))
    const shop = new Shop(v.page)
    await v.page.goto('/socketless')
    await shop.openChat()
    await shop.say('没有长连接')
    await shop.stored('没有长连接')
    await agent.reply((await agent.conversation('没有长连接')).id, '也收得到')
    await shop.sees('也收得到')
    await v.context.close()
  })

  it('stays away from sites that are not allowed, and says so to their owner only', async () => {
    await agent.settings({ allowed_origins: ['https://shop.example'] })
    pages['/foreign'] = { html: line() }
    const v = await visit('/foreign')
    await until(() => v.warnings.some((w) => w.includes('is not an allowed site')), 'the hint in the console')
    assert.equal(await v.page.locator('yingda-chat').count(), 0)
    await agent.settings({ allowed_origins: [] })
    await v.context.close()
  })

  it('is usable on slow 3G with 400 ms of latency', async () => {
    const v = await person(browser, program.base)
    const cdp = await v.context.newCDPSession(v.page)
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: (400 * 1024) / 8, uploadThroughput: (400 * 1024) / 8 })
    const shop = new Shop(v.page)
    await v.page.goto('/demo')
    await v.page.locator('yingda-chat .launch').waitFor()
    const began = Date.now()
    await shop.openChat()
    assert.ok(Date.now() - began < 20_000, `the chat took ${Date.now() - began} ms to open`)
    await shop.say('很慢的网络')
    // It is shown at once, before the server knows.
    await shop.frame.locator('article.own', { hasText: '很慢的网络' }).waitFor({ timeout: 5_000 })
    await shop.stored('很慢的网络')
    await v.context.close()
  })

  for (const days of [-1, 1]) {
    it(`is not led astray by a clock that is wrong by ${days} day`, async () => {
      const v = await person(browser, program.base)
      await v.page.clock.install({ time: Date.now() + days * 86_400_000 })
      await v.page.goto('/chat/chk_demo')
      await v.page.getByLabel('输入消息').fill(`时钟差 ${days} 天`)
      await v.page.keyboard.press('Enter')
      await v.page.clock.runFor(1_000)
      const row = v.page.locator('article.own:not(.pending)', { hasText: `时钟差 ${days} 天` })
      await row.locator('time').waitFor()
      await comes(() => v.page.locator('.day').last().textContent(), '今天', 'the day')
      await row.hover()
      await row.locator('[data-act="recall"]').waitFor()
      await v.context.close()
    })
  }

  for (const look of [
    { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
    { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
    { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
    { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
  ]) {
    it(`${look.name}: everything in it is accessible`, async () => {
      const { name, ...options } = look
      const v = await person(browser, program.base, { ...options, reducedMotion: 'reduce' })
      await v.page.goto('/chat/chk_demo')
      const input = v.page.locator('.composer textarea')
      await input.waitFor()
      await assertAccessible(v.page, 'the welcome')
      await picture(v.page, `widget-welcome-${name}`)
      await input.fill(`无障碍 ${name}`)
      await input.press('Enter')
      const id = (await agent.conversation(`无障碍 ${name}`)).id
      await agent.reply(id, '**您好** `A-1` https://shop.example\n> 引用', {})
      await agent.reply(id, [{ type: 'buttons', text: '选一个', buttons: [{ label: '甲' }] }])
      await agent.reply(id, [{ type: 'form', form: { title: '表', fields: [{ name: 'a', label: '问', kind: 'text', required: true }] } }])
      await v.page.locator('form.form').waitFor()
      await v.page.locator('form.form button[type="submit"]').click()
      await assertAccessible(v.page, 'the talk')
      await picture(v.page, `widget-talk-${name}`)
      await v.page.locator('.tools button').first().click()
      await v.page.locator('.emoji button').first().waitFor()
      await assertAccessible(v.page, 'the emoji')
      await v.page.keyboard.press('Escape')
      await v.page.locator('.menu > button').click()
      await v.page.locator('[role="menuitem"]').first().waitFor()
      await assertAccessible(v.page, 'the menu')
      await v.page.locator('[data-item="rate"]').click()
      await v.page.locator('dialog input').nth(3).check({ force: true })
      await assertAccessible(v.page, 'the rating')
      assert.deepEqual(v.strays, [])
      await v.context.close()
    })
  }
})
