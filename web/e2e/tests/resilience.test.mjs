// Networks break and servers die: nothing is lost, shown twice or out of order.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { launch, person, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

/** Each of texts once, in this order, and no others with this mark. */
async function assertExactly(side, mark, texts, who) {
  await until(async () => (await side.texts(mark)).length >= texts.length, `${who} to see all ${texts.length} messages with ${mark}`)
  assert.deepEqual(await side.texts(mark), texts, `${who} sees other messages than were sent`)
}

describe('nothing is lost, twice or out of order', () => {
  let program, browser, visitor, agent, shop, desk
  before(async () => {
    program = await Program.start()
    browser = await launch()
    visitor = await person(browser, program.base)
    agent = await person(browser, program.base)
    shop = new Shop(visitor.page)
    desk = new Desk(agent.page)
    await desk.logIn()
    await shop.open()
    await shop.say('开始')
    await desk.openByText('开始')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('when the visitor’s network is cut and comes back', async () => {
    await visitor.context.setOffline(true)
    const texts = ['访客断网-1', '访客断网-2', '访客断网-3']
    for (const text of texts) await shop.say(text)
    await desk.say('访客断网时的回复')
    await desk.sees('访客断网时的回复')
    assert.deepEqual(await desk.texts('访客断网-'), [])
    await visitor.context.setOffline(false)
    await assertExactly(desk, '访客断网-', texts, 'the desk')
    await assertExactly(shop, '访客断网-', texts, 'the shop')
    await shop.sees('访客断网时的回复')
  })

  it('when the agent’s network is cut and comes back', async () => {
    await agent.context.setOffline(true)
    await agent.page.locator('[data-testid="connection-banner"]').waitFor()
    await picture(agent.page, 'desk-offline')
    const texts = ['客服断网-1', '客服断网-2']
    for (const text of texts) await desk.say(text)
    await shop.say('客服断网时访客写的')
    await agent.context.setOffline(false)
    await assertExactly(shop, '客服断网-', texts, 'the shop')
    await assertExactly(desk, '客服断网-', texts, 'the desk')
    await desk.sees('客服断网时访客写的')
    await agent.page.locator('[data-testid="connection-banner"]').waitFor({ state: 'detached' })
  })

  it('when the server is killed in the middle of a conversation', async () => {
    const sent = { shop: [], desk: [] }
    const write = async (n) => {
      await shop.say(`重启访客-${n}`)
      sent.shop.push(`重启访客-${n}`)
      await desk.say(`重启客服-${n}`)
      sent.desk.push(`重启客服-${n}`)
    }
    for (let n = 1; n <= 3; n++) await write(n)
    await program.kill()
    for (let n = 4; n <= 6; n++) await write(n)
    await program.up()
    for (let n = 7; n <= 8; n++) await write(n)
    await assertExactly(desk, '重启访客-', sent.shop, 'the desk')
    await assertExactly(desk, '重启客服-', sent.desk, 'the desk')
    await assertExactly(shop, '重启访客-', sent.shop, 'the shop')
    await assertExactly(shop, '重启客服-', sent.desk, 'the shop')
    await Promise.all([agent.page.reload(), visitor.page.reload()])
    await shop.openChat()
    await assertExactly(desk, '重启访客-', sent.shop, 'the desk after reload')
    await assertExactly(shop, '重启客服-', sent.desk, 'the shop after reload')
    const seqs = await desk.seqs()
    assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i))
  })

  it('even when a page is reloaded while its message waits', async () => {
    await agent.context.setOffline(true)
    await desk.say('重载前写的-1')
    await agent.context.setOffline(false)
    await agent.page.reload()
    await assertExactly(shop, '重载前写的-', ['重载前写的-1'], 'the shop')
    await assertExactly(desk, '重载前写的-', ['重载前写的-1'], 'the desk')
  })
})
