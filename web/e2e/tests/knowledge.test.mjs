// The knowledge in a browser: an FAQ is written, learned and found; two administrators edit one; a table comes in and
// goes out; synonyms, training; every page in four looks.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertAccessible, comes, desktop, launch, loaded, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

/** Those that the guide shows. */
const pictured = new Set(['entry-desktop-light-zh', 'list-desktop-dark-en', 'training-desktop-light-zh', 'training-desktop-dark-en'])

describe('knowledge', { timeout: 30 * patience }, () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  /** The demo's administrator on a page of the knowledge. */
  async function librarian(path = '', options = {}) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce', ...options })
    const desk = new Desk(p.page)
    await desk.logIn('/desk/inbox/all')
    await p.page.goto(`/desk/bot/knowledge${path}`)
    await p.page.getByRole('heading', { level: 1 }).waitFor()
    return { ...p, desk }
  }

  const faq = (title, answer, ways) => ({ kind: 'faq', title, ways, enabled: true, answers: [{ parts: [{ type: 'text', text: answer }] }] })

  it('learns a question that somebody writes, and finds it asked in other words', async () => {
    const { page, strays } = await librarian('/new/faq')
    await page.getByLabel('问题').fill('月球店几点开门')
    const ways = page.getByPlaceholder('添加一种问法，或粘贴多行…')
    await ways.fill('月球店营业时间')
    await ways.press('Enter')
    // Many at once, as from a table.
    await ways.evaluate((field) => {
      const data = new DataTransfer()
      data.setData('text', '1. 月球店什么时候营业\n2. 月球店今天开吗\n\n- 月球店几点关门')
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await comes(() => page.getByLabel(/^问法 \d+$/).count(), 4, 'four ways to ask')
    await page.getByLabel('答案内容').fill('月球店**每天九点**开门。')
    await page.getByRole('button', { name: '预览' }).click()
    await page.getByTestId('answer-preview').locator('strong', { hasText: '每天九点' }).waitFor()
    await page.getByLabel('来源名称').fill('门店须知')
    await page.getByRole('button', { name: '保存' }).click()
    await page.waitForURL(/\/knowledge\/faq_/)
    await page.getByText('版本 1').waitFor()
    await page.goto('/desk/bot/knowledge')
    const box = page.getByTestId('try').first()
    await until(async () => {
      await box.getByLabel('客户的问题').fill('请问月球店啥时候开门呀')
      await box.getByRole('button', { name: '试一试' }).click()
      return box.locator('[data-hit="月球店几点开门"]').waitFor({ timeout: 3000 }).then(() => true, () => false)
    }, 'the new question to be learned', 3 * patience)
    assert.match(await box.locator('mark').first().textContent(), /月球|开门|时候/)
    await box.getByText('来源：门店须知').waitFor()
    await picture(page, 'knowledge-try')
    assert.deepEqual(strays, [])
  })

  it('tells one of two administrators who edit the same question', async () => {
    const one = await librarian()
    const made = await one.desk.api('POST', '/knowledge/entries', faq('双人编辑的问题', '答案', ['两个人一起改']))
    const two = await librarian(`/${made.id}`)
    await one.page.goto(`/desk/bot/knowledge/${made.id}`)
    await one.page.getByLabel('问题').fill('双人编辑的问题（一）')
    await two.page.getByLabel('答案内容').fill('第二个人的答案')
    await one.page.getByRole('button', { name: '保存' }).click()
    const notice = two.page.getByTestId('conflict')
    await notice.waitFor()
    await notice.getByText('双人编辑的问题（一）').waitFor()
    await notice.getByRole('button', { name: '把我的更改放到最新的上面' }).click()
    await comes(() => two.page.getByLabel('问题').inputValue(), '双人编辑的问题（一）', 'what only the other changed stays')
    await two.page.getByRole('button', { name: '保存' }).click()
    await two.page.getByText('版本 3').waitFor()
    // And back by the history.
    await two.page.getByRole('button', { name: '历史版本' }).click()
    const first = two.page.getByRole('dialog').locator('li', { hasText: '版本 1' })
    await first.getByRole('button').first().click()
    await two.page.getByRole('dialog').locator('ins').first().waitFor()
    await first.getByRole('button', { name: '恢复到这个版本' }).click()
    await two.page.getByText('版本 4').waitFor()
    await comes(() => two.page.getByLabel('答案内容').inputValue(), '答案', 'the answer of the first version')
  })

  it('shows what is wrong with a table, and imports it when it is right', async () => {
    const { page, desk } = await librarian('/import')
    const file = (text) => ({ name: 'faq.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
    await page.getByTestId('import-file').setInputFiles(file('问题,答案,生效日期\n火星店在哪,,明天\n'))
    await page.getByText('第 2 行').waitFor()
    await page.getByText('日期要写成 2026-11-30 的样子。').waitFor()
    await page.getByTestId('import-file').setInputFiles(file('问题,问法,答案,分类\n火星店在哪,"火星店地址\n火星店怎么走",火星路 1 号,门店 / 外星\n'))
    await page.getByText('将新增 1 条，修改 0 条。').waitFor()
    await page.getByRole('button', { name: '确认导入' }).click()
    await page.getByText('已新增 1 条，修改 0 条').waitFor()
    await page.getByRole('link', { name: '查看知识库' }).click()
    await page.getByRole('button', { name: '外星', exact: true }).click()
    await page.locator('[data-entry="火星店在哪"]').waitFor()
    await until(async () => (await page.locator('[data-entry]').count()) === 1, 'only that category')
    const table = await desk.api('GET', '/knowledge/export')
    assert.match(table.csv, /火星店在哪/)
  })

  it('finds, disables and deletes many at once', async () => {
    const { page, desk } = await librarian()
    for (const n of ['甲', '乙']) await desk.api('POST', '/knowledge/entries', faq(`批量测试${n}`, '答案', []))
    await page.getByPlaceholder('搜索问题、问法和答案…').fill('批量测试')
    await until(async () => (await page.locator('[data-entry]').count()) === 2, 'two entries')
    await page.getByLabel('选中「批量测试甲」').check()
    await page.getByRole('button', { name: '选中全部已显示的' }).click()
    await page.getByRole('toolbar').getByRole('button', { name: '停用' }).click()
    await until(async () => (await page.locator('[data-entry]').getByText('已停用').count()) === 2, 'both disabled')
    await page.getByLabel('选中「批量测试甲」').check()
    await page.getByRole('toolbar').getByRole('button', { name: '删除' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '删除' }).click()
    await until(async () => (await page.locator('[data-entry]').count()) === 1, 'one left')
  })

  it('takes synonyms, and lets an earlier training answer', async () => {
    const { page, desk } = await librarian('/synonyms')
    await page.getByRole('button', { name: '添加一组' }).click()
    await page.getByLabel('第 1 组').fill('几点，啥时候')
    await page.getByRole('button', { name: '保存' }).click()
    await until(async () => !(await desk.api('GET', '/knowledge/training')).waiting, 'the synonyms to be learned', 3 * patience)
    await page.goto('/desk/bot/knowledge/training')
    await page.getByText('使用中').waitFor()
    await page.getByRole('button', { name: '换用这次' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: '换用这次' }).click()
    await page.getByText('正在使用选定的较早训练').waitFor()
    await page.getByRole('button', { name: '换回最新' }).click()
    await page.getByText('正在使用选定的较早训练').waitFor({ state: 'detached' })
  })

  it('keeps others out of what they may not change', async () => {
    const { page } = await person(browser, program.base, { reducedMotion: 'reduce' })
    await page.goto('/desk/bot/knowledge')
    await page.getByRole('heading').first().waitFor()
    assert.match(page.url(), /login/)
  })

  for (const look of looks) {
    it(`looks right: ${look.name}`, async () => {
      const { name, ...options } = look
      const { page, desk, strays } = await librarian('', options)
      const list = (await desk.api('GET', `/knowledge/entries?limit=1&state=live&kind=faq&q=${encodeURIComponent('洗衣机')}`)).items
      for (const [what, path] of [['list', ''], ['entry', `/${list[0].id}`], ['new-article', '/new/article'], ['synonyms', '/synonyms'], ['import', '/import'], ['training', '/training']]) {
        await page.goto(`/desk/bot/knowledge${path}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.locator('[role="status"][aria-label="正在加载…"]').waitFor({ state: 'detached' }).catch(() => undefined)
        await loaded(page)
        await assertAccessible(page, `${what} ${name}`)
        if (pictured.has(`${what}-${name}`)) await picture(page, `knowledge-${what}-${name}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
        assert.equal(wide, false, `${what} ${name} scrolls sideways`)
      }
      assert.deepEqual(strays, [])
    })
  }
})
