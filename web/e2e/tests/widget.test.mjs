// What a visitor can do in the chat, with an agent at the other end.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { comes, launch, patience, person, picture, until } from '../lib/browser.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

const zh = (text) => ({ 'zh-CN': text })

describe('the widget', { timeout: 20 * patience }, () => {
  let program, browser, agent, visitor, shop, id
  before(async () => {
    program = await Program.start()
    browser = await launch()
    agent = await Agent.logIn(program.base)
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('shows nothing that moves the page, and loads no frame before it is wanted', async () => {
    visitor = await person(browser, program.base)
    shop = new Shop(visitor.page)
    await visitor.page.addInitScript(() => {
      globalThis.shifts = 0
      new PerformanceObserver((list) => list.getEntries().forEach((e) => (globalThis.shifts += e.value))).observe({ type: 'layout-shift', buffered: true })
    })
    await visitor.page.goto('/demo')
    const launcher = visitor.page.locator('yingda-chat .launch')
    await launcher.waitFor()
    assert.equal(await visitor.page.locator('yingda-chat iframe').count(), 0)
    const before = await visitor.page.evaluate(() => globalThis.shifts)
    await launcher.hover()
    await visitor.page.locator('yingda-chat iframe').waitFor({ state: 'attached' })
    await launcher.click()
    await shop.input.waitFor()
    assert.equal(await visitor.page.evaluate(() => globalThis.shifts), before)
  })

  it('is as the inbox’s settings say: words, colour, side, quick replies, form first', async () => {
    await agent.settings({
      primary: '#1d4ed8',
      widget: {
        position: 'left',
        texts: { 'zh-CN': { title: '应答优选客服', launcher: '在线咨询', placeholder: '想问什么？' }, en: { title: 'Select support', launcher: 'Ask us' } },
        quick_replies: { 'zh-CN': ['我的订单到哪了？', '怎么退换货？'], en: ['Where is my order?'] },
        prechat: {
          enabled: true,
          title: zh('先认识一下您'),
          fields: [
            { name: 'name', label: '称呼', kind: 'text', required: true },
            { name: 'email', label: '邮箱', kind: 'email' },
            { name: 'topic', label: '类型', kind: 'select', options: ['订单', '售后'] },
          ],
        },
      },
    })
    // Answers about the look are kept a minute by browsers.
    const fresh = await person(browser, program.base)
    shop = new Shop(fresh.page)
    visitor = fresh
    await fresh.page.goto('/demo')
    const launcher = fresh.page.locator('yingda-chat .launch')
    await until(async () => (await launcher.textContent()).includes('在线咨询'), 'the launcher’s own words')
    await until(async () => (await launcher.boundingBox())?.x < 100, 'the launcher on the left')
    await launcher.click()
    await shop.frame.getByRole('heading', { name: '应答优选客服' }).waitFor()
    await until(async () => (await shop.frame.locator('html').evaluate((e) => e.style.getPropertyValue('--brand'))) === '#1d4ed8', 'the colour')

    const form = shop.frame.getByRole('form', { name: '先认识一下您' })
    await form.waitFor()
    assert.equal(await shop.input.isVisible(), false)
    await form.getByRole('button', { name: '开始聊天' }).click()
    await form.getByRole('alert').first().waitFor()
    await form.getByLabel('称呼').fill('王小明')
    await form.getByLabel('邮箱').fill('不是邮箱')
    await form.getByRole('button', { name: '开始聊天' }).click()
    await form.getByText('请填写有效的邮箱地址').waitFor()
    await form.getByLabel('邮箱').fill('wang@example.com')
    await form.getByLabel('类型').selectOption('售后')
    await picture(fresh.page, 'widget-prechat')
    await form.getByRole('button', { name: '开始聊天' }).click()
    await shop.frame.getByRole('button', { name: '怎么退换货？' }).click()
    await shop.stored('怎么退换货？')
    id = (await agent.conversation('怎么退换货')).id
    const whole = JSON.stringify(await agent.get(`/conversations/${id}`))
    assert.ok(whole.includes('王小明'), 'the answers introduce the visitor to the agent')
    await comes(() => shop.frame.getByRole('button', { name: '怎么退换货？' }).count(), 0, 'quick replies go when the talk has begun')
  })

  it('sends the product that is looked at', async () => {
    await visitor.page.evaluate(() => globalThis.yingda('product', { title: '屿 头戴式降噪耳机', price: '¥699', url: '/demo#headphones', image_url: '/site/icon.svg' }))
    const card = shop.frame.getByRole('region', { name: '您正在浏览' })
    await card.getByText('屿 头戴式降噪耳机').waitFor()
    await picture(visitor.page, 'widget-product')
    await card.getByRole('button', { name: '发给客服' }).click()
    await card.waitFor({ state: 'detached' })
    const sent = await until(async () => (await agent.messages(id)).items.flatMap((m) => m.parts).find((p) => p.type === 'card'), 'the card')
    assert.deepEqual([sent.card.title, sent.card.price, new URL(sent.card.url).hash], ['屿 头戴式降噪耳机', '¥699', '#headphones'])
  })

  it('shows cards, buttons, forms and Markdown, and sends what is chosen', async () => {
    await agent.reply(id, '您好，可以退：\n- **七天**内无理由\n- 运费我们承担')
    await agent.reply(id, [{ type: 'buttons', text: '要现在办理吗？', buttons: [{ label: '现在办理', value: '办理退货' }, { label: '再想想' }] }])
    await agent.reply(id, [{ type: 'card', card: { title: '退货说明', subtitle: '三步完成', url: 'https://shop.example/return', price: '免运费' } }])
    await agent.reply(id, [{ type: 'form', form: { title: '退货申请', fields: [{ name: 'order', label: '订单号', kind: 'text', required: true }, { name: 'why', label: '原因', kind: 'textarea' }] } }])
    await shop.frame.locator('.md strong', { hasText: '七天' }).waitFor()
    await shop.frame.getByRole('link', { name: '退货说明' }).waitFor()
    await shop.frame.getByRole('button', { name: '现在办理' }).click()
    await shop.stored('办理退货')
    const form = shop.frame.getByRole('form', { name: '退货申请' })
    await form.getByLabel('订单号').fill('A-1042')
    await form.getByRole('button', { name: '提交' }).click()
    await shop.frame.getByText('A-1042').waitFor()
    await comes(() => form.getByRole('button', { name: '已提交' }).isDisabled(), true, 'it is handed in once')
    await until(async () => (await agent.messages(id)).items.some((m) => m.parts.some((p) => p.form?.values?.order === 'A-1042')), 'the answers at the desk')
  })

  it('quotes, and jumps to what is quoted', async () => {
    const sent = await agent.reply(id, '收到您的申请了')
    await shop.sees('收到您的申请了')
    const row = shop.frame.locator('article', { hasText: '收到您的申请了' })
    await row.hover()
    await row.locator('[data-act="reply"]').click()
    await shop.frame.getByText('回复 ').waitFor()
    await shop.say('大概几天退款')
    await shop.stored('大概几天退款')
    const stored = await until(async () => (await agent.messages(id)).items.find((m) => m.parts[0]?.text === '大概几天退款'), 'the quoting message')
    assert.equal(stored.reply_to, sent.id)
    await agent.reply(id, '一到三天', { reply_to: stored.id })
    const quote = shop.frame.locator('article', { hasText: '一到三天' }).locator('.quote')
    await quote.click()
    await until(() => shop.frame.locator(`[data-id="${stored.id}"]`).evaluate((el) => el === el.ownerDocument.activeElement), 'the quoted message in focus')
    await picture(visitor.page, 'widget-talk')
  })

  it('takes a message back on both sides', async () => {
    await shop.say('发错了请忽略')
    await shop.stored('发错了请忽略')
    const row = shop.frame.locator('article.own', { hasText: '发错了请忽略' })
    await row.hover()
    await row.locator('[data-act="recall"]').click()
    await shop.frame.getByText('您撤回了一条消息').waitFor()
    await comes(() => shop.bubble('发错了请忽略').count(), 0, 'the words are gone')
    await until(async () => !JSON.stringify((await agent.messages(id)).items).includes('发错了请忽略'), 'the text gone at the desk')
  })

  it('picks emoji by keyboard', async () => {
    await shop.frame.getByRole('button', { name: '表情' }).click()
    await shop.frame.getByRole('dialog', { name: '选择表情' }).getByRole('button').first().waitFor()
    await until(() => shop.frame.getByRole('dialog', { name: '选择表情' }).getByRole('button').first().evaluate((el) => el === el.ownerDocument.activeElement), 'the focus on the first')
    await visitor.page.keyboard.press('ArrowRight')
    await visitor.page.keyboard.press('Enter')
    await visitor.page.keyboard.press('Escape')
    await comes(() => shop.input.inputValue(), '😄', 'the text')
    await shop.input.fill('')
  })

  it('shows that the other side types, and that it has read', async () => {
    await until(async () => {
      await agent.typing(id)
      return shop.frame.locator('.typing').isVisible()
    }, 'the sign of typing')
    await agent.post(`/conversations/${id}/read`, { seq: (await agent.messages(id)).items.at(-1).seq })
    await shop.frame.locator('.meta.read').last().waitFor()
  })

  it('counts on the launcher, shows who wrote, and opens there', async () => {
    await visitor.page.keyboard.press('Escape')
    await visitor.page.locator('yingda-chat .panel').waitFor({ state: 'hidden' })
    await agent.reply(id, '退款已经办好')
    await visitor.page.locator('yingda-chat .badge', { hasText: '1' }).waitFor()
    const teaser = visitor.page.locator('yingda-chat .teaser')
    await teaser.getByText('退款已经办好').waitFor()
    await picture(visitor.page, 'widget-teaser')
    await teaser.getByRole('button').first().click()
    await shop.sees('退款已经办好')
    await teaser.waitFor({ state: 'detached' })
    await visitor.page.locator('yingda-chat .badge').waitFor({ state: 'hidden' })
  })

  it('speaks the other language at once, and remembers it', async () => {
    await shop.frame.getByRole('button', { name: '更多' }).click()
    await shop.frame.getByRole('menuitem', { name: '切换到 English' }).click()
    await shop.frame.getByRole('heading', { name: 'Select support' }).waitFor()
    await until(async () => (await visitor.page.locator('yingda-chat .launch').getAttribute('aria-label')).startsWith('Close'), 'the launcher in English')
    await visitor.page.reload()
    await visitor.page.locator('yingda-chat .launch').click()
    await shop.frame.getByRole('heading', { name: 'Select support' }).waitFor()
    await shop.frame.getByRole('button', { name: 'More' }).click()
    await shop.frame.getByRole('menuitem', { name: 'Switch to 中文' }).click()
    await shop.sees('退款已经办好')
  })

  it('asks for a rating at the end and takes another', async () => {
    await agent.resolve(id)
    const faces = shop.frame.getByRole('radio')
    await faces.first().waitFor()
    await faces.nth(3).check({ force: true })
    await shop.frame.getByPlaceholder('想对我们说点什么').fill('很快')
    await picture(visitor.page, 'widget-rating')
    await shop.frame.getByRole('button', { name: '提交评价' }).click()
    await shop.frame.getByText('您的评价：满意').waitFor()
    await shop.frame.getByRole('button', { name: '修改评价' }).click()
    await faces.nth(4).check({ force: true })
    await shop.frame.getByRole('button', { name: '提交评价' }).click()
    await shop.frame.getByText('您的评价：非常满意').waitFor()
  })

  it('is the same chat at its own address, with history, in a second tab', async () => {
    const page = await visitor.context.newPage()
    await page.goto('/chat/chk_demo')
    await page.getByRole('log').getByText('退款已经办好', { exact: true }).waitFor()
    await page.getByLabel('输入消息').fill('从整页发的消息')
    await page.keyboard.press('Enter')
    await page.locator('article.own:not(.pending)', { hasText: '从整页发的消息' }).waitFor()
    await shop.sees('从整页发的消息')
    await picture(page, 'widget-page')
    await page.close()
    assert.deepEqual(visitor.strays, [])
  })

  it('keeps writing while the network is away, and sends once', async () => {
    await visitor.context.setOffline(true)
    await shop.say('断网时写的')
    await shop.frame.getByText('消息会在恢复后自动发送').waitFor()
    await shop.frame.getByText('等待发送').waitFor()
    await visitor.context.setOffline(false)
    await shop.stored('断网时写的')
    assert.equal((await shop.texts('断网时写的')).length, 1)
    const all = (await agent.messages(id)).items.concat((await agent.messages((await agent.conversation('断网时写的')).id)).items)
    assert.equal(new Set(all.filter((m) => m.parts[0]?.text === '断网时写的').map((m) => m.id)).size, 1)
  })
})
