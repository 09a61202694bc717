import { Problem } from './problem.ts'

export interface ClientOptions {
  /** Where the doors are; no slash at the end. Default "/api/v1". */
  base?: string
  /** Called once for each answer that says the session is over. */
  onUnauthenticated?: () => void
  /**
   * Asks for the page's token again when the server refused a command: a log-in in another tab makes the old one stale.
   * Resolves with the token to try once more with, or with nothing when the refusal stands.
   */
  renewCSRF?: () => Promise<string | undefined>
  /** Replaceable for tests. */
  fetch?: typeof fetch
  /** Waits between attempts of a command, in milliseconds; its length is the number of retries. */
  retryWaits?: number[]
}

export type Query = Record<string, string | number | boolean | undefined>

/**
 * Client speaks to the agents' door: session cookie, CSRF header, problem+json, and an Idempotency-Key on every
 * command. A command whose answer got lost is sent again with the same key, so it takes effect once.
 */
export class Client {
  private csrf = ''
  private readonly base: string
  private readonly doFetch: typeof fetch
  private readonly waits: number[]

  constructor(private readonly options: ClientOptions = {}) {
    this.base = options.base ?? '/api/v1'
    this.doFetch = options.fetch ?? ((input, init) => fetch(input, init))
    this.waits = options.retryWaits ?? [300, 1200]
  }

  setCSRF(token: string): void {
    this.csrf = token
  }

  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return this.once<T>('GET', this.url(path, query), undefined, {}, signal)
  }

  /** Sends a command. key is drawn when not given; give one to keep it across the caller's own retries. */
  async command<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, key = newKey()): Promise<T> {
    const url = this.url(path, {})
    let renewed = false
    for (let attempt = 0; ; attempt++) {
      const used = this.csrf
      try {
        return await this.once<T>(method, url, body, { 'Idempotency-Key': key, 'X-CSRF-Token': used })
      } catch (error) {
        if (!renewed && error instanceof Problem && error.kind === 'denied' && (await this.renew(used))) {
          renewed = true
          attempt--
          continue
        }
        const wait = this.waits[attempt]
        const again = error instanceof Problem && (error.kind === 'network' || error.kind === 'unavailable')
        if (!again || wait === undefined) throw error
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  /** Whether there is another token to try with than the one that was refused; another command may have fetched it. */
  private async renew(used: string): Promise<boolean> {
    if (this.csrf !== used) return true
    const token = await this.options.renewCSRF?.().catch(() => undefined)
    if (!token || token === used) return false
    this.csrf = token
    return true
  }

  /** Sends a file as it is, and tells how much of it has gone: progress is between 0 and 1. */
  async upload<T>(path: string, file: Blob, options: { name: string; progress?: (part: number) => void; signal?: AbortSignal; key?: string }): Promise<T> {
    const key = options.key ?? newKey()
    const used = this.csrf
    try {
      return await this.send<T>(path, file, options, key)
    } catch (error) {
      if (error instanceof Problem && error.kind === 'denied' && (await this.renew(used))) return this.send<T>(path, file, options, key)
      throw error
    }
  }

  private send<T>(path: string, file: Blob, options: { name: string; progress?: (part: number) => void; signal?: AbortSignal }, key: string): Promise<T> {
    return new Promise((resolve, reject) => {
      // fetch tells nothing of how much has been sent.
      const request = new XMLHttpRequest()
      request.open('POST', this.base + path)
      request.setRequestHeader('Accept', 'application/json')
      request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
      request.setRequestHeader('X-File-Name', encodeURIComponent(options.name))
      request.setRequestHeader('Idempotency-Key', key)
      request.setRequestHeader('X-CSRF-Token', this.csrf)
      request.upload.onprogress = (event) => event.lengthComputable && options.progress?.(event.loaded / event.total)
      request.onerror = () => reject(Problem.network())
      request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
      request.onload = () => {
        const answer = new Response(request.responseText, { status: request.status, headers: { 'Retry-After': request.getResponseHeader('Retry-After') ?? '' } })
        if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T)
        else {
          Problem.fromResponse(answer).then((problem) => {
            if (problem.kind === 'unauthenticated') this.options.onUnauthenticated?.()
            reject(problem)
          }, reject)
        }
      }
      options.signal?.addEventListener('abort', () => request.abort(), { once: true })
      request.send(file)
    })
  }

  private url(path: string, query: Query): string {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== '') search.set(name, String(value))
    }
    const text = search.toString()
    return this.base + path + (text ? `?${text}` : '')
  }

  private async once<T>(method: string, url: string, body: unknown, headers: Record<string, string>, signal?: AbortSignal): Promise<T> {
    const init: RequestInit = { method, credentials: 'same-origin', headers: { Accept: 'application/json', ...headers } }
    if (signal) init.signal = signal
    if (body !== undefined) {
      init.headers = { ...init.headers, 'Content-Type': 'application/json' }
      init.body = JSON.stringify(body)
    }
    let response: Response
    try {
      response = await this.doFetch(url, init)
    } catch (error) {
      if (signal?.aborted) throw error
      throw Problem.network()
    }
    if (!response.ok) {
      const problem = await Problem.fromResponse(response)
      if (problem.kind === 'unauthenticated') this.options.onUnauthenticated?.()
      throw problem
    }
    if (response.status === 204) return undefined as T
    const text = await response.text()
    return (text ? JSON.parse(text) : undefined) as T
  }
}

/** A random key of 128 bits. crypto.randomUUID is missing on plain-http hosts, getRandomValues is not. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}
