// An agent without a browser: the same API as the desk's pages, for tests whose subject is the visitor's side.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { until } from './browser.mjs'

export class Agent {
  #base
  #cookie = ''
  #csrf = ''

  constructor(base) {
    this.#base = base
  }

  /** Logs in as the demo's administrator. */
  static async logIn(base, email = 'demo@yingda.dev', password = 'yingda-demo') {
    const agent = new Agent(base)
    await agent.post('/session', { email, password })
    return agent
  }

  logOut() {
    return this.#call('DELETE', '/session')
  }

  get(path) {
    return this.#call('GET', path)
  }

  post(path, body = {}) {
    return this.#call('POST', path, body)
  }

  patch(path, body) {
    return this.#call('PATCH', path, body)
  }

  put(path, body) {
    return this.#call('PUT', path, body)
  }

  async #call(method, path, body) {
    const answer = await fetch(`${this.#base}/api/v1${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(method === 'GET' ? {} : { 'Idempotency-Key': randomUUID() }),
        ...(this.#cookie ? { Cookie: this.#cookie, 'X-CSRF-Token': this.#csrf } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
    const cookies = answer.headers.getSetCookie()
    if (cookies.length) this.#cookie = cookies.map((c) => c.split(';')[0]).join('; ')
    const result = text ? JSON.parse(text) : {}
    if (result.csrf_token) this.#csrf = result.csrf_token
    return result
  }

  /** The conversation whose newest words contain text. */
  conversation(text) {
    return until(async () => {
      const { items = [] } = await this.get('/conversations?view=all&limit=50')
      return items.find((c) => JSON.stringify([c.preview, c.last_message]).includes(text))
    }, `a conversation about ${text}`)
  }

  messages(id) {
    return this.get(`/conversations/${id}/messages?limit=100`)
  }

  reply(id, parts, more = {}) {
    return this.post(`/conversations/${id}/replies`, { parts: typeof parts === 'string' ? [{ type: 'text', text: parts }] : parts, ...more })
  }

  typing(id, on = true) {
    return this.post(`/conversations/${id}/typing`, { on })
  }

  resolve(id) {
    return this.post(`/conversations/${id}/resolve`)
  }

  /** Changes the demo inbox's settings; what is not named stays. */
  async settings(change) {
    const { items } = await this.get('/inboxes')
    const inbox = await this.get(`/inboxes/${items.find((i) => i.key === 'chk_demo').id}`)
    return this.put(`/inboxes/${inbox.id}`, { name: inbox.name, enabled: inbox.enabled, settings: { ...inbox.settings, ...change } })
  }
}
