// The bot's pages: settings that two people change, a draft that is edited, refused or forgotten, replies that are inserted and edited,
// a conversation that is given back, corrections that become knowledge; each page in four looks.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, desktop, launch, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

/** A month of figures, which no test lives through: the surer the bot, the rarer an error. */
function month() {
  const topic = (name, asked, skill, checked, wrong) => ({
    topic: name, checked, wrong,
    bins: Array.from({ length: 50 }, (_, i) => {
      const n = Math.round(asked * (i / 50) ** skill)
      const bad = Math.round(n * 0.6 * (1 - i / 50) ** 1.4)
      return { asked: n, good: Math.round((n - bad) * 0.6), bad }
    }),
  })
  return {
    since: new Date(Date.now() - 30 * 86_400_000).toISOString(), decisions: 2184, kinds: { answer: 1291, review: 214, flow: 388, hand_over: 291 },
    outcomes: { resolved: 1043, handed_over: 505 }, helpful: 312, unhelpful: 27, copilot: { shown: 960, inserted: 214, edited: 131, ignored: 96 },
    topics: [topic('product', 90, 2, 24, 1), topic('delivery', 70, 3, 18, 2), topic('returns', 40, 2.5, 20, 5), topic('invoice', 20, 2, 0, 0)],
  }
}

