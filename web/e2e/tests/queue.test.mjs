// The queue in browsers: two agents, five visitors, conversations that find their way by themselves.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, comes, desktop, launch, loaded, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

describe('the queue', { timeout: 20 * patience }, () => {
  let program, browser, api, chen, lin, ids
  const visitors = []
  const words = ['一号想退货', '二号问物流', '三号要发票', '四号换尺码', '五号催发货']

  before(async () => {
    program = await Program.start()
    browser = await launch()
    api = await Agent.logIn(program.base)
    await api.settings({ bot_first: false })
    // Only what this test says is to wait.
    const { items } = await api.get('/queue')
    for (const w of items) await api.resolve(w.conversation_id)
    chen = await person(browser, program.base, { reducedMotion: 'reduce' })
    await new Desk(chen.page).logInAs('demo@yingda.dev', '/desk/inbox/mine')
    lin = await person(browser, program.base, { reducedMotion: 'reduce', locale: 'en-GB', colorScheme: 'dark' })
    await new Desk(lin.page).logInAs('lin@yingda.dev', '/desk/inbox/mine')
    const online = await until(async () => {
      const { items } = await api.get('/presence')
      const there = items.filter((p) => p.status === 'online')
      return there.length === 2 && there
    }, 'both agents being there')
    ids = online.map((p) => p.agent_id)
    for (const p of online) await api.put(`/staffing/agents/${p.agent_id}`, { capacity: (p.load ?? 0) + 2 })
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('is switched on, with skills and working hours, by hand', async () => {
    const { page } = chen
    await page.goto('/desk/settings/skills')
    await page.getByPlaceholder('技能名称').fill('退换货')
    await page.getByRole('button', { name: '添加技能' }).click()
    await page.getByRole('columnheader', { name: '退换货' }).waitFor()
    await page.goto('/desk/settings/hours')
    await page.getByLabel('按工作时间').check()
    await page.getByText('09:00').or(page.locator('input[type="time"]')).first().waitFor()
    await page.getByRole('button', { name: '放弃更改' }).click()
    await page.goto('/desk/settings/queue')
    await page.getByRole('switch', { name: /自动分配/ }).click()
    await page.getByRole('button', { name: '保存' }).click()
    await until(async () => (await api.get('/staffing')).rules.automatic, 'the queue being automatic')
  })

  it('gives four of five visitors to two agents with room for two each, and tells the fifth where they stand', async () => {
    await chen.page.goto('/desk/inbox/mine')
    for (const text of words) {
      const v = await person(browser, program.base, { viewport: phone, locale: 'zh-CN' })
      const shop = new Shop(v.page)
      await shop.open()
      await shop.say(text)
      await shop.stored(text)
      visitors.push({ ...v, shop })
    }
    for (const text of words.slice(0, 4)) {
      await until(async () => ids.includes((await api.conversation(text)).assignee_id), `${text} being given to somebody`)
    }
    await comes(async () => (await api.get('/queue')).items.map((w) => w.lack?.full), [2], 'the fifth waiting for one of two')
    const last = visitors.at(-1)
    const bar = last.shop.frame.locator('[data-queue]')
    await bar.getByText('您是下一位').waitFor()
    await picture(last.page, 'queue-visitor')
    // A reload asks for it again.
    await last.page.reload()
    await last.shop.openChat()
    await bar.getByText('您是下一位').waitFor()
  })

  it('says why a conversation is mine, and shows who waits', async () => {
    const { page } = chen
    const mine = (await Promise.all(words.slice(0, 4).map((text) => api.conversation(text)))).find((c) => c.assignee_id === (ids.includes(c.assignee_id) && c.assignee_id))
    assert.ok(mine)
    await page.goto('/desk/queue')
    const row = page.getByTestId('queue').locator('li')
    await row.getByText('2 人已满').waitFor()
    await picture(page, 'queue-panel')
    await page.goto('/desk/inbox/mine')
    const own = await until(async () => {
      for (const text of words.slice(0, 4)) if ((await page.locator('[data-conversation]', { hasText: text }).count()) > 0) return text
      return false
    }, 'one of them being in my list')
    await new Desk(page).row(own).click()
    await page.getByTestId('why-mine').getByText('分配给你').waitFor()
    await picture(page, 'queue-why')
  })

  it('shows it on the wall, in every look', async () => {
    for (const { name, ...look } of looks) {
      const p = await person(browser, program.base, { reducedMotion: 'reduce', ...look })
      await new Desk(p.page).logIn('/desk/inbox/all')
      for (const path of ['wall', 'queue', 'settings/skills', 'settings/hours', 'settings/queue']) {
        await p.page.goto(`/desk/${path}`)
        await p.page.getByRole('heading', { level: 1 }).waitFor()
        if (path === 'wall') await p.page.locator('[data-figure="waiting"]').getByText('1', { exact: true }).waitFor()
        assert.match(new URL(p.page.url()).pathname, new RegExp(`${path}$`), 'still logged in')
        await loaded(p.page)
        await assertAccessible(p.page, `${path}, ${name}`)
        const wide = await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(wide <= 0, `${path} is ${wide} px too wide, ${name}`)
        await picture(p.page, `queue-${path.replace('settings/', 'settings-')}-${name}`)
      }
      assert.deepEqual(p.strays, [])
      await p.context.close()
    }
  })

  it('gives the fifth to whoever gets room, at once, and their bar goes', async () => {
    const [{ load }] = (await api.get('/presence')).items.filter((p) => p.agent_id === ids[0])
    await api.put(`/staffing/agents/${ids[0]}`, { capacity: load + 1 })
    const c = await until(async () => {
      const now = await api.conversation(words[4])
      return now.assignee_id === ids[0] && now
    }, 'the fifth being given away')
    assert.ok(c)
    await visitors[4].shop.frame.locator('[data-queue]').waitFor({ state: 'detached' })
  })

  it('transfers with a note, and takes a break with a reason', async () => {
    const { page } = chen
    const own = await until(async () => {
      for (const text of words) if ((await page.locator('[data-conversation]', { hasText: text }).count()) > 0) return text
      return false
    }, 'one of them being in my list')
    await new Desk(page).row(own).click()
    await page.getByRole('button', { name: '转接或升级' }).click()
    await page.getByRole('menuitem', { name: '转接…' }).click()
    await page.getByRole('combobox', { name: '转给' }).click()
    await page.getByRole('option', { name: /在线/ }).first().click()
    await page.getByLabel('留言（客户看不到）').fill('已核对订单，等仓库回复')
    await picture(page, 'queue-transfer')
    await page.getByTestId('hand-over').click()
    await page.getByText('已转接').first().waitFor()
    const c = await api.conversation(own.slice(0, 4)).catch(() => null)
    if (c) assert.ok(ids.includes(c.assignee_id))
    await page.getByTestId('own-presence').click()
    await page.getByRole('menuitemcheckbox', { name: /小休/ }).click()
    await page.getByRole('button', { name: '用餐' }).click()
    await page.getByTestId('presence-go').click()
    await page.locator('[data-testid="own-presence"][data-status="break"]').waitFor()
    assert.deepEqual(chen.strays, [])
    assert.deepEqual(lin.strays, [])
    for (const v of visitors) assert.deepEqual(v.strays, [])
  })
})
