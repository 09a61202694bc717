import { describe, expect, it, vi } from 'vitest'
import { Client, newKey } from './client.ts'
import { Problem } from './problem.ts'

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), { status, headers })
}

describe('Client', () => {
  it('sends a command again under the same key when the answer is lost', async () => {
    const keys: string[] = []
    const fetch = vi.fn(async (_: unknown, init?: RequestInit) => {
      keys.push((init?.headers as Record<string, string>)['Idempotency-Key']!)
      if (keys.length === 1) throw new TypeError('connection reset')
      if (keys.length === 2) return answer(503, { status: 503 })
      return answer(200, { ok: true })
    })
    const client = new Client({ fetch: fetch as typeof globalThis.fetch, retryWaits: [0, 0] })
    await expect(client.command('POST', '/x', {})).resolves.toEqual({ ok: true })
    expect(new Set(keys).size).toBe(1)
  })

  it.each([
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'denied'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'invalid'],
    [429, 'limited'],
    [500, 'internal'],
    [503, 'unavailable'],
  ])('reads %i as %s and does not repeat refusals', async (status, kind) => {
    const fetch = vi.fn(async () => answer(status, { detail: 'why' }, { 'Retry-After': '3' }))
    const client = new Client({ fetch: fetch as typeof globalThis.fetch, retryWaits: [] })
    const problem = await client.command('POST', '/x').catch((e: unknown) => e)
    expect(problem).toMatchObject({ kind, status, detail: 'why', retryAfterMs: 3000 })
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it('survives a proxy page and an empty answer', async () => {
    const answers = [new Response('<html>', { status: 502 }), new Response(null, { status: 204 }), new Response('', { status: 200 })]
    const client = new Client({ fetch: (async () => answers.shift()!) as typeof globalThis.fetch, retryWaits: [] })
    await expect(client.get('/a')).rejects.toMatchObject({ kind: 'unavailable', detail: '' })
    await expect(client.get('/b')).resolves.toBeUndefined()
    await expect(client.get('/c')).resolves.toBeUndefined()
  })

  it('carries the CSRF token and tells when the session is over', async () => {
    const ended = vi.fn()
    const seen: RequestInit[] = []
    const client = new Client({
      onUnauthenticated: ended,
      fetch: (async (_: unknown, init: RequestInit) => {
        seen.push(init)
        return answer(401, {})
      }) as unknown as typeof globalThis.fetch,
    })
    client.setCSRF('token')
    await expect(client.command('DELETE', '/session')).rejects.toBeInstanceOf(Problem)
    expect(seen[0]?.headers).toMatchObject({ 'X-CSRF-Token': 'token' })
    expect(ended).toHaveBeenCalledOnce()
  })

  it('draws keys that differ', () => {
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/)
    expect(newKey()).not.toBe(newKey())
  })
})
