import { describe, expect, it } from 'vitest';
import { Backoff } from '../src/backoff.ts';
import { postCall } from '../src/http.ts';
import { Timeline } from '../src/timeline.ts';
import type { Message } from '../src/protocol.ts';
import { FakeServer, seeded, World } from './world.ts';

describe('answers over HTTP', () => {
  const rpc = (error: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, error });
  it.each([
    ['a limit', 200, rpc({ code: -32029, message: 'slow', data: { retry_after_ms: 900 } }), 'limited', true, 900],
    ['a bad parameter', 200, rpc({ code: -32602, message: 'no', data: { field: 'seq' } }), 'invalid', false, 0],
    ['an unknown code', 200, rpc({ code: 17, message: 'eh' }), 'internal', false, 0],
    ['a gateway page', 502, '<html>', 'unavailable', true, 0],
    ['a captive portal', 200, '<html>log in</html>', 'unavailable', true, 0],
    ['JSON of somebody else', 200, '{"ok":true}', 'unavailable', true, 0],
    ['a proxy limit', 429, '', 'limited', true, 5000],
    ['a proxy size limit', 413, 'too large', 'invalid', false, 0],
  ])('reads %s', async (_name, status, body, kind, passing, retryAfterMs) => {
    const host = { ...new FakeServer(new World()).host(), post: async () => ({ status, body, retryAfterMs: status === 429 ? 5000 : 0 }) };
    const call = postCall(host, '', { method: 'typing', params: {}, timeoutMs: 1 });
    await expect(call).rejects.toMatchObject({ kind, passing, retryAfterMs });
  });
});

describe('Timeline', () => {
  const message = (id: string, conversation_id: string, seq: number, at: string, client_id?: string): Message => ({
    id, conversation_id, seq, at, author: { kind: client_id ? 'visitor' : 'agent' }, status: 'received', parts: [], ...(client_id ? { client_id } : {}),
  });

  it('gives one order whatever order it is told in', () => {
    const all = [
      message('a1', 'a', 1, '2026-01-01T00:00:00Z'),
      message('a2', 'a', 2, '2026-01-01T00:00:01Z'),
      // Within a conversation seq rules, whatever the times say.
      message('a4', 'a', 4, '2026-01-01T00:00:00Z'),
      message('b1', 'b', 1, '2026-02-01T00:00:00Z', 'c1'),
      message('b2', 'b', 2, '2026-02-01T00:00:01Z'),
    ];
    const dice = seeded(11);
    for (let run = 0; run < 200; run++) {
      const t = new Timeline();
      const told = [...all, ...all].map((m) => [dice(), m] as const).sort((x, y) => x[0] - y[0]);
      expect(told.map(([, m]) => t.add(m)).filter(Boolean)).toHaveLength(all.length);
      expect(t.list().map((m) => m.id)).toEqual(['a1', 'a2', 'a4', 'b1', 'b2']);
    }
  });

  it('shows no second message for one client id or one place', () => {
    const t = new Timeline();
    t.add(message('x', 'a', 1, '', 'c1'));
    expect(t.add(message('y', 'a', 2, '', 'c1'))).toBe(false);
    expect(t.add(message('z', 'a', 1, ''))).toBe(false);
    expect(t.range('a')).toEqual({ low: 1, high: 1 });
  });
});

describe('Backoff', () => {
  it('grows, is jittered, has a ceiling and respects a floor', () => {
    const b = new Backoff(seeded(1), 100, 1_000);
    const drawn = Array.from({ length: 50 }, () => b.next());
    drawn.forEach((ms, i) => {
      const whole = Math.min(1_000, 100 * 2 ** i);
      expect(ms).toBeGreaterThanOrEqual(whole / 2);
      expect(ms).toBeLessThanOrEqual(whole);
    });
    expect(new Set(drawn.slice(10)).size).toBeGreaterThan(30);
    expect(b.next(5_000)).toBe(5_000);
    b.reset();
    expect(b.next()).toBeLessThanOrEqual(100);
  });
});
