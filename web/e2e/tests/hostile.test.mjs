// Hostile text, names and files in every field that the API and the visitors' protocol have: nothing runs, on no page.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { launch, patience, person, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { commands, covers, filled, free, payloads, places } from '../lib/hostile.mjs'
import { Program } from '../lib/program.mjs'

const soon = () => new Date(Date.now() + 3_600_000).toISOString()
const button = { label: free('好'), value: free('好'), url: free('https://shop.example/') }
/** One part of each kind; what only some may send is refused to the others. */
const parts = () => [
  { type: 'text', text: free('您好') },
  { type: 'card', card: { title: free('洗衣机'), subtitle: free('静音'), price: free('¥1'), url: free('https://shop.example/1'), image_url: free('https://shop.example/1.png'), buttons: [button] } },
  { type: 'buttons', text: free('请选择'), buttons: [button] },
  { type: 'form', form: { title: free('表单'), fields: [{ name: free('a'), label: free('订单'), kind: 'select', options: [free('一'), free('二')] }], values: { a: free('一') } } },
  { type: 'location', location: { latitude: 1, longitude: 1, name: free('店'), address: free('路') } },
  { type: 'file', media: { id: free('fil_1'), name: free('a.txt'), mime: free('text/plain'), url: free('https://a.example'), thumbnail_url: free('https://a.example') } },
]
const inbox = () => ({
  greeting: free('您好'), primary: free('#047857'), allowed_origins: [free('https://shop.example')],
  widget: {
    languages: ['zh-CN', 'en'], quick_replies: { 'zh-CN': [free('在吗')] }, texts: { 'zh-CN': { title: free('店'), subtitle: free('快'), greeting: free('您好'), offline: free('晚点'), placeholder: free('写'), launcher: free('问') } },
    prechat: { enabled: true, title: { 'zh-CN': free('表单') }, fields: [{ name: free('order'), label: free('单号'), labels: { 'zh-CN': free('单号') }, kind: 'select', options: [free('一'), free('二')] }] },
  },
})
const entry = () => ({
  kind: 'faq', title: free('怎么退货'), ways: [free('退货'), free('退')], enabled: true, text: free(''), topic: free('return'), locale: free('zh-CN'), category_id: '',
  answers: [{ parts: parts().slice(0, 3), locale: free('zh-CN'), channel: free('webchat') }], source: { title: free('政策'), url: free('https://shop.example/p') },
})
const flowText = (name, title) => `flow: ${name}\ntitle: ${JSON.stringify(title)}\nabout: ${JSON.stringify(title)}\nslots:\n  no: {label: ${JSON.stringify(title)}, kind: text, ask: ${JSON.stringify(title)}}\nstates:\n  begin:\n    - ask: no\n    - end: "{{no}}"\n`
const flow = (name) => free(() => flowText(name(), '流程'), (bad) => flowText(name(), bad))
const sheet = (bad) => `question,answer\n${JSON.stringify(bad).replaceAll('\\"', '""')},${JSON.stringify(bad).replaceAll('\\"', '""')}\n`
const short = () => randomUUID().slice(0, 6)

