import { newKey, Problem } from '@yingda/shared/api'
import type { Outgoing, OutboxItem } from './model.ts'
import type { Message } from './shapes.ts'

export interface OutboxDeps {
  send: (item: OutboxItem) => Promise<Message | undefined>
  /** The message is durable; it is out of the outbox after this returns. */
  sent: (item: OutboxItem, message: Message | undefined) => void
  /** Called after each change, for the screen. */
  changed: (items: OutboxItem[]) => void
  /** Words for a person about a refusal. */
  explain: (problem: unknown) => string
  storage?: { load: () => OutboxItem[]; save: (items: OutboxItem[]) => void }
  /** Waits before attempts after temporary failures, in milliseconds; the last one repeats. */
  waits?: number[]
}

/**
 * Outbox sends our messages one after the other per conversation, so they arrive in the order they were written. A
 * temporary failure is tried again by itself under the same key; a refusal stays, with its reason, until the person
 * sends it again or drops it. It survives a reload.
 */
export class Outbox {
  private items: OutboxItem[]
  private readonly busy = new Set<string>()
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  private readonly wakers = new Map<string, () => void>()
  private readonly waits: number[]
  private closed = false

  constructor(private readonly deps: OutboxDeps) {
    this.waits = deps.waits ?? [500, 1000, 2000, 4000, 8000]
    this.items = (deps.storage?.load() ?? []).map((i) => (i.state === 'sending' ? { ...i, state: 'waiting' } : i))
    deps.changed(this.items)
  }

  add(message: Outgoing): OutboxItem {
    const item: OutboxItem = { ...message, key: newKey(), at: new Date().toISOString(), state: 'waiting' }
    this.update([...this.items, item])
    void this.run(item.conversation)
    return item
  }

  /** Sends a refused message again, under its key. */
  resend(key: string): void {
    const item = this.items.find((i) => i.key === key)
    if (!item) return
    this.change(key, { state: 'waiting' })
    void this.run(item.conversation)
  }

  drop(key: string): void {
    this.update(this.items.filter((i) => i.key !== key))
  }

  /** The feed brought the message: it is durable, whatever became of the answer. */
  confirmed(key: string | undefined): void {
    if (key && this.items.some((i) => i.key === key)) this.drop(key)
  }

  /** Tries everything that waits right now: the network came back. */
  kick(): void {
    for (const conversation of new Set(this.items.filter((i) => i.state === 'waiting').map((i) => i.conversation))) {
      const wake = this.wakers.get(conversation)
      if (wake) wake()
      else void this.run(conversation)
    }
  }

  /** Stops sending; what waits stays in the storage. Whoever logs in next at this page sends and stores nothing of it. */
  close(): void {
    this.closed = true
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
  }

  private async run(conversation: string): Promise<void> {
    if (this.closed || this.busy.has(conversation)) return
    this.busy.add(conversation)
    try {
      let failures = 0
      for (;;) {
        const next = this.items.find((i) => i.conversation === conversation && i.state === 'waiting')
        if (!next || this.closed) return
        this.change(next.key, { state: 'sending' })
        try {
          const message = await this.deps.send(next)
          this.deps.sent(next, message)
          this.drop(next.key)
          failures = 0
        } catch (error) {
          if (error instanceof Problem && error.kind === 'unauthenticated') {
            // The session is over: it waits for the next log-in of the same person.
            this.change(next.key, { state: 'waiting' })
            return
          }
          if (!(error instanceof Problem) || !error.temporary) {
            this.change(next.key, { state: 'failed', reason: this.deps.explain(error) })
            continue
          }
          this.change(next.key, { state: 'waiting' })
          const wait = Math.max(error.retryAfterMs, this.waits[Math.min(failures, this.waits.length - 1)] ?? 0)
          failures++
          await this.pause(conversation, wait)
        }
      }
    } finally {
      this.busy.delete(conversation)
    }
  }

  /** Waits; kick() ends it early. */
  private pause(conversation: string, wait: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(this.timers.get(conversation))
        this.timers.delete(conversation)
        this.wakers.delete(conversation)
        resolve()
      }
      this.timers.set(conversation, setTimeout(wake, wait))
      this.wakers.set(conversation, wake)
    })
  }

  private change(key: string, fields: Partial<OutboxItem>): void {
    this.update(
      this.items.map((i) => {
        if (i.key !== key) return i
        const { reason: _, ...rest } = i
        return { ...rest, ...fields }
      }),
    )
  }

  private update(items: OutboxItem[]): void {
    if (this.closed) return
    this.items = items
    this.deps.storage?.save(items)
    this.deps.changed(items)
  }
}
