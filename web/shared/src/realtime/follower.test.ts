import { describe, expect, it } from 'vitest'
import type { FeedBatch, FeedItem } from '../api/index.ts'
import { Follower } from './follower.ts'

/** A feed of n events and a follower of it. */
function setUp(epoch = 'a') {
  const feed = { epoch, items: [] as FeedItem[] }
  const seen: number[] = []
  let resets = 0
  let hold: Promise<void> | null = null
  let fetches = 0
  let fail = false
  const follower = new Follower({
    fetch: async (asked, since): Promise<FeedBatch> => {
      fetches++
      if (hold) await hold
      if (fail) throw new Error('no network')
      const seq = feed.items.at(-1)?.seq ?? 0
      if (asked !== feed.epoch) return { epoch: feed.epoch, seq, reset: true, more: false, events: [] }
      const newer = feed.items.filter((i) => i.seq > since)
      const events = newer.slice(0, 2)
      return { epoch: feed.epoch, seq: events.at(-1)?.seq ?? since, reset: false, more: newer.length > 2, events }
    },
    apply: (_, seq) => seen.push(seq),
    reset: () => resets++,
  })
  const commit = (seq: number) => {
    const prev = feed.items.at(-1)?.seq ?? 0
    const item = { seq, event: { type: 'message.received', at: '' } }
    feed.items.push(item)
    return { epoch: feed.epoch, prev, seq, event: item.event }
  }
  return {
    follower,
    feed,
    seen,
    commit,
    resets: () => resets,
    fetches: () => fetches,
    failing: (on: boolean) => (fail = on),
    holding: () => {
      let release = (): void => undefined
      hold = new Promise((resolve) => (release = resolve))
      return () => {
        hold = null
        release()
      }
    },
  }
}

describe('Follower', () => {
  it('applies pushes that follow on and drops repeats', () => {
    const s = setUp()
    expect(s.follower.connected('a', 0)).toBe(true)
    const first = s.commit(1)
    s.follower.push(first)
    s.follower.push(first)
    s.follower.push(s.commit(5))
    expect(s.seen).toEqual([1, 5])
    expect(s.fetches()).toBe(0)
  })

  it('fetches, page by page, when a push does not follow on', async () => {
    const s = setUp()
    s.follower.connected('a', 0)
    for (const seq of [1, 2, 3, 4]) s.commit(seq)
    s.follower.push(s.commit(5))
    await s.follower.catchUp()
    expect(s.seen).toEqual([1, 2, 3, 4, 5])
  })

  it('keeps order when pushes arrive during a fetch', async () => {
    const s = setUp()
    s.follower.connected('a', 0)
    s.commit(1)
    const release = s.holding()
    s.follower.push(s.commit(2))
    s.follower.push(s.commit(3))
    s.follower.push(s.commit(4))
    release()
    await s.follower.catchUp()
    await s.follower.catchUp()
    expect(s.seen).toEqual([1, 2, 3, 4])
  })

  it('catches up after a reconnection, and again after a failed read', async () => {
    const s = setUp()
    s.follower.connected('a', 0)
    s.commit(1)
    s.commit(2)
    s.failing(true)
    expect(s.follower.connected('a', 2)).toBe(false)
    await s.follower.catchUp()
    expect(s.seen).toEqual([])
    s.failing(false)
    await s.follower.catchUp()
    expect(s.seen).toEqual([1, 2])
  })

  it('starts over when the epoch changed, whoever tells', async () => {
    const s = setUp()
    s.follower.connected('a', 7)
    s.feed.epoch = 'b'
    s.commit(3)
    await s.follower.catchUp()
    expect(s.resets()).toBe(1)
    expect(s.follower.position).toBe(3)
    s.follower.connected('c', 9)
    expect(s.resets()).toBe(2)
    s.follower.push({ epoch: 'd', prev: 1, seq: 2, event: { type: 'x', at: '' } })
    expect(s.resets()).toBe(3)
    expect(s.seen).toEqual([])
  })

  it('ignores pushes before the first connection', () => {
    const s = setUp()
    s.follower.push(s.commit(1))
    expect(s.seen).toEqual([])
  })

  it('gives every event once and in order, however pushes are lost, repeated and shuffled', async () => {
    let state = 7
    const random = (n: number): number => (state = (state * 48271) % 2147483647) % n
    for (let round = 0; round < 200; round++) {
      const s = setUp()
      s.follower.connected('a', 0)
      const pushes: ReturnType<typeof s.commit>[] = []
      for (let seq = 1; seq <= 12; seq++) {
        const push = s.commit(seq)
        if (random(3) > 0) pushes.push(push)
        if (random(4) === 0) pushes.push(push)
        if (random(2) === 0) pushes.reverse()
        while (pushes.length > 0 && random(2) === 0) s.follower.push(pushes.pop()!)
        if (random(5) === 0) await Promise.resolve()
      }
      for (const push of pushes) s.follower.push(push)
      await s.follower.catchUp()
      await s.follower.catchUp()
      expect(s.seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    }
  })

  it('says that it is behind after a failed read, until one succeeds', async () => {
    const s = setUp()
    s.follower.connected('a', 0)
    s.failing(true)
    s.commit(1)
    s.follower.push(s.commit(2))
    await s.follower.catchUp()
    expect([s.follower.behind, s.seen]).toEqual([true, []])
    s.failing(false)
    await s.follower.catchUp()
    expect([s.follower.behind, s.seen]).toEqual([false, [1, 2]])
  })
})
