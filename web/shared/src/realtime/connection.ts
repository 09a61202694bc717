import { Centrifuge } from 'centrifuge'
import type { Signal } from '../api/index.ts'
import type { Push } from './follower.ts'

/** What a person needs to know about the line. */
export type LineState = 'connecting' | 'connected' | 'lost' | 'offline'

export interface ConnectionHandlers {
  connected: (epoch: string, seq: number) => void
  push: (push: Push) => void
  signal: (signal: Signal) => void
  state: (state: LineState) => void
  /** The server refused the session. The line tries again after a while; ask whether the session still lives. */
  refused: () => void
}

/** Milliseconds to wait after a refusal before trying again. */
const refusedWait = 15_000

/** Connection is the realtime line of an agent. The feed channel is subscribed by the server. */
export class Connection {
  private readonly client: Centrifuge
  private everConnected = false
  private retry: ReturnType<typeof setTimeout> | undefined

  constructor(url: string, private readonly handlers: ConnectionHandlers) {
    this.client = new Centrifuge(url, { minReconnectDelay: 300, maxReconnectDelay: 5000, timeout: 8000 })
    this.client.on('connected', (context) => {
      this.everConnected = true
      const data = context.data as { epoch?: string; seq?: number } | undefined
      handlers.state('connected')
      handlers.connected(data?.epoch ?? '', data?.seq ?? 0)
    })
    this.client.on('connecting', () => this.report())
    this.client.on('error', () => this.report())
    this.client.on('disconnected', (context) => {
      this.report()
      // 3500–3999 and 4500–4999 are final by the protocol; 0 is our own close.
      if (context.code < 3500) return
      handlers.refused()
      this.retry = setTimeout(() => this.client.connect(), refusedWait)
    })
    this.client.on('publication', (context) => this.receive(context.data))
    this.client.on('message', (context) => this.receive(context.data))
  }

  open(): void {
    window.addEventListener('offline', this.report)
    window.addEventListener('online', this.wake)
    this.client.connect()
  }

  close(): void {
    window.removeEventListener('offline', this.report)
    window.removeEventListener('online', this.wake)
    clearTimeout(this.retry)
    this.client.disconnect()
  }

  private receive(data: unknown): void {
    if (data === null || typeof data !== 'object') return
    if ('signal' in data) this.handlers.signal((data as { signal: Signal }).signal)
    else if ('seq' in data && 'event' in data) this.handlers.push(data as Push)
  }

  private readonly report = (): void => {
    if (!navigator.onLine) this.handlers.state('offline')
    else if (this.client.state === 'connected') this.handlers.state('connected')
    else this.handlers.state(this.everConnected ? 'lost' : 'connecting')
  }

  private readonly wake = (): void => {
    this.report()
    // Do not wait for the back-off: the network just came back.
    if (this.client.state === 'connecting') {
      this.client.disconnect()
      this.client.connect()
    }
  }
}
