// A visitor in one browser, an agent in another: the main job of the product.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { comes, launch, person, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

describe('one message and its answer', () => {
  let program, browser, visitor, agent, shop, desk
  before(async () => {
    program = await Program.start()
    browser = await launch()
    visitor = await person(browser, program.base)
    agent = await person(browser, program.base)
    shop = new Shop(visitor.page)
    desk = new Desk(agent.page)
    await desk.logIn('/desk/inbox/unassigned')
    await shop.open()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('appears at the desk at once', async () => {
    const sent = Date.now()
    await shop.say('请问外套还有 M 码吗')
    await desk.row('请问外套还有 M 码吗').waitFor()
    // A blink on a free machine; the room is for busy ones. How quick it is, the benchmarks tell.
    assert.ok(Date.now() - sent < 15_000, 'the message took longer than fifteen seconds')
    await desk.row('请问外套还有 M 码吗').click()
    await desk.sees('请问外套还有 M 码吗')
  })

  it('is answered, and both see it once', async () => {
    await desk.say('有的，今天就可以发货')
    await shop.sees('有的，今天就可以发货')
    await desk.sees('有的，今天就可以发货')
    assert.equal(await desk.message('有的，今天就可以发货').count(), 1)
    await comes(() => desk.thread.locator('[data-testid="outgoing"]').count(), 0, 'nothing waits')
  })

  it('shows the agent that the visitor has read it', async () => {
    await desk.thread.locator('[data-testid="receipt"]', { hasText: '已读' }).waitFor()
  })

  it('tells each side that the other is typing', async () => {
    // Told at most every three seconds and shown for six, so whoever goes on typing is seen.
    const seen = async (from, sign) => {
      await until(async () => {
        await from.pressSequentially('我')
        return sign.isVisible()
      }, 'the sign of typing')
      await from.fill('')
    }
    await seen(shop.input, desk.thread.locator('[data-testid="typing"]'))
    await seen(desk.input, shop.frame.locator('.typing'))
  })

  it('keeps notes from the visitor', async () => {
    await agent.page.locator('#thread').focus()
    await agent.page.keyboard.press('n')
    await desk.say('只给同事看的备注')
    await desk.sees('只给同事看的备注')
    await desk.say('备注之后的回复')
    await shop.sees('备注之后的回复')
    assert.equal(await shop.bubble('只给同事看的备注').count(), 0)
    await picture(agent.page, 'desk-thread')
    await picture(visitor.page, 'shop-chat')
  })

  it('renders hostile text harmless on both sides', async () => {
    const hostile = '<img src=x onerror="document.title=1"> <script>document.title=2</script> ‮RTL مرحبا'
    await shop.say(hostile)
    await desk.sees(hostile)
    await desk.say(hostile)
    await until(async () => (await shop.texts('onerror')).length === 2, 'the hostile text on both sides')
    for (const page of [visitor.page, agent.page]) assert.ok(!['1', '2'].includes(await page.title()))
  })

  it('is all there after both reload, and the drafts too', async () => {
    await desk.input.fill('还没发出的草稿')
    const seen = await desk.texts('')
    await Promise.all([agent.page.reload(), visitor.page.reload()])
    await desk.sees('备注之后的回复')
    await shop.openChat()
    await shop.sees('备注之后的回复')
    await shop.sees('请问外套还有 M 码吗')
    await comes(() => desk.input.inputValue(), '还没发出的草稿', 'the draft')
    assert.ok(seen.length > 0)
    const seqs = await desk.seqs()
    assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i))
    await desk.input.fill('')
  })

  it('finds it again by words', async () => {
    const hits = await desk.find('外套')
    await hits.filter({ hasText: '请问外套还有 M 码吗' }).first().click()
    await desk.sees('请问外套还有 M 码吗')
  })

  it('is resolved, and comes back when the visitor writes again', async () => {
    await agent.page.locator('[data-testid="standing"]').waitFor()
    await agent.page.getByRole('button', { name: '解决', exact: true }).click()
    await agent.page.locator('[data-testid="standing"]', { hasText: '已解决' }).waitFor()
    await shop.say('还有一个问题')
    await agent.page.locator('[data-testid="standing"]', { hasText: '进行中' }).waitFor()
    await desk.sees('还有一个问题')
    await desk.thread.locator('[data-testid="activity"]', { hasText: '标为已解决' }).first().waitFor()
  })

  it('was done without other hosts and without errors', () => {
    assert.deepEqual([...visitor.strays, ...agent.strays], [])
  })
})

describe('two agents and one conversation', () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('one wins, the other is told, nothing is overwritten', async () => {
    const visitor = await person(browser, program.base)
    const shop = new Shop(visitor.page)
    await shop.open()
    await shop.say('两位客服同时领取')
    await shop.stored('两位客服同时领取')
    const agents = []
    for (const email of ['demo@yingda.dev', 'lin@yingda.dev']) {
      const { page, context } = await person(browser, program.base)
      // A line that is silent from the start: neither page hears what the other does, so both press the same button.
      await page.routeWebSocket(/\/connection\/websocket/, () => {})
      const desk = new Desk(page, { deaf: true })
      await page.goto('/desk/login')
      await page.locator('input[type="email"]').fill(email)
      await page.locator('input[type="password"]').fill('yingda-demo')
      await page.locator('form button[type="submit"]').click()
      await page.waitForURL(/inbox/)
      await desk.openByText('两位客服同时领取', 'unassigned')
      agents.push({ desk, page, context })
    }
    const claim = ({ page }) => page.getByRole('button', { name: '领取', exact: true }).click()
    const told = ({ page }) => page.getByText('刚才有人改动了这个会话', { exact: true }).first().waitFor()
    const loser = Promise.any(agents.map(told))
    await Promise.all(agents.map(claim))
    await loser
    const owner = async ({ page }) => (await page.locator('[data-testid="standing"]').textContent()) ?? ''
    await until(async () => {
      const [a, b] = await Promise.all(agents.map(owner))
      return a === b && !a.includes('未分配')
    }, 'both pages to agree who has it')
  })
})
