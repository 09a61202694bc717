import type { FeedBatch, FeedEvent } from '../api/index.ts'

/** One push on a feed channel. prev is the seq of the push before it on this feed. */
export interface Push {
  epoch: string
  prev: number
  seq: number
  event: FeedEvent
}

export interface FollowerHandlers {
  /** Reads the feed after since; the follower calls it one at a time. */
  fetch: (epoch: string, since: number) => Promise<FeedBatch>
  /** Receives every event once, in order. */
  apply: (event: FeedEvent, seq: number) => void
  /** Told when the feed cannot say what happened meanwhile: all that is on screen must be read again. */
  reset: () => void
}

/**
 * Follower turns a lossy stream of pushes and an exact, pageable feed into every event once and in order.
 * Rule: subscribe first, then fetch since the own seq; drop what is not newer; fetch when a push does not follow on;
 * when the epoch changed or the server says reset, start over.
 */
export class Follower {
  private epoch = ''
  private seq = -1
  private running: Promise<void> | null = null
  private again = false
  private waiting: Push[] = []
  private missed = false

  constructor(private readonly handlers: FollowerHandlers) {}

  /** The newest seq applied; -1 before the first connection. */
  get position(): number {
    return this.seq
  }

  /** Whether the last read failed, so that events may be missing: call catchUp again after a while. */
  get behind(): boolean {
    return this.missed
  }

  get started(): boolean {
    return this.seq >= 0
  }

  /**
   * Call at each (re)connection with what the server said. Returns true when this is the first one: the caller then
   * reads again what it loaded before it was subscribed.
   */
  connected(epoch: string, seq: number): boolean {
    if (!this.started) {
      this.epoch = epoch
      this.seq = seq
      return true
    }
    if (epoch !== this.epoch) this.restart(epoch, seq)
    else if (seq > this.seq) void this.catchUp()
    return false
  }

  push(push: Push): void {
    if (!this.started) return
    if (push.epoch !== this.epoch) return this.restart(push.epoch, push.seq)
    if (push.seq <= this.seq) return
    if (this.running || push.prev > this.seq) {
      // Kept, so that what the running fetch does not cover yet is applied after it. Bounded: beyond 200 the oldest
      // are dropped and the next fetch brings them.
      this.waiting.push(push)
      if (this.waiting.length > 200) this.waiting.shift()
      void this.catchUp()
      return
    }
    this.apply(push.event, push.seq)
  }

  /** Reads all that is missing. Rejects never; a failed read is repeated by the next call. */
  catchUp(): Promise<void> {
    if (!this.started) return Promise.resolve()
    if (this.running) {
      this.again = true
      return this.running
    }
    this.running = this.read().finally(() => {
      this.running = null
      this.drain()
    })
    return this.running
  }

  private async read(): Promise<void> {
    do {
      this.again = false
      let batch: FeedBatch
      try {
        batch = await this.handlers.fetch(this.epoch, this.seq)
      } catch {
        this.waiting = []
        this.missed = true
        return
      }
      this.missed = false
      if (batch.reset || batch.epoch !== this.epoch) {
        this.restart(batch.epoch, batch.seq)
        continue
      }
      for (const item of batch.events) this.apply(item.event, item.seq)
      if (batch.seq > this.seq) this.seq = batch.seq
      if (batch.more) this.again = true
    } while (this.again)
  }

  /** Applies the pushes that arrived during a fetch and follow on; drops the rest, which a next fetch brings. */
  private drain(): void {
    const pushes = this.waiting.sort((a, b) => a.seq - b.seq)
    this.waiting = []
    for (const push of pushes) {
      if (push.epoch !== this.epoch || push.seq <= this.seq) continue
      if (push.prev > this.seq) {
        void this.catchUp()
        return
      }
      this.apply(push.event, push.seq)
    }
  }

  private apply(event: FeedEvent, seq: number): void {
    if (seq <= this.seq) return
    this.seq = seq
    this.handlers.apply(event, seq)
  }

  private restart(epoch: string, seq: number): void {
    this.epoch = epoch
    this.seq = seq
    this.waiting = []
    this.handlers.reset()
  }
}
