import { Agent } from './lib/agent.mjs'
import { desktop, launch, person, phone, until } from './lib/browser.mjs'
import { Desk } from './lib/desk.mjs'
import { Program } from './lib/program.mjs'
import { Shop } from './lib/shop.mjs'
const out = '/tmp/y/d/queue/shots/'
const only = process.argv[2] ?? ''
const program = await Program.start()
const browser = await launch()
try {
  const api = await Agent.logIn(program.base)
  await api.settings({ bot_first: false })
  const teams = (await api.get('/teams')).items
  for (const w of (await api.get('/queue')).items) await api.resolve(w.conversation_id)
  for (const [name, email] of [['周子墨','z1@x.example'],['王安然','z2@x.example'],['Olivia Bennett','z3@x.example'],['陈一诺','z4@x.example'],['欧阳若曦（夜班组长）','z5@x.example']]) await api.post('/agents', { name, email, password: 'yingda-demo-1', role: 'agent' }).catch((e) => console.log(String(e).slice(0, 200)))
  const { rules } = await api.get('/staffing')
  await api.put('/staffing/rules', { ...rules, automatic: true, answer_within_s: 60, compensation: [{ title: '致歉与优惠券', text: '非常抱歉给您带来不便，送您一张 20 元优惠券。' }], alerts: { longest_wait_s: 5, waiting: 2, at_risk: 1, nobody: true, escalated: true } })
  for (const a of (await api.get('/agents')).items) await api.put(`/staffing/agents/${a.id}`, { capacity: 1 }).catch(() => 0)
  const skill = (await api.get('/skills')).items
  console.log('skills', skill.length, 'teams', teams.length)
  const call = async (token, method, params) => (await (await fetch(`${program.base}/rpc/v1`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })).json()).result
  const lin = await person(browser, program.base, { reducedMotion: 'reduce', locale: 'en-GB', colorScheme: 'dark' })
  await new Desk(lin.page).logInAs('lin@yingda.dev', '/desk/inbox/mine')
  const people = (await api.get('/agents')).items
  const names = ['王小明', '李雷', '韩梅梅', 'Emma Clarke', '赵铁柱', '孙悟饭', '司马相如的超长的名字测试一下会不会被截断']
  for (const [i, name] of names.entries()) {
    const s = await call('', 'session.open', { channel_key: 'chk_demo', locale: 'zh-CN' })
    const m = await call(s.visitor_token ?? s.token, 'message.send', { client_id: 'm-1', parts: [{ type: 'text', text: `我的订单 A-10${i} 还没到` }], prechat: { name, order: 'A-1' } })
    if (!m) console.log('no', JSON.stringify(s).slice(0, 300))
    if (i === 2) await api.post(`/conversations/${m.conversation.id}/escalate`, { reason: '客户非常生气' })
    if (i === 3 || i === 4) await call(s.visitor_token ?? s.token, 'queue.choose', { choice: 'callback', phone: '138 0000 000' + i, note: '想问退货地址' })
    if (i === 5) await call(s.visitor_token ?? s.token, 'queue.choose', { choice: 'message' })
  }
  await api.post('/robots', { name: '客服主管群', kind: 'dingtalk', url: 'https://oapi.dingtalk.com/robot/send?access_token=x', secret: 'SEC', enabled: true, rules: ['escalated', 'longest_wait'] })
  await api.post('/robots', { name: '值班群', kind: 'wecom', url: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x', enabled: false, rules: [] })
  for (const t of teams.slice(0, 1)) await api.put(`/staffing/teams/${t.id}`, { zone: 'Asia/Shanghai', senior: false, hours: { week: [[], [{ from: 540, to: 720 }, { from: 780, to: 1080 }], [{ from: 540, to: 1080 }], [{ from: 540, to: 1080 }], [{ from: 540, to: 1080 }], [{ from: 1200, to: 1680 }], []], days: [{ date: '2026-10-01', periods: [] }] } }).catch((e) => console.log(String(e).slice(0, 300)))
  const all = []
  for (const [size, viewport] of [['desktop', desktop], ['phone', phone]]) for (const colorScheme of ['light', 'dark']) for (const locale of ['zh-CN', 'en-GB']) all.push({ name: `${size}-${colorScheme}-${locale.slice(0, 2)}`, viewport, colorScheme, locale, ...(size === 'phone' ? { hasTouch: true, isMobile: true } : {}) })
  for (const { name, ...look } of all.filter((x) => x.name.includes(only))) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce', ...look })
    await new Desk(p.page).logIn('/desk/inbox/all')
    for (const path of ['wall', 'queue', 'settings/skills', 'settings/hours', 'settings/queue', 'settings/alerts']) {
      await p.page.goto(`/desk/${path}`)
      await p.page.getByRole('heading', { level: 1 }).waitFor()
      await p.page.waitForTimeout(900)
      await p.page.screenshot({ path: `${out}${path.replace('/', '-')}-${name}.png`, fullPage: false })
      if (path.startsWith('settings') ) {
        const h = await p.page.evaluate(() => { const m = document.querySelector('main') ?? document.body; return Math.max(...[...document.querySelectorAll('*')].map((e) => e.scrollHeight > e.clientHeight + 4 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) ? e.scrollHeight : 0)) })
        if (h > look.viewport.height) { await p.page.setViewportSize({ width: look.viewport.width, height: Math.min(h + 160, 4000) }); await p.page.waitForTimeout(300); await p.page.screenshot({ path: `${out}${path.replace('/', '-')}-${name}-full.png` }); await p.page.setViewportSize(look.viewport) }
      }
    }
    await p.page.goto('/desk/settings/alerts'); await p.page.getByRole('heading', { level: 1 }).waitFor()
    await p.page.locator('[data-robot]').first().getByRole('button').nth(1).click(); await p.page.waitForTimeout(600); await p.page.screenshot({ path: `${out}robot-dialog-${name}.png` })
    await p.page.keyboard.press('Escape')
    await p.page.goto('/desk/inbox/all'); await p.page.locator('[data-conversation]').first().waitFor()
    const own = p.page.getByTestId('own-presence')
    if (await own.first().isVisible().catch(() => false)) { await own.first().click(); await p.page.waitForTimeout(500); await p.page.screenshot({ path: `${out}presence-menu-${name}.png` });
      await p.page.getByRole('menuitemcheckbox').nth(3).click().catch(() => 0); await p.page.waitForTimeout(500); await p.page.screenshot({ path: `${out}presence-dialog-${name}.png` }); await p.page.keyboard.press('Escape') } else console.log('no presence switch', name)
    await p.context.close()
    const v = await person(browser, program.base, { reducedMotion: 'reduce', ...look })
    const shop = new Shop(v.page)
    await shop.open(); await shop.say('在吗 ' + name)
    await shop.frame.locator('[data-queue]').waitFor({ timeout: 15000 }).catch(() => console.log('no bar'))
    await v.page.waitForTimeout(500); await v.page.screenshot({ path: `${out}widget-${name}.png` })
    await shop.frame.locator('[data-queue] button').click().catch(() => 0); await v.page.waitForTimeout(500); await v.page.screenshot({ path: `${out}widget-ways-${name}.png` })
    await v.context.close()
  }
  for (const [w, h, colorScheme, locale] of [[1920, 1080, 'dark', 'zh-CN'], [1920, 1080, 'light', 'en-GB'], [3840, 2160, 'dark', 'zh-CN']]) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce', viewport: { width: w, height: h }, colorScheme, locale })
    await new Desk(p.page).logIn('/desk/inbox/all')
    await p.page.goto('/desk/wall'); await p.page.getByRole('heading', { level: 1 }).waitFor(); await p.page.waitForTimeout(900)
    await p.page.screenshot({ path: `${out}wall-${w}-${colorScheme}.png` })
    await p.context.close()
  }
} finally { await browser.close(); await program.stop() }
