// The SDK in Node against the real program, through networks that block, hold back and cut.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { browserHost, Chat, memoryStorage } from '@yingda/sdk'
import WebSocket from 'ws'
import { Program } from '../lib/program.mjs'
import { Proxy } from '../lib/proxy.mjs'

/** What Node 20 lacks. */
function socket(url) {
  const ws = new WebSocket(url)
  const s = { send: (text) => ws.send(text), close: () => ws.terminate(), onopen: null, onmessage: null, onclose: null }
  ws.on('open', () => s.onopen?.())
  ws.on('message', (data) => s.onmessage?.(String(data)))
  ws.on('close', (code, reason) => s.onclose?.(code, String(reason)))
  ws.on('error', () => {})
  return s
}

async function until(is, what, ms = 30_000) {
  const end = Date.now() + ms
  while (!is()) {
    if (Date.now() > end) assert.fail(`waited ${ms} ms for ${what}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}

const texts = (chat) => chat.messages.map((m) => m.parts[0]?.text)

describe('the SDK over a real network', () => {
  let program, proxy
  const chats = []
  function open(storage = memoryStorage(), more = {}) {
    const chat = new Chat({
      endpoint: proxy.base,
      channelKey: 'chk_demo',
      host: browserHost({
        storage,
        socket,
        // Something better is tried once a minute: too long for a test.
        after: (ms, run) => {
          const handle = setTimeout(run, ms > 44_000 && ms < 76_000 ? ms / 30 : ms)
          return { cancel: () => clearTimeout(handle) }
        },
        ...more,
      }),
    })
    chats.push(chat)
    return chat
  }
  before(async () => {
    program = await Program.start()
    proxy = await Proxy.start(program.base)
  })
  after(async () => {
    for (const chat of chats) chat.stop()
    await proxy?.stop()
    await program?.stop()
  })

  it('changes its transport by itself, down and up again, and nothing is lost', async () => {
    const storage = memoryStorage()
    const one = open(storage)
    await one.start()
    one.send('begin')
    await until(() => one.messages[0]?.state === 'sent', 'the first message')
    const two = open(storage)
    await two.start()
    const said = ['begin']
    const say = async (transport) => {
      await until(() => one.transport === transport && two.transport === transport, `both to use ${transport}, not ${one.transport} and ${two.transport}`)
      said.push(`by ${transport}`)
      one.send(said.at(-1))
      // Short polls come every four seconds; everything else is news at once, or after half a minute when it is not told.
      await until(() => texts(two).length === said.length, `the message by ${transport}`, transport === 'short_poll' ? 20_000 : 8_000)
    }
    await say('socket')
    proxy.upgrades = false
    proxy.cut()
    await say('stream')
    proxy.streams = false
    proxy.cut()
    await say('long_poll')
    proxy.waits = false
    proxy.cut()
    await say('short_poll')
    proxy.waits = proxy.streams = true
    await say('stream')
    proxy.upgrades = true
    await say('socket')
    assert.deepEqual(texts(one), said)
    assert.deepEqual(texts(two), said)
  })

  it('loses and repeats nothing while everything is cut again and again, and the program dies', async () => {
    const storage = memoryStorage()
    const chat = open(storage)
    await chat.start()
    const said = []
    for (let i = 0; i < 30; i++) {
      said.push(`m${i}`)
      chat.send(said.at(-1))
      if (i % 4 === 0) proxy.cut()
      if (i === 15) {
        await program.kill()
        await program.up()
      }
      await new Promise((done) => setTimeout(done, 30))
    }
    await until(() => chat.messages.length === said.length && chat.messages.every((m) => m.state === 'sent' || m.state === 'read'), 'all to be sent')
    const other = open(storage)
    await other.start()
    assert.deepEqual(texts(other), said)
    assert.deepEqual(texts(chat), said)
    assert.equal(new Set(other.messages.map((m) => m.clientID)).size, said.length)
  })

  it('is not misled by a clock that is years off', async () => {
    const wrong = new Date('2019-01-01T00:00:00Z')
    const chat = open(memoryStorage(), { date: () => wrong })
    await chat.start()
    chat.send('when is it?')
    assert.ok(Math.abs(chat.serverTime.getTime() - Date.now()) < 5_000)
    await until(() => chat.messages[0]?.state === 'sent', 'the message')
    assert.ok(Math.abs(Date.parse(chat.messages[0].at) - Date.now()) < 10_000)
  })

  it('rates, agrees to be followed and tells what it sees', async () => {
    const chat = open()
    chat.setPage({ url: 'https://shop.example/p/7', title: '羊毛衫' })
    chat.prechat({ name: '王小明', order: 'A-1042' })
    await chat.start()
    assert.equal(chat.features?.rating, true)
    chat.send('有大一号的吗？')
    await until(() => chat.messages[0]?.state === 'sent', 'the message')
    chat.track('cart', { items: 2 })
    await chat.setConsent(true)
    const rating = await chat.rate(5, '很快')
    assert.equal(rating.score, 5)
    await until(() => chat.conversation?.rating?.comment === '很快', 'the rating')
    await until(() => chat.state === 'online', 'the line to go on')
  })
})