/** What each command takes. "at" fills the path; a command that is not here holds no text that anybody reads. */
const bodies = (a) => ({
  changeAccount: { name: free('公司') },
  changeAgent: { at: a.lin, name: free('小满') },
  correctBotAnswer: { at: 'dec_1', answer: free('对'), question: free('问') },
  learnFromReply: { at: a.conversation, question: free('问'), answer: free('答') },
  sendBotDraft: { at: 'dec_1', text: free('好') },
  createIntent: { name: free(() => `x_${short()}`), title: free('意图'), topic: free('t'), texts: [free('一'), free('二')], enabled: true, actions: [{ type: 'message', text: free('答') }] },
  changeIntent: { at: a.intent, name: free('order_x'), title: free('意图'), topic: free('t'), texts: [free('一'), free('二')], enabled: true, actions: [] },
  importIntents: { text: free('invoice\t开发票\n') },
  tryIntents: { text: free('你好') },
  addIntentExamples: { at: a.intent, texts: [free('再来')] },
  setBotSettings: { name: free('小答'), zone: free('Asia/Shanghai'), enabled: true, answer_at: 0.9, review_at: 0.5, review_seconds: 60, burst_ms: 0, sources: true, return_after_agent: true, texts: { 'zh-CN': { greeting: free('您好'), fallback: free('不懂'), hand_over: free('转'), salutation: free('亲') } }, topics: {} },
  createCannedReply: { shortcut: free(() => `s${short()}`), title: free('标题'), scope: 'all', parts: parts() },
  changeCannedReply: { at: a.canned, shortcut: free('sx'), title: free('标题'), scope: 'all', parts: parts() },
  updateContact: { at: a.contact, name: free('王'), email: free('a@shop.example'), phone: free('13800000000'), locale: free('zh-CN'), attributes: { city: free('杭州') } },
  mergeContacts: { at: a.contact, other_id: a.other, choices: { name: free('this') } },
  addContactNote: { at: a.contact, text: free('备注') },
  changeMany: { ids: [a.conversation], action: 'label', add: [free('lbl_1')], remove: [free('lbl_1')] },
  saveDraft: { at: a.conversation, kind: 'reply', text: free('写到一半'), revision: 0, reply_to: free(''), parts: parts() },
  escalate: { at: a.conversation, reason: free('生气') },
  labelConversation: { at: a.conversation, add: [free('lbl_1')], remove: [free('lbl_1')] },
  addNote: { at: a.conversation, text: free('内部'), mentions: [free(a.lin)], parts: parts() },
  reply: { at: a.conversation, reply_to: free(''), parts: parts() },
  schedule: { at: a.conversation, reply_to: free(''), parts: parts() },
  transfer: { at: a.conversation, agent_id: a.me, note: free('请接手') },
  createInbox: { channel: 'webchat', name: free('网页'), settings: inbox() },
  changeInbox: { at: a.spare, name: free('网页'), enabled: true, settings: inbox() },
  invite: { role_id: 'agent', email: free(() => `${short()}@shop.example`), team_ids: [free(a.team)] },
  lookInvitation: { token: free('ydi_1') },
  acceptInvitation: { token: free('ydi_1'), name: free('新人'), email: free('n@shop.example'), password: free('long enough 1') },
  saveKnowledgeCategories: { items: [{ id: 'new1', name: free('分类'), parent_id: '' }], version: a.categories },
  createKnowledge: entry(),
  changeKnowledge: { at: a.entry, version: 1, ...entry() },
  changeManyKnowledge: { ids: [free('kne_1')], action: 'disable', category_id: '' },
  addWay: { at: a.entry, text: free('还能怎么问'), origin: '' },
  findKnowledge: { text: free('退货'), locale: free('zh-CN'), channel: free('webchat') },
  importKnowledge: { csv: free(sheet('问'), sheet) },
  previewKnowledgeImport: { csv: free(sheet('问'), sheet) },
  saveSynonyms: { groups: [[free('退货'), free('退款')]], version: a.synonyms },
  serveKnowledge: { id: free('') },
  createLabel: { name: free(() => `标签${short()}`), color: 'red', description: free('说明') },
  changeLabel: { at: a.label, name: free('标签一'), color: 'red', description: free('说明') },
  changeMe: { name: free('陈晨') },
  changePassword: { old: free('wrong'), new: free('also wrong 1') },
  disableTOTP: { password: free('wrong') },
  setPresence: { status: 'online', reason: free('') },
  readChats: { name: free('x.csv', (bad) => `${bad.slice(0, 90)}.csv`), data: Buffer.from(sheet(payloads.picture) + sheet(payloads.picture)).toString('base64') },
  readFile: { name: free('x.md', (bad) => `${bad.slice(0, 90)}.md`), data: Buffer.from(`# ${payloads.picture}\n\n${payloads.script}`).toString('base64') },
  acceptProposal: { at: 'prp_1', version: 1, entry: { id: '', title: free('问'), answer: free('答'), topic: free('t'), locale: free('zh-CN'), ways: [free('问')] } },
  refuseProposal: { at: 'prp_1', version: 1, reason: free('不对') },
  createRobot: { name: free('群'), kind: 'dingtalk', url: free('https://oapi.dingtalk.com/robot/send?access_token=a'), secret: free('SEC'), enabled: false, rules: ['escalated'] },
  changeRobot: { at: a.robot, name: free('群'), kind: 'dingtalk', url: free('https://oapi.dingtalk.com/robot/send?access_token=a'), secret: free('SEC'), enabled: false, rules: ['escalated'] },
  createRole: { name: free('角色'), visibility: 'own', permissions: [free('conversations.read')] },
  changeRole: { at: a.role, name: free('角色一', (bad) => `二${bad}`), visibility: 'own', permissions: [free('conversations.read')] },
  createScenario: { source: flow(() => `f_${short()}`) },
  saveScenario: { at: a.flow, revision: 1, source: flow(() => 'order_x') },
  checkScenario: { source: flow(() => 'order_y') },
  debugScenario: { source: flow(() => 'order_y'), input: { kind: 'begin', text: free('一'), flow: free('order_y'), answer: free('一'), contact_name: free('王'), form: { a: free('一') }, result: { call: free('c'), failure: free('f') } } },
  putScenarioSecret: { at: 'shop_x', value: free('https://a.example') },
  logIn: { email: free('nobody@shop.example'), password: free('wrong'), code: free('') },
  setUp: { company: free('公司'), name: free('人'), email: free('b@shop.example'), password: free('long enough 1'), code: free('') },
  createSkill: { name: free(() => `技能${short()}`) },
  renameSkill: { at: a.skill, name: free('技能一', (bad) => `二${bad}`) },
  setAgentWork: { at: a.me, capacity: 9, languages: [free('zh-CN')], skills: {} },
  setQueueRules: { automatic: false, compensation: [{ title: free('补偿'), text: free('抱歉') }], inboxes: { [a.demo]: { language: free('zh-CN'), team_id: '', needs: [{ skill: free(a.skill), level: 1 }] } } },
  setTeamWork: { at: a.team, zone: free('Asia/Shanghai'), hours: { week: [[], [], [], [], [], [], []], exceptions: [{ date: free('2027-01-01'), name: free('元旦'), periods: [] }] } },
  createTeam: { name: free('小组'), member_ids: [free(a.me)] },
  changeTeam: { at: a.team, name: free('小组一'), member_ids: [free(a.me)] },
  createToken: { name: free('令牌'), permissions: [free('conversations.read')], expires_at: soon() },
})
/** Fields that name a thing or a version of it, and nobody reads. */
const names = /(_id|\.id|\.revision|\.channel)$/
/** Commands that answer hostile words with a refusal, whatever they are in. */
const refuse = new Set(['learnFromReply', 'lookInvitation', 'acceptInvitation', 'changePassword', 'disableTOTP', 'logIn', 'setUp', 'correctBotAnswer', 'sendBotDraft', 'acceptProposal', 'refuseProposal', 'changeMany', 'labelConversation', 'mergeContacts', 'changeManyKnowledge', 'serveKnowledge', 'saveScenario', 'changeKnowledge', 'setAgentWork', 'invite', 'setPresence'])

