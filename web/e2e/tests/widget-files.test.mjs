// Pictures, files and voice messages from the visitor, with a microphone that is not one.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { chromium } from 'playwright-core'
import { Agent } from '../lib/agent.mjs'
import { comes, patience, person, picture, until } from '../lib/browser.mjs'
import { Program } from '../lib/program.mjs'
import { Shop } from '../lib/shop.mjs'

/** A real picture of one red pixel. */
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64')
const hostileName = '"><img src=x onerror=alert(1)>‮gpj.exe.png'

describe('files and voice in the widget', { timeout: 15 * patience }, () => {
  let program, browser, agent, visitor, shop, id
  before(async () => {
    program = await Program.start()
    browser = await chromium.launch({
      timeout: 2 * patience,
      executablePath: process.env.YINGDA_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
    })
    agent = await Agent.logIn(program.base)
    visitor = await person(browser, program.base)
    shop = new Shop(visitor.page)
    await shop.open()
    await shop.say('我发一张照片给您')
    await shop.stored('我发一张照片给您')
    id = (await agent.conversation('我发一张照片')).id
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  const newest = (type) => until(async () => (await agent.messages(id)).items.flatMap((m) => m.parts).findLast((p) => p.type === type), `a message with ${type}`)

  it('sends a picture with words, whatever its name is', async () => {
    await shop.frame.locator('[data-input="files"]').setInputFiles({ name: hostileName, mimeType: 'image/png', buffer: png })
    await shop.frame.locator('.tray li.ready').waitFor()
    await picture(visitor.page, 'widget-upload')
    await shop.say('就是这个位置')
    await shop.frame.locator('article.own .picture img').waitFor()
    const sent = await newest('image')
    assert.ok(sent.media.url.startsWith('/files/'))
    assert.equal(await visitor.page.evaluate(() => document.querySelectorAll('script[src*=alert]').length), 0)
    await shop.frame.locator('article.own .picture').first().click()
    await shop.frame.getByRole('dialog').getByRole('img').waitFor()
    await visitor.page.keyboard.press('Escape')
    await shop.frame.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('takes pasted and dropped pictures', async () => {
    await shop.input.evaluate((el, bytes) => {
      const data = new DataTransfer()
      data.items.add(new File([new Uint8Array(bytes)], 'pasted.png', { type: 'image/png' }))
      el.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
      const drop = new DataTransfer()
      drop.items.add(new File([new Uint8Array(bytes)], 'dropped.png', { type: 'image/png' }))
      el.dispatchEvent(new DragEvent('dragenter', { dataTransfer: drop, bubbles: true }))
      el.dispatchEvent(new DragEvent('drop', { dataTransfer: drop, bubbles: true, cancelable: true }))
    }, [...png])
    await until(async () => (await shop.frame.locator('.tray li.ready').count()) === 2, 'two pictures in the tray')
    await shop.frame.getByRole('button', { name: '移除 dropped.png' }).click()
    await shop.frame.getByRole('button', { name: '发送', exact: true }).click()
    await until(async () => (await shop.frame.locator('article.own .picture').count()) === 2, 'the pasted picture in the list')
  })

  it('says why a file cannot go', async () => {
    await shop.frame.locator('[data-input="files"]').setInputFiles({ name: '空.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) })
    await shop.frame.getByText('这是一个空文件').waitFor()
    await comes(() => shop.frame.getByRole('button', { name: '发送', exact: true }).isDisabled(), true, 'nothing can be sent')
    await shop.frame.getByRole('button', { name: '移除 空.txt' }).click()
    await shop.frame.locator('[data-input="files"]').setInputFiles({ name: 'x.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ\0\0not for you') })
    await shop.frame.getByText('这种类型的文件不能发送').waitFor()
    await shop.frame.getByRole('button', { name: '移除 x.exe' }).click()
  })

  it('waits for the network with a file, and goes on by itself', async () => {
    await visitor.context.setOffline(true)
    await shop.frame.locator('[data-input="files"]').setInputFiles({ name: '发票.png', mimeType: 'image/png', buffer: png })
    await shop.frame.getByText('没有上传成功').waitFor()
    await visitor.context.setOffline(false)
    await shop.frame.locator('.tray li.ready').waitFor()
    await shop.frame.getByRole('button', { name: '移除 发票.png' }).click()
  })

  it('records, cancels, sends and plays a voice message', async () => {
    const record = shop.frame.getByRole('button', { name: '录制语音消息' })
    await record.click()
    await shop.frame.getByRole('timer').waitFor()
    await shop.frame.getByRole('button', { name: '取消录音' }).click()
    await record.click()
    await shop.frame.locator('.recorder time', { hasText: '0:02' }).waitFor()
    await picture(visitor.page, 'widget-voice')
    await shop.frame.getByRole('button', { name: '发送语音' }).click()
    const voice = shop.frame.locator('.voice').last()
    await voice.waitFor()
    const sent = await newest('audio')
    assert.ok(sent.media.duration_ms >= 1500, `it lasts ${sent.media.duration_ms} ms`)
    await shop.frame.locator('article.own:not(.pending) .voice').waitFor()
    await voice.getByRole('button', { name: '播放语音' }).click()
    await until(async () => Number(await voice.getByRole('slider').inputValue()) > 0.2, 'the voice being played')
    await voice.getByRole('button', { name: '播放速度 1 倍' }).click()
    await voice.getByRole('button', { name: '播放速度 1.5 倍' }).waitFor()
    assert.deepEqual(visitor.strays, [])
  })

  it('explains a microphone that is not allowed', async () => {
    const refusing = await person(browser, program.base)
    await refusing.page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
    })
    const other = new Shop(refusing.page)
    await other.open()
    await other.frame.getByRole('button', { name: '录制语音消息' }).click()
    await other.frame.getByText('没有麦克风权限').waitFor()
    await other.input.waitFor()
    await refusing.context.close()
  })
})