describe("the bot's pages", { timeout: 30 * patience }, () => {
  let program, browser, api, chen, desk, forgotten
  const all = []

  async function visitor() {
    const p = await person(browser, program.base, { viewport: phone })
    all.push(p)
    const shop = new Shop(p.page)
    await shop.open()
    return shop
  }
  const drafts = async () => (await api.get('/bot/drafts')).items
  const knows = async (words) => (await api.get(`/knowledge/entries?q=${encodeURIComponent(words)}`)).items

  before(async () => {
    program = await Program.start({ bot: true })
    browser = await launch()
    api = await Agent.logIn(program.base)
    await api.put('/staffing/rules', { automatic: false })
    await until(async () => (await api.post('/knowledge/find', { text: '羽绒服可以机洗吗' })).confidence > 0.9, 'the knowledge being learned')
    chen = await person(browser, program.base, { reducedMotion: 'reduce' })
    all.push(chen)
    desk = new Desk(chen.page)
    await desk.logIn('/desk/inbox/all')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('tells two people who set it up of each other, and keeps a topic for people', async () => {
    const other = await person(browser, program.base, { reducedMotion: 'reduce' })
    all.push(other)
    await new Desk(other.page).logIn('/desk/inbox/all')
    for (const { page } of [chen, other]) {
      await page.goto('/desk/bot/settings')
      await page.getByTestId('topic-rules').waitFor()
    }
    await chen.page.getByRole('textbox', { name: '名字' }).fill('小月')
    await other.page.getByLabel('主题名称').fill('合同')
    await other.page.getByRole('button', { name: '添加规则' }).click()
    const rule = other.page.getByTestId('topic-rule').filter({ hasText: '合同' })
    await rule.getByRole('combobox', { name: /谁来回答/ }).click()
    await other.page.getByRole('option', { name: '总是由人工回答' }).click()
    await chen.page.getByTestId('save-bar').getByRole('button', { name: '保存' }).click()
    await chen.page.getByTestId('save-bar').waitFor({ state: 'detached' })
    await other.page.getByTestId('conflict').getByRole('button', { name: '把我的更改放到最新的上面' }).click()
    await other.page.getByTestId('save-bar').getByRole('button', { name: '保存' }).click()
    await other.page.getByTestId('save-bar').waitFor({ state: 'detached' })
    const set = await api.get('/bot/settings')
    assert.equal(set.name, '小月', 'what the first saved is kept')
    assert.deepEqual(set.topics['合同'], { person: true })
    await other.context.close()
  })

  it('waits for a person, who edits the answer and makes knowledge of it', async () => {
    // From here on the bot leaves everything to be looked at.
    await api.put('/bot/settings', { ...(await api.get('/bot/settings')), answer_at: 1, review_at: 0.2, review_seconds: 10, topics: {} })
    forgotten = await visitor()
    await forgotten.say('羽绒服可以机洗吗？')
    await until(async () => (await drafts()).length === 1, 'a draft that nobody will look at')
    await api.put('/bot/settings', { ...(await api.get('/bot/settings')), review_seconds: 600 })
    const shop = await visitor()
    await chen.page.goto('/desk/bot/drafts')
    await desk.live()
    await shop.say('恒温电水壶可以调几档温度？')
    const row = chen.page.getByTestId('draft-row').filter({ hasText: '调几档温度' })
    await row.waitFor()
    await chen.page.getByTestId('drafts-badge').waitFor()
    await row.getByRole('textbox').fill('五档，从四十度到一百度，长按可以再细调。')
    await assertAccessible(chen.page, 'a draft')
    await picture(chen.page, 'bot-drafts')
    await row.getByTestId('draft-send').click()
    await row.waitFor({ state: 'detached' })
    await shop.frame.getByRole('log').getByText('长按可以再细调').waitFor()
    await until(async () => (await knows('长按可以再细调')).length === 1, 'the edited answer being knowledge')
  })

  it('hands over what is refused, with replies to insert; what was sent otherwise counts as edited', async () => {
    const shop = await visitor()
    await shop.say('羽绒服可以机洗吗？')
    const draft = await until(async () => (await drafts()).find((d) => d.question.includes('机洗') && Date.parse(d.draft_until) - Date.now() > 60_000), 'the draft')
    const id = draft.conversation_id
    await chen.page.goto(`/desk/inbox/all/${id}`)
    await desk.live()
    await chen.page.getByTestId('bot-draft').getByTestId('draft-refuse').click()
    await chen.page.getByTestId('bot-draft').waitFor({ state: 'detached' })
    await chen.page.getByText('机器人转给了人工').waitFor()
    await chen.page.getByText('草稿被同事拒绝').waitFor()
    const suggestion = chen.page.getByTestId('suggestions').getByRole('listitem').first()
    await suggestion.getByRole('button').click()
    const text = await desk.input.inputValue()
    assert.ok(text.length > 10)
    await picture(chen.page, 'bot-suggestions')
    await desk.input.fill(`您好，${text}`)
    await desk.input.press('Enter')
    const used = await until(async () => {
      const { copilot } = await api.get('/bot/figures')
      return copilot.edited > 0 && copilot
    }, 'the edited suggestion being counted')
    assert.deepEqual([used.inserted, used.edited, used.ignored], [0, 1, 0])

    const own = desk.thread.locator('article', { hasText: '您好，' }).last()
    await own.hover()
    await own.getByTestId('teach').click()
    const form = chen.page.getByTestId('teach-form')
    await form.getByLabel('正确的回答').fill('羽绒服可以机洗，记得选羽绒程序，不要拧干。')
    await assertAccessible(chen.page, 'making knowledge of a reply')
    await form.getByTestId('teach-save').click()
    await form.waitFor({ state: 'detached' })
    await until(async () => (await knows('不要拧干')).length === 1, 'the reply being knowledge')

    await chen.page.getByTestId('give-to-bot').click()
    await chen.page.getByText('把会话交给了机器人').waitFor()
    assert.equal((await api.get(`/conversations/${id}`)).status, 'pending')
  })

  it('corrects a wrong answer from its bubble, with its sources and the thumb on it', async () => {
    await api.put('/bot/settings', { ...(await api.get('/bot/settings')), answer_at: 0.5, review_at: 0.2 })
    const shop = await visitor()
    await shop.say('静语洗衣机能洗羽绒服吗？')
    const found = await until(async () => (await api.get('/bot/decisions')).items.find((d) => d.kind === 'answer' && d.message_id), 'an answer')
    await chen.page.goto(`/desk/inbox/all/${found.conversation_id}`)
    await desk.live()
    const bubble = desk.thread.locator(`[data-message="${found.message_id}"]`)
    await bubble.getByTestId('sources').waitFor()
    await bubble.hover()
    await bubble.getByTestId('teach').click()
    const form = chen.page.getByTestId('teach-form')
    assert.match(await form.getByLabel('客户的问题').inputValue(), /静语洗衣机/)
    await form.getByLabel('正确的回答').fill('静语系列十公斤以上才洗得下羽绒服。')
    await form.getByTestId('teach-save').click()
    await form.waitFor({ state: 'detached' })
    const decision = (await api.get(`/conversations/${found.conversation_id}/bot`)).items.find((d) => d.id === found.id)
    assert.ok(decision.corrected)
    assert.equal(decision.checked, -1)
  })

  it('hands over a draft that nobody looked at', async () => {
    await forgotten.frame.getByRole('log').getByText('转给人工客服').waitFor()
  })

  for (const look of looks) {
    it(`is whole as ${look.name}`, async () => {
      const p = await person(browser, program.base, { reducedMotion: 'reduce', ...look })
      await new Desk(p.page).logIn('/desk/inbox/all')
      await p.page.route('**/api/v1/bot/figures*', (route) => route.fulfill({ json: month() }))
      for (const [name, ready] of [['decisions', '[data-testid="by-topic"]'], ['settings', '[data-testid="topic-rules"]'], ['drafts', 'main h1']]) {
        await p.page.goto(`/desk/bot/${name}`)
        await p.page.locator(ready).first().waitFor()
        await assertAccessible(p.page, `${name} ${look.name}`)
        const wide = await p.page.evaluate(() => globalThis.document.documentElement.scrollWidth) - look.viewport.width
        assert.ok(wide <= 0, `${name} ${look.name} is ${wide} px too wide`)
        if (look.name === 'desktop-light-zh' && name !== 'drafts') await picture(p.page, `bot-${name}`)
        if (process.env.YINGDA_LOOK) await p.page.screenshot({ path: `${process.env.YINGDA_LOOK}/${name}-${look.name}.png`, fullPage: true })
      }
      assert.deepEqual(p.strays, [])
      await p.context.close()
    })
  }

  it('leaves nothing undone', () => {
    for (const p of all) assert.deepEqual(p.strays, [])
  })
})
