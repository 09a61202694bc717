import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { comes, launch, person } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'

describe('log-in and languages', () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('refuses a wrong password in plain words, and says nothing about which part is wrong', async () => {
    const { page } = await person(browser, program.base)
    const texts = []
    for (const [email, password] of [['demo@yingda.dev', 'wrong-password'], ['nobody@yingda.dev', 'yingda-demo']]) {
      await page.goto('/desk/login')
      await page.locator('input[type="email"]').fill(email)
      await page.locator('input[type="password"]').fill(password)
      await page.locator('form button[type="submit"]').click()
      texts.push(await page.getByRole('alert').textContent())
    }
    assert.equal(texts[0], texts[1])
    assert.match(texts[0], /邮箱或密码不对/)
  })

  it('leads to the page that was asked for, also after the session has ended', async () => {
    const { page, context } = await person(browser, program.base)
    await page.goto('/desk/inbox/resolved')
    await page.waitForURL(/\/desk\/login/)
    await page.locator('form button[type="submit"]').click()
    await page.waitForURL(/\/desk\/inbox\/resolved$/)
    await context.clearCookies()
    await page.goto('/desk/inbox/snoozed')
    await page.waitForURL(/\/desk\/login/)
    await page.locator('form button[type="submit"]').click()
    await page.waitForURL(/\/desk\/inbox\/snoozed$/)
  })

  it('logs out, and the way back does not show the desk again', async () => {
    const { page } = await person(browser, program.base)
    await new Desk(page).logIn('/desk/inbox/all')
    await page.getByRole('button', { name: /账户与设置/ }).click()
    await page.getByRole('menuitem', { name: '退出登录' }).click()
    await page.waitForURL(/\/desk\/login/)
    await page.goBack()
    await page.waitForURL(/\/desk\/login/)
    const status = await page.evaluate(async () => (await fetch('/api/v1/session')).status)
    assert.equal(status, 401)
  })

  it('speaks Chinese and English, switches at run time and remembers', async () => {
    const english = await person(browser, program.base, { locale: 'en-GB' })
    await english.page.goto('/desk/login')
    await english.page.getByRole('heading', { name: 'Log in to the desk' }).waitFor()
    await english.page.getByRole('button', { name: '简体中文' }).click()
    await english.page.getByRole('heading', { name: '登录工作台' }).waitFor()
    await comes(() => english.page.getAttribute('html', 'lang'), 'zh-CN', 'the language of the page')
    await english.page.reload()
    await english.page.getByRole('heading', { name: '登录工作台' }).waitFor()
  })
})
