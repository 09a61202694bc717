// What goes otherwise in the queue, in browsers: choices of who waits, declining, escalating, ending a shift, going
// away and coming back, closed hours, a colleague who is disabled.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, desktop, launch, loaded, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

describe('the queue when it does not work out', { timeout: 20 * patience }, () => {
  let program, browser, api, chen, lin, ids, third

  async function visit(text, look = {}) {
    const v = await person(browser, program.base, { viewport: phone, locale: 'zh-CN', ...look })
    const shop = new Shop(v.page)
    await shop.open()
    await shop.say(text)
    await shop.stored(text)
    return { ...v, shop, bar: shop.frame.locator('[data-queue]') }
  }
  const rules = async (change) => {
    const { rules: now } = await api.get('/staffing')
    await api.put('/staffing/rules', { ...now, ...change })
  }
  const room = async (id, n) => {
    const load = (await api.get('/presence')).items.find((p) => p.agent_id === id)?.load ?? 0
    await api.put(`/staffing/agents/${id}`, { capacity: load + n })
  }
  const holder = (text, what) => until(async () => {
    const c = await api.conversation(text)
    return what(c) && c
  }, `${text} changing hands`)

  before(async () => {
    program = await Program.start()
    browser = await launch()
    api = await Agent.logIn(program.base)
    await api.settings({ bot_first: false })
    await rules({ automatic: true, answer_within_s: -1, compensation: [{ title: '致歉与优惠券', text: '非常抱歉给您带来不便，送您一张 20 元优惠券。' }] })
    for (const w of (await api.get('/queue')).items) await api.resolve(w.conversation_id)
    chen = await person(browser, program.base, { reducedMotion: 'reduce' })
    await new Desk(chen.page).logInAs('demo@yingda.dev', '/desk/inbox/mine')
    lin = await person(browser, program.base, { reducedMotion: 'reduce', locale: 'en-GB', colorScheme: 'dark' })
    await new Desk(lin.page).logInAs('lin@yingda.dev', '/desk/inbox/mine')
    const me = await until(async () => {
      const there = (await api.get('/presence')).items.filter((p) => p.status === 'online')
      return there.length === 2 && there
    }, 'both agents being there')
    const own = (await api.get('/session')).agent?.id ?? me[0].agent_id
    ids = { chen: own, lin: me.find((p) => p.agent_id !== own).agent_id }
    await room(ids.chen, 0)
    await room(ids.lin, 0)
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('lets who waits keep the place, be called back and leave a message; colleagues see it and tick the call off', async () => {
    const a = await visit('甲想问退货')
    const b = await visit('乙在等')
    await a.bar.getByText('您是下一位').waitFor()
    await a.bar.getByRole('button', { name: '其他方式' }).click()
    await a.shop.frame.getByRole('dialog').getByText('不想在这里等？').waitFor()
    await picture(a.page, 'queue-ways')
    await a.shop.frame.getByRole('button', { name: /保留位置/ }).click()
    await a.bar.getByText('您的位置已保留').waitFor()
    await a.page.reload()
    await a.shop.openChat()
    await a.bar.getByText('您的位置已保留').waitFor()

    await a.bar.getByRole('button', { name: '更改' }).click()
    await a.shop.frame.getByRole('button', { name: /请客服回电/ }).click()
    await a.shop.frame.getByRole('button', { name: '请回电' }).click()
    await a.shop.frame.getByText('请填写 5 到 20 位的电话号码').waitFor()
    await a.shop.frame.getByLabel('电话号码').fill('138 0000 0000')
    await a.shop.frame.getByLabel('方便的时间').selectOption({ label: '明天 上午 9–12 点' })
    await a.shop.frame.getByLabel('想咨询什么（选填）').fill('退货地址')
    await picture(a.page, 'queue-callback')
    await a.shop.frame.getByRole('button', { name: '请回电' }).click()
    await a.bar.getByText('客服会在您方便的时间给您回电').waitFor()
    await b.bar.getByText('您是下一位').waitFor()

    const { page } = chen
    await page.goto('/desk/queue')
    const list = page.getByTestId('callbacks')
    await list.getByRole('link', { name: '138 0000 0000' }).waitFor()
    await page.getByTestId('queue').getByText('等回电').waitFor()
    await picture(page, 'queue-callbacks')
    await list.getByRole('button', { name: /已回电/ }).click()
    await list.waitFor({ state: 'detached' })

    await b.bar.getByRole('button', { name: '其他方式' }).click()
    await b.shop.frame.getByRole('button', { name: /^留言/ }).click()
    await b.shop.frame.getByLabel('您的问题').fill('请问下周能到货吗')
    await b.shop.frame.getByLabel(/联系方式/).fill('b@example.com')
    await picture(b.page, 'queue-message')
    await b.shop.frame.getByRole('dialog').getByRole('button', { name: '留言' }).click()
    await b.bar.getByText('留言已收到').waitFor()
    await page.getByTestId('queue').getByText('已留言').waitFor()

    await a.bar.getByRole('button', { name: '更改' }).click()
    await a.shop.frame.getByRole('button', { name: '不等了，结束对话' }).click()
    await a.bar.waitFor({ state: 'detached' })
    await until(async () => (await api.get('/queue/day')).abandoned === 1, 'the abandonment being recorded')
    await page.goto('/desk/wall')
    await page.getByText('今日放弃等待 1 位').waitFor()
    await api.resolve((await api.get('/queue')).items[0].conversation_id)
  })

  it('gives what is declined, or left by who ends the shift or loses the line, to the other with the wait kept', async () => {
    await room(ids.chen, 1)
    third = await visit('丙要换货')
    const first = await holder('丙要换货', (c) => c.assignee_id === ids.chen)
    await room(ids.lin, 2)
    const { page } = chen
    await page.goto(`/desk/inbox/mine/${first.id}`)
    await page.getByTestId('why-mine').getByRole('button', { name: '退回排队' }).click()
    const second = await holder('丙要换货', (c) => c.assignee_id === ids.lin)
    assert.equal(second.waiting_since, first.waiting_since, 'the wait is kept')

    await room(ids.chen, 2)
    await lin.page.getByTestId('own-presence').click()
    await lin.page.getByRole('menuitem', { name: 'End shift' }).click()
    await lin.page.getByTestId('presence-go').click()
    // Declined once: it waits for somebody else, visibly.
    await until(async () => (await api.get('/queue')).items.some((w) => w.returned >= 2), 'the conversation being offered again')
    await lin.page.getByTestId('own-presence').click()
    await lin.page.getByRole('menuitemcheckbox', { name: /Automatic/ }).click()
    await holder('丙要换货', (c) => c.assignee_id === ids.lin)
  })

  it('goes idle by itself and comes back with the first touch', async () => {
    await api.post('/presence/idle', { idle: true })
    await until(async () => (await api.get('/presence')).items.find((p) => p.agent_id === ids.chen)?.status === 'break', 'being away')
    await chen.page.mouse.move(50, 60)
    await api.post('/presence/idle', { idle: false })
    await until(async () => (await api.get('/presence')).items.find((p) => p.agent_id === ids.chen)?.status === 'online', 'being back')
  })

  it('tells the supervisor of an escalation at once and offers the compensation with one click', async () => {
    const c = await api.conversation('丙要换货')
    await lin.page.goto(`/desk/inbox/mine/${c.id}`)
    const by = await Agent.logIn(program.base, 'lin@yingda.dev')
    await by.post(`/conversations/${c.id}/escalate`, { reason: '客户非常生气' })
    // The supervisor is told on whatever page, and is there with one click.
    await chen.page.getByText('有会话升级，需要您关注').first().waitFor()
    await chen.page.getByRole('button', { name: '打开会话' }).first().click()
    await chen.page.getByTestId('scripts').getByRole('button', { name: '致歉与优惠券' }).waitFor()
    const offer = lin.page.getByTestId('scripts')
    await offer.waitFor()
    await picture(lin.page, 'queue-compensation')
    await offer.getByRole('button', { name: '致歉与优惠券' }).click()
    await lin.page.getByRole('textbox').filter({ hasText: '20 元优惠券' }).or(lin.page.locator('textarea')).first().waitFor()
    await until(async () => (await lin.page.locator('textarea').first().inputValue()).includes('20 元优惠券'), 'the text being in the reply')
  })

  it('lets a supervisor take over and write to a customer who is away, and give it to a group with a note', async () => {
    await third.page.goto('about:blank')
    const { id } = await api.conversation('丙要换货')
    const { page } = chen
    await page.goto(`/desk/inbox/all/${id}`)
    const desk = new Desk(page)
    await desk.input.fill('您好，我是主管陈晨，换货已为您加急')
    await desk.input.press('Enter')
    await until(async () => (await api.get(`/conversations/${id}`)).assignee_id === ids.chen, 'the supervisor having it')
    await third.shop.open()
    await third.shop.sees('您好，我是主管陈晨，换货已为您加急')

    await page.getByRole('button', { name: '转接或升级' }).click()
    await page.getByRole('menuitem', { name: '转接…' }).click()
    await page.getByRole('combobox', { name: '转给' }).click()
    await page.getByRole('option', { name: '售后', exact: true }).click()
    await page.getByLabel('留言（客户看不到）').fill('请今天寄出')
    await page.getByTestId('hand-over').click()
    const team = (await api.get('/teams')).items.find((g) => g.name === '售后')
    await until(async () => (await api.get(`/conversations/${id}`)).team_id === team.id, 'the group having it')
    assert.match(JSON.stringify(await api.messages(id)), /请今天寄出/)
    await third.shop.sees('您好，我是主管陈晨，换货已为您加急')
    assert.equal(await third.shop.bubble('请今天寄出').count(), 0, 'the customer does not see the note')
    await api.resolve(id)
  })

  it('is honest when nobody is there in closed hours, and says when somebody will be', async () => {
    for (const { id, ...team } of (await api.get('/teams')).items) {
      void team
      const week = Array.from({ length: 7 }, () => [])
      const tomorrow = (new Date(Date.now() + 8 * 3600_000).getUTCDay() + 1) % 7
      week[tomorrow] = [{ from: 540, to: 1080 }]
      const { teams } = await api.get('/staffing')
      await api.put(`/staffing/teams/${id}`, { ...teams[id], zone: 'Asia/Shanghai', hours: { week } })
    }
    const inbox = (await api.get('/inboxes')).items[0]
    const team = (await api.get('/teams')).items[0]
    await rules({ inboxes: { [inbox.id]: { team_id: team.id } } })
    for (const p of [chen, lin]) {
      await p.page.getByTestId('own-presence').click()
      await p.page.getByRole('menuitemcheckbox', { name: /离线|Offline/ }).click()
    }
    await until(async () => (await api.get('/presence')).items.every((p) => p.status === 'offline'), 'nobody being there')
    const d = await visit('丁半夜来问')
    await d.bar.getByText(/客服将于 .* 上线/).waitFor()
    await d.bar.getByRole('button', { name: '其他方式' }).waitFor()
    await d.shop.frame.locator('p.text', { hasText: '现在是非工作时间' }).waitFor()
    await picture(d.page, 'queue-closed')
    const e = await visit('戊 asks at night', { locale: 'en-GB', colorScheme: 'dark' })
    await e.shop.frame.locator('[data-queue]').waitFor()
    await e.shop.frame.locator('[data-queue] button').click()
    await assertAccessible(e.page, 'the ways to wait, dark')
    await picture(e.page, 'queue-ways-dark-en')
  })

  it('shows the pages of alerts in every look', async () => {
    await api.post('/robots', { name: '客服主管群', kind: 'dingtalk', url: 'https://oapi.dingtalk.com/robot/send?access_token=x', secret: 'SEC', enabled: true, rules: ['escalated'] })
    for (const [name, look] of [
      ['desktop-light-zh', { viewport: desktop, colorScheme: 'light', locale: 'zh-CN' }],
      ['desktop-dark-en', { viewport: desktop, colorScheme: 'dark', locale: 'en-GB' }],
      ['phone-light-en', { viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true }],
      ['phone-dark-zh', { viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true }],
    ]) {
      const p = await person(browser, program.base, { reducedMotion: 'reduce', ...look })
      await new Desk(p.page).logIn('/desk/inbox/all')
      for (const path of ['settings/alerts', 'settings/queue', 'wall', 'queue']) {
        await p.page.goto(`/desk/${path}`)
        await p.page.getByRole('heading', { level: 1 }).waitFor()
        await loaded(p.page)
        await assertAccessible(p.page, `${path}, ${name}`)
        assert.ok((await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${path} is too wide, ${name}`)
        await picture(p.page, `queue-more-${path.replace('settings/', 'settings-')}-${name}`)
      }
      await p.context.close()
    }
  })

  it('gives a disabled colleague’s waiting customers to others', async () => {
    const waiting = (await api.get('/queue')).items.map((w) => w.conversation_id)
    await lin.page.getByTestId('own-presence').click()
    await lin.page.getByRole('menuitemcheckbox', { name: /Automatic/ }).click()
    await room(ids.lin, 3)
    await rules({ inboxes: {} })
    const holds = async (id) => (await api.get(`/conversations/${id}`)).assignee_id === ids.lin
    const got = await until(async () => {
      for (const id of waiting) if (await holds(id)) return id
      return false
    }, 'the first who comes getting who waits')
    await api.patch(`/agents/${ids.lin}`, { disabled: true })
    await until(async () => !(await holds(got)), 'the conversation going back')
    assert.ok((await api.get('/queue')).items.length >= 1, 'it waits where everybody sees it')
    assert.deepEqual(chen.strays, [])
  })
})
