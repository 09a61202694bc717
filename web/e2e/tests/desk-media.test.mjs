// Files and notices at the desk: voice that is heard, pictures leafed through, canned replies with files, messages that
// failed and go at the second try, notifications of the system, and browsers whose clock is wrong.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { chromium } from 'playwright-core'
import { assertAccessible, comes, patience, person, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64')

describe('files and notices at the desk', { timeout: 15 * patience }, () => {
  let program, browser, visitor, agent, shop, desk
  before(async () => {
    program = await Program.start()
    browser = await chromium.launch({
      timeout: 2 * patience,
      executablePath: process.env.YINGDA_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
    })
    visitor = await person(browser, program.base)
    agent = await person(browser, program.base, { permissions: ['notifications'] })
    await agent.context.addInitScript(() => {
      globalThis.notices = []
      globalThis.Notification = class extends globalThis.Notification {
        constructor(title, options) {
          super(title, options)
          globalThis.notices.push({ title, body: options?.body, self: this })
        }
      }
      Object.defineProperty(document, 'visibilityState', { get: () => (globalThis.away ? 'hidden' : 'visible') })
    })
    shop = new Shop(visitor.page)
    desk = new Desk(agent.page)
    await desk.logIn('/desk/inbox/unassigned')
    await shop.open()
    await shop.say('发几张照片和语音')
    await shop.stored('发几张照片和语音')
    await desk.row('发几张照片和语音').click()
    await desk.sees('发几张照片和语音')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('plays a visitor’s voice', async () => {
    await shop.frame.getByRole('button', { name: '录制语音消息' }).click()
    await shop.frame.locator('.recorder time', { hasText: '0:02' }).waitFor()
    await shop.frame.getByRole('button', { name: '发送语音' }).click()
    const voice = desk.thread.getByRole('group', { name: '语音' }).last()
    await voice.waitFor()
    await voice.getByRole('button').click()
    await until(async () => Number(await voice.getByRole('slider').inputValue()) > 0.2, 'the voice being played')
    assert.equal(await voice.getByText('无法播放').count(), 0)
    await assertAccessible(agent.page, 'a voice message')
  })

  it('leafs through pictures by keyboard, and gives the focus back', async () => {
    await shop.frame.locator('[data-input="files"]').setInputFiles(['a.png', 'b.png', 'c.png'].map((name) => ({ name, mimeType: 'image/png', buffer: png })))
    await until(async () => (await shop.frame.locator('.tray li.ready').count()) === 3, 'three uploads')
    await shop.say('三张照片')
    const pictures = desk.thread.locator('article button:has(img)')
    await until(async () => (await pictures.count()) === 3, 'three pictures')
    await pictures.first().focus()
    await agent.page.keyboard.press('Enter')
    const box = agent.page.getByTestId('lightbox')
    await box.getByText(/1\s*\/\s*3/).waitFor()
    await agent.page.keyboard.press('ArrowRight')
    await box.getByText(/2\s*\/\s*3/).waitFor()
    await agent.page.keyboard.press('ArrowLeft')
    await agent.page.keyboard.press('ArrowLeft')
    await box.getByText(/3\s*\/\s*3/).waitFor()
    await assertAccessible(agent.page, 'pictures shown large')
    await agent.page.keyboard.press('Escape')
    await box.waitFor({ state: 'detached' })
    await comes(() => pictures.first().evaluate((el) => el === document.activeElement), true, 'the focus is back')
  })

  it('sends a canned reply with its file, again and again', async () => {
    await agent.page.goto('/desk/settings/canned')
    await agent.page.getByRole('button', { name: '新建快捷回复' }).first().click()
    const dialog = agent.page.getByRole('dialog')
    await dialog.getByLabel('快捷码').fill('cmb')
    await dialog.getByLabel('标题').fill('尺码表')
    await dialog.locator('textarea').fill('{{contact.name|您}}，尺码表在这里')
    await dialog.locator('input[type="file"]').setInputFiles({ name: '尺码.png', mimeType: 'image/png', buffer: png })
    await dialog.getByText('尺码.png').waitFor()
    await assertAccessible(agent.page, 'a canned reply with a file')
    await dialog.locator('button[type="submit"]').click()
    await dialog.waitFor({ state: 'detached' })
    await desk.openByText('三张照片')
    for (const times of [1, 2]) {
      await desk.input.pressSequentially('/cmb')
      await agent.page.locator('[data-testid="suggestions"] [role="option"]', { hasText: '尺码表' }).waitFor()
      await desk.input.press('Enter')
      await agent.page.getByText('尺码.png').first().waitFor()
      await until(async () => agent.page.locator('form button[type="submit"]').first().isEnabled(), 'the file')
      await desk.input.press('Enter')
      await until(async () => (await shop.texts('尺码表在这里')).length === times, `the reply number ${times}`)
      await until(async () => (await shop.frame.locator('article:not(.own) .picture img').count()) === times, `its picture number ${times}`)
    }
  })

  it('keeps a refused message with the reason, and sends it once at the second try', async () => {
    let refuse = true
    await agent.page.route('**/replies', (route) =>
      refuse && route.request().method() === 'POST'
        ? route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, kind: 'denied', title: 'Forbidden', detail: 'this needs the permission conversations.reply' } })
        : route.continue(),
    )
    await desk.say('第一次没有发出')
    const failed = agent.page.getByTestId('outgoing').filter({ hasText: '第一次没有发出' })
    await failed.getByRole('alert').waitFor()
    await assertAccessible(agent.page, 'a message that failed')
    await picture(agent.page, 'desk-failed')
    await agent.page.reload()
    await failed.getByRole('alert').waitFor()
    refuse = false
    await failed.getByRole('button', { name: '重新发送' }).click()
    await desk.sees('第一次没有发出')
    await failed.waitFor({ state: 'detached' })
    await until(async () => (await shop.texts('第一次没有发出')).length === 1, 'it at the visitor, once')
    await agent.page.unroute('**/replies')
  })

  it('tells by a notification of the system while the page is not looked at, and opens at it', async () => {
    await agent.page.getByRole('button', { name: /账户与设置/ }).first().click()
    await agent.page.getByRole('menuitem', { name: '通知' }).click()
    const desktop = agent.page.getByRole('menuitemcheckbox', { name: '桌面通知' })
    await desktop.waitFor()
    if ((await desktop.getAttribute('aria-checked')) !== 'true') await desktop.click()
    await until(() => agent.page.evaluate(() => JSON.parse(localStorage.getItem('yingda.desk') ?? '{}').notify?.desktop === true), 'the wish being kept')
    await desk.list('resolved')
    // What tells is loaded after the first paint, and of several pages one tells.
    await agent.page.locator('[data-testid="notices"][data-leading="true"]').waitFor({ state: 'attached' })
    await agent.page.evaluate(() => {
      globalThis.away = true
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await shop.say('还有人吗，<b>急</b>')
    const notice = await until(() => agent.page.evaluate(() => globalThis.notices.map(({ title, body }) => ({ title, body }))[0]), 'a notification')
    assert.equal(notice.body, '还有人吗，<b>急</b>')
    await until(async () => (await agent.page.title()).startsWith('(1) '), 'the number at the tab')
    await agent.page.evaluate(() => {
      globalThis.away = false
      document.dispatchEvent(new Event('visibilitychange'))
      globalThis.notices[0].self.onclick?.()
    })
    await desk.sees('还有人吗，<b>急</b>')
    await until(async () => !(await agent.page.title()).startsWith('('), 'the number leaving the tab')
  })

  it('is not misled by browsers whose clock is years off', async () => {
    const past = await person(browser, program.base)
    const future = await person(browser, program.base)
    await past.page.clock.setSystemTime(new Date('2019-01-01T00:00:00Z'))
    await future.page.clock.setSystemTime(new Date('2031-01-01T00:00:00Z'))
    const late = new Shop(past.page)
    const early = new Desk(future.page)
    await early.logIn('/desk/inbox/unassigned')
    await late.open()
    for (const n of [1, 2, 3]) {
      await late.say(`时钟 ${n} 问`)
      await late.stored(`时钟 ${n} 问`)
      if (n === 1) await early.openByText('时钟 1 问')
      await early.say(`时钟 ${n} 答`)
      await late.sees(`时钟 ${n} 答`)
    }
    const order = [1, 2, 3].flatMap((n) => [`时钟 ${n} 问`, `时钟 ${n} 答`])
    await comes(async () => (await late.texts('时钟')).map((l) => l.trim()), order, 'the order at the visitor')
    await comes(async () => (await early.texts('时钟')).map((l) => l.trim()), order, 'the order at the desk')
    for (const p of [past, future]) {
      assert.deepEqual(p.strays, [])
      await p.context.close()
    }
  })

  it('was done without other hosts and without errors', () => assert.deepEqual([...visitor.strays, ...agent.strays], []))
})
