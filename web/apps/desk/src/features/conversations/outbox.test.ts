import { Problem } from '@yingda/shared/api'
import { describe, expect, it, vi } from 'vitest'
import type { OutboxItem } from './model.ts'
import type { Message } from './shapes.ts'
import { Outbox } from './outbox.ts'

function setUp(send: (item: OutboxItem) => Promise<Message | undefined>, stored: OutboxItem[] = []) {
  let items: OutboxItem[] = []
  const saved = { items: stored }
  const box = new Outbox({
    send,
    sent: () => undefined,
    changed: (all) => (items = all),
    explain: () => 'because',
    storage: { load: () => saved.items, save: (all) => (saved.items = all) },
    waits: [1],
  })
  return { box, items: () => items, saved }
}

/** Room for a busy machine; vitest's own is a second. */
const patience = 20_000

const done = (n: () => OutboxItem[]): Promise<void> => vi.waitFor(() => expect(n()).toEqual([]), patience)

describe('Outbox', () => {
  it('sends one after the other per conversation, in the order of writing, under lasting keys', async () => {
    const tries: string[] = []
    let failures = 3
    const s = setUp(async (item) => {
      tries.push(`${item.text}:${item.key}`)
      if (item.text === 'one' && failures-- > 0) throw Problem.network()
      return undefined
    })
    const first = s.box.add({ conversation: 'a', mode: 'reply', text: 'one' })
    s.box.add({ conversation: 'a', mode: 'reply', text: 'two' })
    s.box.add({ conversation: 'b', mode: 'note', text: 'other' })
    await done(s.items)
    expect(tries.filter((t) => t.startsWith('one'))).toEqual(Array(4).fill(`one:${first.key}`))
    expect(tries.findIndex((t) => t.startsWith('two'))).toBeGreaterThan(tries.findLastIndex((t) => t.startsWith('one')))
    expect(tries.findIndex((t) => t.startsWith('other'))).toBeLessThan(tries.findIndex((t) => t.startsWith('two')))
  })

  it('keeps a refused message with its reason, goes on, and sends again under the same key', async () => {
    const sent: string[] = []
    let refuse = true
    const s = setUp(async (item) => {
      if (item.text === 'bad' && refuse) throw new Problem('denied', 403, '')
      sent.push(item.text + item.key)
      return undefined
    })
    const bad = s.box.add({ conversation: 'a', mode: 'reply', text: 'bad' })
    const good = s.box.add({ conversation: 'a', mode: 'reply', text: 'good' })
    await vi.waitFor(() => expect(s.items()).toMatchObject([{ key: bad.key, state: 'failed', reason: 'because' }]), patience)
    refuse = false
    s.box.resend(bad.key)
    await done(s.items)
    expect(sent).toEqual([`good${good.key}`, `bad${bad.key}`])
  })

  it('takes up after a reload what was under way', async () => {
    const item: OutboxItem = { key: 'k', conversation: 'a', mode: 'reply', text: 't', at: '', state: 'sending' }
    const keys: string[] = []
    const s = setUp(async (i) => {
      keys.push(i.key)
      return undefined
    }, [item])
    expect(s.items()[0]?.state).toBe('waiting')
    s.box.kick()
    await done(s.items)
    expect(keys).toEqual(['k'])
    expect(s.saved.items).toEqual([])
  })

  it('drops what the feed confirms, and only that', async () => {
    const s = setUp(() => new Promise(() => undefined))
    const item = s.box.add({ conversation: 'a', mode: 'reply', text: 't' })
    s.box.confirmed(undefined)
    s.box.confirmed('another')
    expect(s.items()).toHaveLength(1)
    s.box.confirmed(item.key)
    expect(s.items()).toEqual([])
  })

  it('a kick ends the wait', async () => {
    vi.useFakeTimers()
    try {
      let tries = 0
      const box = new Outbox({
        send: async () => {
          if (tries++ === 0) throw Problem.network()
          return undefined
        },
        sent: () => undefined,
        changed: () => undefined,
        explain: () => '',
        waits: [3_600_000],
      })
      box.add({ conversation: 'a', mode: 'reply', text: 't' })
      await vi.advanceTimersByTimeAsync(10)
      expect(tries).toBe(1)
      box.kick()
      await vi.advanceTimersByTimeAsync(10)
      expect(tries).toBe(2)
    } finally {
      vi.useRealTimers()
    }
  })

  it('keeps what waits when the session ends, for the next log-in of the same person', async () => {
    const tries: string[] = []
    const s = setUp(async (item) => {
      tries.push(item.text)
      throw new Problem('unauthenticated', 401, '')
    })
    s.box.add({ conversation: 'a', mode: 'reply', text: 'one' })
    s.box.add({ conversation: 'a', mode: 'reply', text: 'two' })
    await vi.waitFor(() => expect(s.items()).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }]), patience)
    expect(tries).toEqual(['one'])
    expect(s.saved.items).toMatchObject([{ text: 'one' }, { text: 'two' }])
  })

  it('sends and stores nothing after it was closed', async () => {
    const tries: string[] = []
    let answer = (): void => undefined
    const s = setUp(async (item) => {
      tries.push(item.text)
      await new Promise<void>((done) => (answer = done))
      return undefined
    })
    s.box.add({ conversation: 'a', mode: 'reply', text: 'one' })
    s.box.add({ conversation: 'a', mode: 'reply', text: 'two' })
    s.box.close()
    answer()
    await new Promise((done) => setTimeout(done))
    s.box.kick()
    expect(tries).toEqual(['one'])
    expect(s.saved.items).toMatchObject([{ text: 'one' }, { text: 'two' }])
  })
})
