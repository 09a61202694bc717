// What a visitor may also do, and what is asked of them: transcript by mail, consent, sound, one history on several devices,
// and a chat whose owner switches it off.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, launch, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Mailbox } from '../lib/mailbox.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

describe('more of the widget', { timeout: 15 * patience }, () => {
  let program, browser, agent, mailbox
  before(async () => {
    mailbox = await Mailbox.open()
    program = await Program.start({ mailPort: mailbox.port })
    browser = await launch()
    agent = await Agent.logIn(program.base)
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
    await mailbox?.close()
  })

  async function visit(options = {}) {
    const visitor = await person(browser, program.base, options)
    visitor.shop = new Shop(visitor.page)
    return visitor
  }
  /** A chat that was open opens by itself after a reload; one that was closed is opened here. */
  async function reopen(v) {
    await v.page.reload()
    await v.page.locator('yingda-chat button.launch').waitFor()
    if (!(await v.shop.input.waitFor({ timeout: 5_000 }).then(() => true, () => false))) await v.shop.openChat()
  }
  const menu = (shop) => shop.frame.getByRole('button', { name: '更多', exact: true })

  it('mails the transcript: what both said, nothing of notes, also hostile words', async () => {
    const v = await visit()
    await v.shop.open()
    await v.shop.say('请把保修条款发我 <b>&amp;</b>')
    await v.shop.stored('请把保修条款发我')
    const { id } = await agent.conversation('保修条款')
    await agent.reply(id, '整机保修**三年**')
    await agent.post(`/conversations/${id}/notes`, { parts: [{ type: 'text', text: '这位客户很急' }] })
    await v.shop.frame.getByText('整机保修', { exact: false }).first().waitFor()
    await menu(v.shop).click()
    await v.shop.frame.getByRole('menuitem', { name: '把聊天记录发到邮箱' }).click()
    const box = v.shop.frame.getByLabel('邮箱')
    await box.fill('not-an-address')
    await v.shop.frame.getByRole('button', { name: '发送', exact: true }).last().click()
    await v.shop.frame.getByText('请填写有效的邮箱地址').waitFor()
    await box.fill('guest@example.com')
    await assertAccessible(v.page, 'the transcript form')
    await picture(v.page, 'widget-transcript')
    await box.press('Enter')
    await v.shop.frame.getByText('已安排发送到 guest@example.com').waitFor()
    const { text } = await mailbox.mailTo('guest@example.com')
    assert.match(text, /三年/)
    assert.match(text, /保修条款/)
    assert.doesNotMatch(text, /很急/)
    const [, html = ''] = text.split(/content-type: *text\/html/i)
    assert.doesNotMatch(html, /<b>&amp;<\/b>/, 'HTML of a visitor is text in the mail')
    assert.deepEqual(v.strays, [])
    await v.context.close()
  })

  it('asks before it follows pages; no is no, yes is seen at the desk', async () => {
    const { widget } = (await agent.get(`/inboxes/${(await agent.get('/inboxes')).items.find((i) => i.key === 'chk_demo').id}`)).settings
    await agent.settings({ widget: { ...widget, consent: true } })
    try {
      const no = await visit()
      await no.shop.open()
      await no.shop.frame.getByText('我们想记录您浏览的页面').waitFor()
      await assertAccessible(no.page, 'the question')
      await picture(no.page, 'widget-consent')
      await no.shop.frame.getByRole('button', { name: '不同意' }).click()
      await no.shop.frame.getByText('我们想记录您浏览的页面').waitFor({ state: 'detached' })
      await no.shop.say('我不想被记录')
      await no.shop.stored('我不想被记录')
      await reopen(no)
      await no.shop.sees('我不想被记录')
      assert.equal(await no.shop.frame.getByText('我们想记录您浏览的页面').count(), 0, 'the answer is remembered')
      const yes = await visit()
      await yes.shop.open()
      await yes.shop.frame.getByRole('button', { name: '同意', exact: true }).click()
      await yes.shop.say('可以记录')
      await yes.shop.stored('可以记录')
      const pages = async (words) => {
        const c = await agent.conversation(words)
        return (await agent.get(`/contacts/${(await agent.get(`/conversations/${c.id}`)).contact.id}/pages`)).items
      }
      await until(async () => (await pages('可以记录')).length > 0, 'the page at the desk')
      assert.deepEqual(await pages('我不想被记录'), [])
      await no.context.close()
      await yes.context.close()
    } finally {
      await agent.settings({ widget })
    }
  })

  it('makes a sound for an answer that is not looked at, unless it is switched off, and remembers that', async () => {
    const v = await visit()
    await v.context.addInitScript(() => {
      globalThis.tones = 0
      const start = OscillatorNode.prototype.start
      OscillatorNode.prototype.start = function (...when) {
        globalThis.top.postMessage('tone', '*')
        return start.apply(this, when)
      }
      if (globalThis === globalThis.top) globalThis.addEventListener('message', (e) => e.data === 'tone' && globalThis.tones++)
    })
    const tones = () => v.page.evaluate(() => globalThis.tones)
    await v.shop.open()
    await v.shop.say('到货了叫我一声')
    await v.shop.stored('到货了叫我一声')
    const { id } = await agent.conversation('叫我一声')
    await v.shop.frame.getByRole('button', { name: '关闭聊天' }).click()
    await agent.reply(id, '到货了')
    await until(async () => (await tones()) > 0, 'a sound')
    await v.shop.openChat()
    await menu(v.shop).click()
    await v.shop.frame.getByRole('menuitem', { name: '关闭提示音' }).click()
    await reopen(v)
    await v.shop.sees('到货了')
    await v.shop.frame.getByRole('button', { name: '关闭聊天' }).click()
    const before = await tones()
    await agent.reply(id, '还有最后一件')
    await v.page.locator('yingda-chat').getByText('还有最后一件').first().waitFor()
    assert.equal(await tones(), before)
    await v.context.close()
  })

  it('knows a signed-in user again on another device, with the whole history, and nobody else', async () => {
    const inbox = (await agent.get('/inboxes')).items.find((i) => i.key === 'chk_demo')
    const made = await agent.post(`/inboxes/${inbox.id}/host-keys`)
    const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url')
    const token = (sub) => {
      const head = `${part({ alg: 'HS256', typ: 'JWT', kid: made.id })}.${part({ sub, name: '王小明', exp: Math.floor(Date.now() / 1000) + 3600 })}`
      return `${head}.${createHmac('sha256', made.secret).update(head).digest('base64url')}`
    }
    const signIn = (v, sub) => v.page.evaluate((t) => globalThis.yingda('identify', t ? { token: t } : null), sub && token(sub))
    const computer = await visit()
    await computer.shop.open()
    await computer.shop.say('登录前问的：有现货吗')
    await computer.shop.stored('登录前问的')
    await signIn(computer, 'user-1042')
    await computer.shop.input.waitFor()
    await computer.shop.say('登录后问的：能开发票吗')
    await computer.shop.stored('登录后问的')
    const { id } = await agent.conversation('能开发票吗')
    await agent.reply(id, '可以开电子发票')
    const mobile = await visit({ viewport: phone, hasTouch: true, isMobile: true })
    await mobile.page.goto('/demo')
    await mobile.page.waitForFunction(() => typeof globalThis.yingda === 'function')
    await signIn(mobile, 'user-1042')
    await mobile.shop.openChat()
    await mobile.shop.sees('登录后问的：能开发票吗')
    await mobile.shop.sees('可以开电子发票')
    await mobile.shop.say('手机上接着问')
    await computer.shop.sees('手机上接着问')
    // Somebody else on the same phone sees none of it.
    await signIn(mobile, 'user-2')
    await mobile.shop.bubble('可以开电子发票').waitFor({ state: 'detached' })
    assert.equal(await mobile.shop.bubble('手机上接着问').count(), 0)
    for (const v of [computer, mobile]) {
      assert.deepEqual(v.strays, [])
      await v.context.close()
    }
  })

  it('says so when the owner switches the chat off, in chats that are open too, and is back after', async () => {
    const v = await visit()
    await v.shop.open()
    await v.shop.say('还在营业吗')
    await v.shop.stored('还在营业吗')
    const inbox = (await agent.get('/inboxes')).items.find((i) => i.key === 'chk_demo')
    const turn = async (enabled) => agent.put(`/inboxes/${inbox.id}`, { name: inbox.name, enabled, settings: (await agent.get(`/inboxes/${inbox.id}`)).settings })
    await turn(false)
    await v.shop.frame.getByText('这个聊天入口没有启用').first().waitFor()
    await assertAccessible(v.page, 'a chat that is switched off')
    await picture(v.page, 'widget-switched-off')
    const late = await person(browser, program.base)
    await late.page.goto('/demo')
    await late.page.locator('yingda-chat button.launch').waitFor({ timeout: 3_000 }).then(
      async () => {
        await late.page.locator('yingda-chat button.launch').click()
        await late.page.frameLocator('yingda-chat iframe').getByText('这个聊天入口没有启用').first().waitFor()
      },
      () => undefined, // no launcher at all says it too
    )
    await turn(true)
    await reopen(v)
    await v.shop.sees('还在营业吗')
    await v.shop.say('又开门了')
    await v.shop.stored('又开门了')
    await v.context.close()
    await late.context.close()
  })
})