const views = ['mine', 'mentioned', 'unassigned', 'open', 'pending', 'snoozed', 'resolved', 'all'].map((v) => `inbox/${v}`)
const settings = ['account', 'security', 'company', 'people', 'teams', 'skills', 'hours', 'queue', 'alerts', 'roles', 'inboxes', 'canned', 'labels', 'tokens', 'audit', 'letters', 'rotation'].map((v) => `settings/${v}`)
const bot = ['drafts', 'decisions', 'settings', 'knowledge', 'knowledge/synonyms', 'knowledge/import', 'knowledge/training', 'flows', 'flows/secrets', 'review', 'intents', 'intents/import', 'intents/training'].map((v) => `bot/${v}`)

describe('hostile text', { timeout: 10 * patience }, () => {
  let program, browser, visitor, admin, desk
  const a = {}
  const dialogs = []
  const upsets = []
  const watch = (page) => {
    page.on('dialog', (d) => (dialogs.push(d.message()), d.dismiss()))
    page.on('console', (m) => m.type() === 'error' && /Content Security Policy/.test(m.text()) && upsets.push(m.text()))
  }

  before(async () => {
    program = await Program.start()
    browser = await launch()
    visitor = await person(browser, program.base)
    admin = await person(browser, program.base)
    for (const p of [visitor, admin]) watch(p.page)
    desk = new Desk(admin.page)
    await desk.logIn('/desk/inbox/all')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  /** Nothing on the page ran or could run, and it is as wide as its window. */
  async function harmless(page, what, again = 10) {
    for (const frame of page.frames()) {
      const look = frame.evaluate(() => ({
        ran: 'pwned' in globalThis,
        links: [...document.querySelectorAll('[href],[src],[action],[formaction]')]
          .flatMap((e) => ['href', 'src', 'action', 'formaction'].map((n) => e.getAttribute(n)))
          .filter((v) => v && /^\s*(javascript|vbscript|data:text)/i.test(v)),
        made: document.querySelectorAll('img[src="x"], [onerror], [onload]').length + [...document.scripts].filter((s) => s.text.includes('pwned')).length,
        wide: document.documentElement.scrollWidth > innerWidth + 1,
      }))
      const found = await look.catch((error) => {
        if (frame === page.mainFrame() || again === 0) throw error
      })
      // A preview within the page went, or was loaded anew, while it was looked at: those that are there now are.
      if (!found) return harmless(page, what, again - 1)
      assert.deepEqual(found, { ran: false, links: [], made: 0, wide: false }, what)
    }
    assert.deepEqual(dialogs, [], what)
  }

  /** Sends a command as the page's person would, from here: many are quicker so. */
  let cookie = ''
  let csrf = ''
  async function send(method, path, body) {
    for (;;) {
      const answer = await fetch(`${program.base}/api/v1${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', Cookie: cookie, 'X-CSRF-Token': csrf, 'Idempotency-Key': randomUUID() },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      // Who tries passwords waits for minutes, and that is right; everything else is let in again at once.
      if (answer.status !== 429 || !(answer.headers.get('Retry-After') <= 2)) return { status: answer.status, text, json: () => JSON.parse(text || '{}') }
      await new Promise((done) => setTimeout(done, 1_000 * Number(answer.headers.get('Retry-After'))))
    }
  }
  const first = async (path) => (await send('GET', path)).json().items?.[0]?.id

  /** A visitor's call; the token is the page's own. */
  let token = ''
  async function call(method, params) {
    for (;;) {
      const answer = await fetch(`${program.base}/rpc/v1`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })
      assert.ok(answer.status < 500, `${method}: ${answer.status}`)
      const { result, error } = await answer.json()
      assert.notEqual(error?.data?.kind, 'internal', `${method}: ${JSON.stringify(error)}`)
      if (error?.data?.kind !== 'limited') return result
      await new Promise((done) => setTimeout(done, error.data.retry_after_ms ?? 500))
    }
  }

  it('comes from a visitor, in everything that a visitor sends', async () => {
    await visitor.page.goto('/widget/?key=chk_demo')
    await visitor.page.locator('.composer textarea').fill(payloads.picture)
    await visitor.page.locator('.composer textarea').press('Enter')
    await visitor.page.locator('article.own:not(.pending)').first().waitFor()
    token = await visitor.page.evaluate(() => localStorage.getItem(Object.keys(localStorage).find((k) => k.endsWith('/token'))))
    let id = 0
    for (const [kind, bad] of Object.entries(payloads)) {
      const page = { url: `https://shop.example/?q=${encodeURIComponent(bad.slice(0, 100))}`, title: bad }
      for (const part of filled(kind === 'picture' || kind === 'link' ? parts() : parts().slice(0, 1), () => bad)) await call('message.send', { client_id: `h${id++}`, parts: [part], prechat: { name: bad, email: bad, phone: bad, [bad]: bad }, context: { page, product: { title: bad, url: bad, image_url: bad, price: bad } } })
      await call('track', { events: [{ type: 'page', ...page }, { type: 'page', url: bad, title: 'x' }, { type: 'custom', name: bad, props: { [bad]: bad } }] })
      await call('typing', { on: true, text: bad })
      const name = encodeURIComponent(`${bad.slice(0, 80)}.png`)
      const upload = await fetch(`${program.base}/rpc/v1/attachments`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'image/svg+xml', 'X-File-Name': name }, body: `<svg xmlns="http://www.w3.org/2000/svg" onload="pwned=1"><script>pwned=1</script></svg>` })
      assert.ok(upload.status < 500, `a file: ${upload.status}`)
      const text = await fetch(`${program.base}/rpc/v1/attachments`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/html', 'X-File-Name': encodeURIComponent(`${bad.slice(0, 80)}.html`) }, body: '<script>pwned=1</script>' })
      assert.ok(text.status < 500, `a file: ${text.status}`)
      for (const sent of [upload, text]) if (sent.ok) await call('message.send', { client_id: `h${id++}`, parts: [{ type: 'file', media: { id: (await sent.json()).id } }] })
    }
    const { conversation } = await call('message.list', { limit: 1 })
    a.conversation = conversation.id
    for (const bad of Object.values(payloads)) await call('conversation.rate', { conversation_id: conversation.id, score: 1, comment: bad.slice(0, 900) })
    await visitor.page.reload()
    await visitor.page.locator('article.own').first().waitFor()
    await harmless(visitor.page, 'the chat window')
  })

  it('comes from colleagues, in every field of every command', async () => {
    cookie = (await admin.context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ')
    const session = (await send('GET', '/session')).json()
    csrf = session.csrf_token
    const conversation = (await send('GET', `/conversations/${a.conversation}`)).json()
    Object.assign(a, {
      me: session.agent.id,
      contact: conversation.contact?.id ?? conversation.contact_id,
      lin: (await send('GET', '/agents')).json().items.find((x) => x.id !== session.agent.id).id,
      other: (await send('GET', '/contacts')).json().items?.at(-1)?.id,
      intent: await first('/bot/intents'), entry: await first('/knowledge/entries?limit=1'), flow: await first('/scenarios'), team: await first('/teams'), skill: await first('/skills'),
      demo: await first('/inboxes'), label: await first('/labels'), canned: await first('/canned-replies'),
      spare: (await send('POST', '/inboxes', { channel: 'webchat', name: '备用' })).json().id,
      role: (await send('POST', '/roles', { name: '备用', visibility: 'own', permissions: ['conversations.read'] })).json().id,
      robot: (await send('POST', '/robots', { name: '备用', kind: 'dingtalk', url: 'https://oapi.dingtalk.com/robot/send?access_token=a', secret: 'SEC', enabled: false, rules: ['escalated'] })).json().id,
      categories: (await send('GET', '/knowledge/categories')).json().version ?? 0,
      synonyms: (await send('GET', '/knowledge/synonyms')).json().version ?? 0,
    })
    const taken = new Map()
    for (const { id, method, path, texts } of commands()) {
      const known = bodies(a)[id]
      // Parts are the same everywhere: where all of them are, they are looked for.
      const missing = texts.filter((t) => !names.test(t) && !(t.includes('parts[].') && id !== 'reply') && !covers(known ?? {}, t))
      assert.deepEqual(missing, [], `${id} has a text that this test knows nothing of: write it into its body above`)
      if (!known) continue
      const put = async ([name, bad]) => {
        const { at, ...whole } = bodies(a)[id]
        const address = path.replace(/\{(id|name)\}/, at ?? '')
        const attempt = async (body, choose) => {
          const answer = await send(method, address, filled({ ...body, ...(id === 'schedule' ? { at: soon() } : {}) }, choose))
          assert.ok(answer.status < 500, `${id} with ${name}: ${answer.status} ${answer.text}`)
          if (answer.status < 300) taken.set(id, (taken.get(id) ?? 0) + 1)
          return answer.status
        }
        // All at once; what is refused because of one is tried with each alone. What holds parts shows them alike, so
        // each kind of part goes where it is shown most.
        const kinds = id === 'reply' || id === 'createCannedReply' ? whole.parts : whole.parts?.slice(0, 1)
        for (const part of kinds ?? [undefined]) {
          const body = part ? { ...whole, parts: [part] } : whole
          if ([409, 422].includes(await attempt(body, () => bad)) && name === 'picture') await Promise.all(places(body).map((only) => attempt(body, (path) => (path === only ? bad : undefined))))
        }
        if (id === 'saveKnowledgeCategories') a.categories = (await send('GET', '/knowledge/categories')).json().version ?? a.categories
        if (id === 'saveSynonyms') a.synonyms = (await send('GET', '/knowledge/synonyms')).json().version ?? a.synonyms
      }
      // What counts its versions takes one after another; with everything else many are on their way at once.
      if ('version' in known) for (const one of Object.entries(payloads)) await put(one)
      else await Promise.all(Object.entries(payloads).map(put))
    }
    const untaken = commands().filter((c) => bodies(a)[c.id] && !taken.has(c.id) && !refuse.has(c.id)).map((c) => c.id)
    assert.deepEqual(untaken, [], 'commands that took no hostile text at all: their bodies are wrong, or they belong into "refuse"')
  })

  it('is only text on every page of the desk and in the chat', async () => {
    const { page } = admin
    const one = [`inbox/all/${a.conversation}`, `settings/inboxes/${a.spare}/install`, `settings/inboxes/${a.spare}/design`, `settings/inboxes/${a.spare}/access`, `settings/inboxes/${a.spare}/general`, `settings/roles/${a.role}`, `bot/knowledge/${a.entry}`, `bot/flows/${a.flow}`, `bot/intents/${a.intent}`]
    await page.goto('/desk/inbox/all')
    await page.locator('[data-conversation]').first().waitFor()
    for (const path of [...views, ...one, 'start', 'queue', 'wall', ...settings, ...bot]) {
      // As a click on a link does it: the page is not loaded anew each time.
      await page.evaluate((to) => (history.pushState({}, '', to), dispatchEvent(new PopStateEvent('popstate', { state: null }))), `/desk/${path}`)
      await page.locator('main').first().waitFor()
      await page.waitForFunction(() => !document.querySelector('main .animate-pulse') && document.getAnimations().every((x) => x.playState !== 'running' || !Number.isFinite(x.effect?.getComputedTiming().endTime ?? 0)))
      await harmless(page, path)
    }
    await page.goto(`/desk/inbox/all/${a.conversation}`)
    await desk.thread.locator('article').first().waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('img')
    await until(async () => (await page.getByRole('option').count()) > 0, 'an answer of the search')
    await harmless(page, 'the search')
    await visitor.page.reload()
    await visitor.page.locator('article').first().waitFor()
    await harmless(visitor.page, 'the chat window with answers')
    const spare = await visitor.context.newPage()
    watch(spare)
    await spare.goto(`/try?key=${(await send('GET', `/inboxes/${a.spare}`)).json().key}`)
    await spare.locator('yingda-chat button.launch').waitFor()
    await harmless(spare, 'a page with the hostile chat window')
    for (const path of ['/', '/demo', '/desk/login']) {
      await spare.goto(path)
      await harmless(spare, path)
    }
    // The picture of an honest card may come from anywhere.
    assert.deepEqual([...visitor.strays, ...admin.strays, ...upsets].filter((s) => s !== 'request to shop.example'), [])
  })
})
