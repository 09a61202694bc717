// What the bot is to learn: chats from before become proposals, a proposal becomes knowledge, files become articles;
// the page in four looks.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertAccessible, desktop, launch, patience, person, phone, picture } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

const chats = `会话,角色,内容
a,客户,你们月球店能不能刻字啊
a,客服,可以刻字，最多八个字，多一天发货。
b,客户,月球店刻字要加钱吗
b,客服,刻字免费。
c,客户,月球店能刻字吗
c,客服,可以刻字，最多八个字，多一天发货。
d,客户,望远镜怎么对焦
d,客服,转动后面的旋钮。
e,客户,望远镜怎么对焦呀
e,客服,转动后面的旋钮。
`

describe('review', { timeout: 30 * patience }, () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  async function reviewer(path = '/desk/bot/review', options = {}) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce', ...options })
    const desk = new Desk(p.page)
    await desk.logIn('/desk/inbox/all')
    await p.page.goto(path)
    await p.page.getByRole('heading', { level: 1 }).waitFor()
    return { ...p, desk }
  }

  it('makes first questions and answers of chats from before', async () => {
    const { page, strays } = await reviewer()
    await page.getByText('没有要决定的').waitFor()
    await page.getByRole('button', { name: '导入聊天记录' }).click()
    await page.getByTestId('chats-file').setInputFiles({ name: '聊天.csv', mimeType: 'text/csv', buffer: Buffer.from(chats) })
    await page.getByText(/读到 5 个问题，新建议 2 条/).waitFor()
    await page.getByRole('button', { name: '收起', exact: true }).click()
    for (const look of looks) {
      const other = await reviewer('/desk/bot/review', look)
      await other.page.getByRole('listitem').first().waitFor()
      await assertAccessible(other.page, `review ${look.name}`)
      await picture(other.page, `review-list-${look.name}`)
      await other.page.getByRole('button', { name: /刻字/ }).first().click()
      await other.page.getByRole('heading', { level: 2, name: /刻字/ }).waitFor()
      await assertAccessible(other.page, `proposal ${look.name}`)
      await picture(other.page, look.name === 'desktop-light-zh' ? 'review' : `review-${look.name}`)
      assert.deepEqual(other.strays, [])
      await other.context.close()
    }
    assert.deepEqual(strays, [])
  })

  it('tells the second of two who decide, and the knowledge has what the first made of it', async () => {
    const one = await reviewer()
    const two = await reviewer()
    for (const who of [one, two]) await who.page.getByRole('button', { name: /刻字/ }).first().click()
    await one.page.getByLabel('答案').fill('可以免费刻八个字，多一天发货。')
    await one.page.getByRole('button', { name: '写入知识库' }).click()
    await one.page.getByRole('heading', { level: 2, name: /对焦/ }).waitFor()
    await two.page.getByRole('button', { name: /刻字/ }).first().waitFor({ state: 'detached' })
    const found = await one.desk.api('GET', `/knowledge/entries?q=${encodeURIComponent('刻八个字')}`)
    assert.equal(found.items.length, 1)
    assert.equal(found.items[0].origin, 'review')
    await one.page.getByRole('button', { name: '不采纳' }).click()
    await one.page.getByLabel('原因（可不填）').fill('已有说明书')
    await one.page.getByRole('button', { name: '不采纳' }).click()
    await one.page.getByText('没有要决定的').waitFor()
  })

  it('reads files into articles', async () => {
    const { page, strays } = await reviewer('/desk/bot/knowledge/import')
    await page.getByTestId('import-file').setInputFiles([
      { name: '月球保修.md', mimeType: 'text/markdown', buffer: Buffer.from('# 月球保修\n\n整机保修三年。') },
      { name: '安装.html', mimeType: 'text/html', buffer: Buffer.from('<!doctype html><title>月球安装</title><script>alert(1)</script><p>先接水管。</p>') },
    ])
    await page.getByRole('button', { name: '加入知识库（2 篇）' }).click()
    await page.getByRole('button', { name: /加入知识库/ }).waitFor({ state: 'detached' })
    await page.goto('/desk/bot/knowledge')
    await page.getByText('月球保修').first().waitFor()
    await page.getByText('月球安装').first().waitFor()
    await page.goto('/desk/bot/knowledge/import')
    await page.getByTestId('import-file').setInputFiles({ name: '旧.doc', mimeType: 'application/msword', buffer: Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 1, 2]) })
    await page.getByRole('alert').waitFor()
    assert.deepEqual(strays, [])
  })
})
