// Flows of the bot in a browser: written, checked, walked through against the demo's order service, kept as a test, published, taken back.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertAccessible, comes, desktop, launch, patience, person, phone, picture } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

describe('flows', { timeout: 20 * patience }, () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  async function operator(path = '', options = {}) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce', ...options })
    await new Desk(p.page).logIn('/desk/inbox/all')
    await p.page.goto(`/desk/bot/flows${path}`)
    await p.page.getByRole('heading', { level: 1 }).waitFor()
    return p
  }

  it('walks through the order status of the demo, with the real service, and keeps that as a test', async () => {
    const { page, strays } = await operator()
    await page.getByRole('link', { name: '查订单' }).click()
    await page.getByTestId('flow-text').waitFor()
    await page.getByText('没有问题').waitFor()
    await page.getByRole('tab', { name: '调试' }).click()
    await page.getByText('真的调用接口').click()
    await page.getByTestId('debug-text').fill('帮我查下订单')
    await page.getByTestId('debug-text').press('Enter')
    const log = page.getByTestId('debug-log')
    await log.getByText(/订单号/).first().waitFor()
    await page.getByTestId('debug-text').fill('DD20261101')
    await page.getByTestId('debug-text').press('Enter')
    await log.getByText(/已由顺丰发出/).waitFor()
    await picture(page, 'flow-debug-desktop-light-zh')
    await page.getByRole('button', { name: '重新开始' }).click()
    await page.getByText('真的调用接口').click()
    await page.getByTestId('debug-text').fill('查 DD20261102')
    await page.getByTestId('debug-text').press('Enter')
    await page.getByTestId('debug-body').fill('{"status":"done","title":"电饭煲","done_at":"11月18日"}')
    await page.getByTestId('debug-answer').click()
    await log.getByText(/签收/).waitFor()
    await page.getByRole('textbox', { name: '测试名称' }).fill('已签收')
    await page.getByTestId('debug-keep').click()
    await page.getByTestId('flow-tests').getByText('已签收').waitFor()
    await page.getByTestId('flow-publish').click()
    await page.getByText(/第 2 版/).first().waitFor()
    assert.deepEqual(strays, [])
  })

  it('says on which line a text is wrong, and publishes only what is right', async () => {
    const { page } = await operator()
    await page.getByTestId('flow-new').click()
    await page.getByTestId('flow-title').fill('门店')
    await page.getByTestId('flow-name').fill('store_hours')
    await page.getByRole('button', { name: '开始写' }).click()
    const text = page.getByTestId('flow-text')
    await text.waitFor()
    await page.getByText('没有问题').waitFor()
    const source = await text.inputValue()
    await text.fill(source.replace('    - end:', '    - goto: nirgends'))
    await page.getByText('没有名为 nirgends 的状态。').waitFor()
    await comes(() => page.getByTestId('flow-publish').isDisabled(), true, 'it cannot be published')
    await text.fill(source.replace('bot: 收到了', 'bot: 别的话'))
    await page.getByRole('tab', { name: /1 个未通过/ }).click()
    await page.getByText('bot: 别的话').waitFor()
    await comes(() => page.getByTestId('flow-publish').isDisabled(), true, 'it cannot be published')
    await text.fill(source.replace('收到了。', '收到了，谢谢。'))
    await page.getByRole('tab', { name: '测试', exact: true }).waitFor()
    await page.getByTestId('flow-publish').click()
    await page.getByText('使用中 · 第 1 版').waitFor()
    await text.fill(source)
    await page.getByTestId('flow-publish').click()
    await page.getByText('使用中 · 第 2 版').waitFor()
    await page.getByRole('tab', { name: '版本' }).click()
    await page.getByRole('button', { name: '取回到草稿' }).last().click()
    await comes(() => text.inputValue(), /收到了，谢谢。/, 'the text of the first version')
  })

  it('takes a secret and never shows it again', async () => {
    const { page } = await operator('/secrets')
    await page.getByTestId('secret-name').fill('crm')
    await page.getByTestId('secret-value').fill('https://crm.example/geheim')
    await page.getByRole('button', { name: '设置', exact: true }).click()
    await page.getByText('crm', { exact: true }).waitFor()
    assert.doesNotMatch(await page.content(), /geheim/)
  })

  it('is accessible and pretty in every look', async () => {
    for (const look of looks) {
      const { page } = await operator('', look)
      await page.locator('main li').first().waitFor()
      await assertAccessible(page)
      await picture(page, `flows-${look.name}`)
      await page.getByRole('link', { name: '退货与退款' }).click()
      await page.locator('#flow-problems').waitFor({ state: 'attached' })
      if (look.viewport === phone) await page.getByRole('tab', { name: '流程图' }).click()
      await page.locator('svg [role=button]').first().waitFor()
      await assertAccessible(page)
      await picture(page, `flow-editor-${look.name}`)
    }
  })
})
