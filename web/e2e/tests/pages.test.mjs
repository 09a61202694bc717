// Every page in light and dark, on a desktop and on a phone, in both languages: accessible, and nothing from other hosts.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertAccessible, desktop, launch, loaded, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

describe('pages', { timeout: 30 * patience }, () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  for (const { name, ...options } of looks) {
    // Without motion, or the contrast of a text that is fading in would be measured.
    options.reducedMotion = 'reduce'

    it(`${name}: welcome, API reference, shop and chat`, async () => {
      const { page, context, strays } = await person(browser, program.base, options)
      await page.goto('/')
      await page.getByRole('heading').first().waitFor()
      await assertAccessible(page, 'the welcome page')
      await picture(page, `welcome-${name}`)
      await page.goto('/api/docs')
      await page.getByRole('heading').first().waitFor()
      await assertAccessible(page, 'the API reference')
      const shop = new Shop(page)
      await shop.open()
      await shop.say(`无障碍 ${name}`)
      await shop.stored(`无障碍 ${name}`)
      await assertAccessible(page, 'the shop with the chat open')
      await picture(page, `shop-${name}`)
      assert.deepEqual(strays, [])
      await context.close()
    })

    it(`${name}: desk`, async () => {
      const { page, context, strays } = await person(browser, program.base, options)
      const desk = new Desk(page)
      await page.goto('/desk/login')
      await page.locator('form button[type="submit"]').waitFor()
      await assertAccessible(page, 'the log-in page')
      await picture(page, `login-${name}`)
      await desk.logIn('/desk/inbox/all')
      await assertAccessible(page, 'the list')
      await picture(page, `list-${name}`)
      await desk.list('mine')
      await page.locator('[data-conversation]').first().click()
      await desk.thread.locator('article').first().waitFor()
      await assertAccessible(page, 'the thread')
      await picture(page, `desk-${name}`)
      await desk.find('无障碍')
      await assertAccessible(page, 'the search')
      await page.keyboard.press('Escape')
      for (const path of ['/desk/inbox/snoozed', '/desk/inbox/pending', '/desk/devtest', '/desk/no-such-page', '/desk/inbox/all/cnv_nothing']) {
        await page.goto(path)
        await page.locator('main').first().waitFor()
        await loaded(page)
        await assertAccessible(page, path)
      }
      assert.deepEqual(strays, [])
      await context.close()
    })
  }

  it('works by keyboard alone', async () => {
    const { page } = await person(browser, program.base)
    const desk = new Desk(page)
    await desk.logIn('/desk/inbox/all')
    await page.keyboard.press('j')
    await desk.thread.locator('article').first().waitFor()
    const first = page.url()
    await page.keyboard.press('j')
    await page.waitForURL((url) => url.href !== first)
    await page.keyboard.press('k')
    await page.waitForURL(first)
    await desk.thread.locator('article').first().waitFor()
    await desk.input.waitFor()
    await page.keyboard.press('r')
    await until(() => desk.input.evaluate((box) => box === document.activeElement), 'the focus in the text field')
    await page.keyboard.type('用键盘写的回复')
    await page.keyboard.press('Enter')
    await desk.sees('用键盘写的回复')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })
})
