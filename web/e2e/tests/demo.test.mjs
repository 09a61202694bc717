// The demo company as it is started: a visitor asks in fragments, the bot answers from knowledge and runs a flow against the shop's
// order service, notices anger, and hands over to the right agent with a summary.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { launch, patience, person, phone, until } from '../lib/browser.mjs'
import { Agent } from '../lib/agent.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

describe('the demo company', () => {
  let program, browser, api, chen, lin, visitor, shop, id

  before(async () => {
    program = await Program.start({ bot: true })
    browser = await launch()
    api = await Agent.logIn(program.base)
    // What the bot knows and understands is learned at the first start, beside everything else.
    await until(async () => (await api.get('/bot/training')).models.some((m) => m.serves), 'the intents being learned', 3 * patience)
    await until(async () => (await api.post('/knowledge/find', { text: '羽绒服可以机洗吗' })).confidence > 0.9, 'the knowledge being learned', 3 * patience)
    chen = await person(browser, program.base)
    await new Desk(chen.page).logInAs('demo@yingda.dev', '/desk/inbox/mine')
    lin = await person(browser, program.base)
    await new Desk(lin.page).logInAs('lin@yingda.dev', '/desk/inbox/mine')
    await until(async () => (await api.get('/presence')).items.filter((p) => p.status === 'online').length === 2, 'both agents being there')
    visitor = await person(browser, program.base, { viewport: phone })
    shop = new Shop(visitor.page)
    await shop.open()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  /** Waits for words of the bot. */
  const hears = (words) => shop.frame.getByRole('log').locator('article:not(.own)').getByText(words).first().waitFor()

  it('answers fragments with typos from what it knows, and says where that stands', async () => {
    for (const part of ['在吗', '我那个', '羽绒服能丢洗衣鸡里洗不']) await shop.say(part)
    await hears('选「羽绒」程序')
    id = (await api.conversation('羽绒')).id
    const { items } = await api.messages(id)
    const answer = items.find((m) => JSON.stringify(m.parts).includes('选「羽绒」程序'))
    assert.deepEqual(answer.sources, [{ title: '静语洗衣机使用说明', url: '/demo#washer' }])
  })

  it('asks for the order number and reads the order from the shop’s order service', async () => {
    await shop.say('我的订单到哪了')
    await hears('订单号')
    await shop.say('DD20261103')
    await hears(/DD20261103.*已由顺丰发出/)
  })

  it('hands an angry visitor to the senior team, with a summary for the agent who gets it', async () => {
    const words = '都等了好几天了还没到，什么垃圾服务，气死我了！！'
    await shop.say(words)
    const handed = await until(async () => {
      const now = await api.get(`/conversations/${id}`)
      return now.status === 'open' && now.assignee_id && now
    }, 'the conversation being handed to somebody')
    const me = (await api.get('/session')).agent.id
    assert.equal(handed.assignee_id, me, 'anger goes to who is trained for it')
    const note = await until(async () => (await api.messages(id)).items.find((m) => JSON.stringify(m.parts).includes('机器人转交')), 'the summary')
    assert.match(JSON.stringify(note.parts), /客户情绪不佳[\s\S]*我的订单到哪了/, 'the summary says why, and what was asked')
    const desk = new Desk(chen.page)
    await chen.page.goto(`/desk/inbox/mine/${id}`)
    await desk.sees(words)
    await desk.input.fill('非常抱歉，我是陈晨，马上为您处理。')
    await desk.input.press('Enter')
    await shop.sees('非常抱歉，我是陈晨，马上为您处理。')
  })

  it('leaves nothing undone', () => {
    for (const p of [chen, lin, visitor]) assert.deepEqual(p.strays, [])
    assert.doesNotMatch(program.log, /level=(ERROR|WARN)/)
  })
})
