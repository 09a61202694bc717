import { describe, expect, it } from 'vitest';
import { Chat, mediaPart, memoryStorage, YingdaError, type ChatOptions, type Host, type KeyValue, type Uploaded, type UploadRequest } from '../src/index.ts';
import { claimed } from '../src/claim.ts';
import type { QueuePlace, Signal } from '../src/protocol.ts';
import { Queue } from '../src/queue.ts';
import { FakeServer, textOf, World } from './world.ts';

function setup(options: Partial<ChatOptions> = {}, more: Partial<Host> = {}, storage: KeyValue = memoryStorage()) {
  const world = new World(11);
  const server = new FakeServer(world);
  const attention: { tell: (watching: boolean) => void } = { tell: () => {} };
  const beacons: { url: string; body: { method: string; params: { token: string; events: unknown[] } } }[] = [];
  const open = (own: KeyValue = storage) =>
    new Chat({
      endpoint: 'http://desk',
      channelKey: 'chk_demo',
      host: {
        ...server.host(own),
        onAttention: (changed) => ((attention.tell = changed), () => {}),
        beacon: (url, body) => (beacons.push({ url, body: JSON.parse(body) }), true),
        ...more,
      },
      ...options,
    });
  return { world, server, storage, attention, beacons, open, chat: open() };
}
type Setup = ReturnType<typeof setup>;

async function started(s: Setup): Promise<Setup> {
  void s.chat.start();
  await s.world.pass(1_000);
  return s;
}
const calls = (s: Setup, method: string) => s.server.calls.filter((c) => c.method === method);

/** Rejections are looked at when the world has moved on. */
function outcome<T>(promise: Promise<T>): { value?: T; error?: YingdaError } {
  const out: { value?: T; error?: YingdaError } = {};
  promise.then((v) => (out.value = v), (e: YingdaError) => (out.error = e));
  return out;
}

const picture: Uploaded = { id: 'att_1', kind: 'image', name: 'p.png', mime: 'image/png', size: 10, url: '/files/att_1?e=1&s=x', width: 3, height: 4 };

describe('files', () => {
  const file = new Blob(['0123456789'], { type: 'image/png' });

  function uploading(answers: (request: UploadRequest) => Promise<{ status: number; body?: unknown }>) {
    const seen: UploadRequest[] = [];
    const s = setup({}, {
      upload: async (_url, _file, request) => {
        seen.push(request);
        const a = await answers(request);
        return { status: a.status, body: JSON.stringify(a.body ?? {}), retryAfterMs: 0 };
      },
    });
    s.server.inbox = { name: 'x', features: { uploads: true, voice: true, rating: true, transcript: true, max_upload_bytes: 20 } };
    return { ...s, seen };
  }

  it('go up with progress and travel by their id', async () => {
    const s = uploading(async (r) => {
      r.progress(4, 10);
      r.progress(10, 0);
      return { status: 200, body: picture };
    });
    await started(s);
    const steps: number[] = [];
    const got = outcome(s.chat.upload(file, { name: '猫.png', onProgress: (p) => steps.push(p.loaded / p.total) }));
    await s.world.pass(10);
    expect(got.value).toEqual(picture);
    expect(steps).toEqual([0.4, 1]);
    expect(s.seen[0]).toMatchObject({ name: '猫.png', mime: 'image/png', token: s.chat.session!.token });
    s.chat.send([mediaPart(got.value!)]);
    expect(s.chat.messages).toEqual([]);
    await s.world.pass(1);
    expect(s.chat.messages[0]?.parts[0]?.media?.url).toBe(picture.url);
    await s.world.pass(1_000);
    expect(calls(s, 'message.send')[0]?.params.parts).toEqual([{ type: 'image', media: { id: 'att_1' } }]);
  });

  it.each([
    [413, 'invalid', 'size'],
    [415, 'invalid', 'type'],
    [422, 'invalid', undefined],
    [429, 'limited', undefined],
    [403, 'denied', undefined],
    [404, 'unsupported', undefined],
    [502, 'unavailable', undefined],
    [500, 'internal', undefined],
  ])('that the server refuses with %i are %s', async (status, kind, field) => {
    const s = uploading(async () => ({ status, body: { detail: 'because' } }));
    await started(s);
    const got = outcome(s.chat.upload(file));
    await s.world.pass(10);
    expect(got.error).toMatchObject({ kind, field, message: 'because' });
  });

  it('that cannot go are refused before they leave', async () => {
    const s = uploading(async () => ({ status: 200, body: picture }));
    expect((await s.chat.upload(file).catch((e: YingdaError) => e)) as YingdaError).toMatchObject({ kind: 'unavailable' });
    await started(s);
    const large = outcome(s.chat.upload(new Blob(['x'.repeat(21)])));
    const none = outcome(s.chat.upload(new Blob([])));
    s.server.inbox = {};
    await s.world.pass(10);
    expect(large.error).toMatchObject({ kind: 'invalid', field: 'size' });
    expect(none.error).toMatchObject({ kind: 'invalid', field: 'size' });
    expect(s.seen).toEqual([]);
  });

  it('go once more, as the same upload, when the token was forgotten', async () => {
    const s = uploading(async (r) => (r.token === first ? { status: 401 } : { status: 200, body: picture }));
    await started(s);
    const first = s.chat.session!.token;
    s.server.tokens.clear();
    const got = outcome(s.chat.upload(file));
    await s.world.pass(20_000);
    expect(got.value?.id).toBe('att_1');
    expect(s.seen).toHaveLength(2);
    expect(s.seen[0]!.key).toBe(s.seen[1]!.key);
  });

  it('stop when they are told to', async () => {
    const abort = new AbortController();
    const s = uploading((r) => new Promise((_, no) => r.signal!.addEventListener('abort', () => no(new Error('aborted')))));
    await started(s);
    const got = outcome(s.chat.upload(file, { signal: abort.signal }));
    await s.world.pass(10);
    abort.abort();
    await s.world.pass(10);
    expect(got.error?.kind).toBe('stopped');
  });
});

describe('a conversation', () => {
  it('forgets a message that was taken back, also of the other side', async () => {
    const s = await started(setup());
    s.chat.send('oops');
    s.chat.send('fine');
    await s.world.pass(1_000);
    const other = s.server.agentSays('wrong window');
    await s.world.pass(100);
    const own = s.chat.messages[0]!;
    expect(s.chat.canRecall(own.id)).toBe(true);
    expect(s.chat.canRecall(other.id)).toBe(false);
    void s.chat.recall(own.id);
    await s.world.pass(1_000);
    other.parts = [];
    s.server['log']({ type: 'message.recalled', conversation_id: 'cnv_1', message_id: other.id, at: '2023-11-14T22:13:30Z' });
    await s.world.pass(1_000);
    expect(s.chat.messages.map((m) => [textOf(m), m.recalledAt !== undefined])).toEqual([['', true], ['fine', false], ['', true]]);
    expect(s.chat.canRecall(own.id)).toBe(false);
    await s.world.pass(120_000);
    expect(s.chat.canRecall(s.chat.messages[1]!.id)).toBe(false);
  });

  it('is rated, and keeps its words when the event tells the score only', async () => {
    const s = await started(setup());
    expect((await s.chat.rate(5).catch((e: YingdaError) => e)) as YingdaError).toMatchObject({ kind: 'not_found' });
    s.chat.send('hello');
    await s.world.pass(1_000);
    const rated: number[] = [];
    s.chat.on('rated', (e) => rated.push(e.rating.score));
    expect((await s.chat.rate(6).catch((e: YingdaError) => e)) as YingdaError).toMatchObject({ kind: 'invalid', field: 'score' });
    const done = outcome(s.chat.rate(4, 'good'));
    await s.world.pass(1_000);
    expect(done.value).toMatchObject({ score: 4, comment: 'good' });
    expect(s.chat.conversation?.rating).toMatchObject({ score: 4, comment: 'good' });
    expect(rated.length).toBeGreaterThan(0);
  });

  it('takes the form along with the first message, also after a reload', async () => {
    const s = setup();
    s.chat.prechat({ name: '王小明', size: '' });
    expect(() => s.chat.prechat({ name: 'x'.repeat(201) })).toThrow(YingdaError);
    const next = s.open();
    void next.start();
    next.setProduct({ title: '羊毛衫', price: '¥299' });
    next.send('hello');
    next.send('again');
    await s.world.pass(2_000);
    expect(calls(s, 'message.send').map((c) => [c.params.prechat, c.params.context])).toEqual([
      [{ name: '王小明' }, { product: { title: '羊毛衫', price: '¥299' } }],
      [undefined, undefined],
    ]);
    expect(s.storage.keys('yingda/chk_demo/prechat')).toEqual([]);
  });

  it('goes by the server’s clock although this one is a day behind', async () => {
    const s = await started(setup());
    s.server.up = false;
    s.server.cutSockets();
    s.chat.send('waiting');
    await s.world.pass(500);
    const truth = 1_700_000_000_000 + s.world.now;
    expect(Math.abs(Date.parse(s.chat.messages[0]!.at) - truth)).toBeLessThan(2_000);
    expect(Math.abs(s.chat.serverTime.getTime() - truth)).toBeLessThan(2_000);
  });
});

describe('pages', () => {
  it('are told with how long they were looked at', async () => {
    const s = setup({ page: { url: 'https://shop.example/a', title: 'A' } });
    s.attention.tell(true);
    await started(s);
    s.attention.tell(true);
    await s.world.pass(9_000);
    s.chat.setPage({ url: 'https://shop.example/b' });
    s.chat.track('cart', { items: 2, gift: false });
    await s.world.pass(20_000);
    expect(s.server.tracked.map((e) => [e.type, e.url, e.name])).toEqual([
      ['page', 'https://shop.example/a', undefined],
      ['dwell', 'https://shop.example/a', undefined],
      ['page', 'https://shop.example/b', undefined],
      ['custom', 'https://shop.example/b', 'cart'],
    ]);
    expect(s.server.tracked[1]!.ms).toBeGreaterThan(8_000);
    expect(s.server.tracked.every((e) => e.ago_ms! >= 0)).toBe(true);
  });

  it('are not counted while nobody looks, and leave with the page', async () => {
    const s = await started(setup({ page: { url: 'https://shop.example/a' } }));
    s.attention.tell(true);
    await s.world.pass(5_000);
    s.attention.tell(false);
    expect(s.beacons).toHaveLength(1);
    const told = s.beacons[0]!.body;
    expect(told.method).toBe('track');
    expect(told.params.token).toBe(s.chat.session!.token);
    expect(told.params.events).toMatchObject([{ type: 'dwell', url: 'https://shop.example/a' }]);
    await s.world.pass(600_000);
    s.attention.tell(true);
    await s.world.pass(3_000);
    s.chat.setPage({ url: 'https://shop.example/b' });
    await s.world.pass(20_000);
    const ms = s.server.tracked.filter((e) => e.type === 'dwell').map((e) => e.ms!);
    expect(Math.max(...ms)).toBeLessThan(5_000);
  });

  it('wait while the server is away, at most a hundred', async () => {
    const s = await started(setup());
    s.server.up = false;
    for (let i = 0; i < 150; i++) s.chat.track(`e${i}`);
    await s.world.pass(30_000);
    s.server.up = true;
    await s.world.pass(120_000);
    expect(s.server.tracked.map((e) => e.name)).toEqual(Array.from({ length: 100 }, (_, i) => `e${i + 50}`));
    expect(Math.max(...calls(s, 'track').map((c) => (c.params.events as unknown[]).length))).toBeLessThanOrEqual(50);
  });

  it.each([
    ['no name', '', {}],
    ['a long name', 'n'.repeat(65), {}],
    ['an object', 'n', { a: {} as never }],
    ['a long value', 'n', { a: 'x'.repeat(201) }],
    ['not a number', 'n', { a: NaN }],
  ])('refuse an event with %s', (_name, name, props) => {
    expect(() => setup().chat.track(name, props)).toThrow(YingdaError);
  });

  it('are kept to oneself when tracking is off', async () => {
    const s = await started(setup({ tracking: false, page: { url: 'https://shop.example/a' } }));
    s.chat.track('cart');
    s.chat.send('hello');
    await s.world.pass(30_000);
    expect(calls(s, 'track')).toEqual([]);
    expect(calls(s, 'message.send')[0]?.params.context).toBeUndefined();
  });
});

describe('consent', () => {
  const asking = () => {
    const s = setup({ page: { url: 'https://shop.example/a' } });
    s.server.inbox = { name: 'x', widget: { consent: true } };
    return s;
  };

  it('comes before anything is sent or kept', async () => {
    const s = await started(asking());
    const heard: string[] = [];
    s.chat.on('consent', (c) => heard.push(c));
    s.attention.tell(true);
    s.chat.track('early');
    await s.world.pass(20_000);
    s.attention.tell(false);
    expect(s.chat.consent).toBe('unknown');
    expect(calls(s, 'track')).toEqual([]);
    expect(s.beacons).toEqual([]);
    expect(s.storage.keys('')).toEqual([]);
    expect(calls(s, 'session.open')[0]?.params).toEqual({ channel_key: 'chk_demo' });

    void s.chat.setConsent(true);
    await s.world.pass(20_000);
    expect(s.server.tracked.map((e) => [e.type, e.url])).toEqual([['page', 'https://shop.example/a']]);
    expect(s.storage.get('yingda/chk_demo/token')).toBe(s.chat.session!.token);
    expect(calls(s, 'track').every((c) => c.token === s.chat.session!.token)).toBe(true);
    expect(heard).toEqual(['granted']);
    // The line goes on with the token that knows.
    expect(s.chat.state).toBe('online');

    // The next page knows, and says so with its session.
    const next = s.open();
    void next.start();
    await s.world.pass(1_000);
    expect(next.consent).toBe('granted');
    expect(calls(s, 'session.open').at(-1)?.params.consent).toBe(true);
  });

  it('that is taken back removes what was kept', async () => {
    const s = await started(asking());
    void s.chat.setConsent(true);
    await s.world.pass(1_000);
    s.chat.track('waiting');
    void s.chat.setConsent(false);
    await s.world.pass(20_000);
    expect(s.chat.consent).toBe('denied');
    expect(s.server.tracked.map((e) => e.name)).not.toContain('waiting');
    expect(s.storage.keys('')).toEqual(['yingda/chk_demo/consent']);
    s.attention.tell(false);
    expect(s.beacons).toEqual([]);
  });

  it('is not needed to be answered when one writes', async () => {
    const s = await started(asking());
    s.chat.send('hello');
    await s.world.pass(1_000);
    expect(s.storage.get('yingda/chk_demo/token')).toBe(s.chat.session!.token);
    expect(calls(s, 'message.send')[0]?.params.context).toBeUndefined();
  });
});

describe('two first tabs at one instant', () => {
  it('become one visitor', async () => {
    const storage = memoryStorage();
    const world = new World(2);
    const server = new FakeServer(world);
    const tabs = Array.from({ length: 5 }, () => {
      const host = server.host(storage);
      host.exclusive = (name, run) => claimed(host, name, run);
      return new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host });
    });
    for (const t of tabs) void t.start();
    await world.pass(15_000);
    expect(new Set(tabs.map((t) => t.session?.token)).size).toBe(1);
    expect(server.tokens.size).toBe(1);
    expect(storage.keys('')).toEqual(['yingda/chk_demo/token']);
  });

  it('do not wait for a tab that was closed in the middle', async () => {
    const storage = memoryStorage();
    const world = new World(2);
    const server = new FakeServer(world);
    const host = server.host(storage);
    host.exclusive = (name, run) => claimed(host, name, run);
    storage.set('yingda/chk_demo/session/claim', `gone ${host.date().getTime() - 5_000}`);
    const chat = new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host });
    void chat.start();
    await world.pass(25_000);
    expect(chat.state).toBe('online');
  });
});

describe('the queue', () => {
  const open = { id: 'cnv_1', status: 'open' as const, seq: 1, contact_read_seq: 0, agent_read_seq: 0 };
  it('asks once after a moment, keeps what was chosen through signals, and forgets it when somebody answers', async () => {
    const world = new World(3);
    const host = new FakeServer(world).host(memoryStorage());
    let asked = 0;
    let answer: QueuePlace | null = { position: 3 };
    const seen: (QueuePlace | null)[] = [];
    const queue = new Queue(host, async () => (asked++, { queue: answer }), (place) => seen.push(place));
    queue.see(open);
    await world.pass(100);
    expect(asked).toBe(0);
    await world.pass(2_000);
    expect(asked).toBe(1);
    expect(queue.place).toEqual({ position: 3 });
    queue.take({ position: 3, choice: 'keep' });
    queue.hear({ type: 'queue', queue: { position: 2, low_s: 60, high_s: 120 } } as Signal);
    expect(queue.place).toEqual({ position: 2, low_s: 60, high_s: 120, choice: 'keep' });
    answer = { position: 2, nobody: true, opens_at: '2026-11-22T01:00:00Z', choice: 'keep' };
    queue.hear({ type: 'queue', queue: { position: 2, nobody: true } } as Signal);
    await world.pass(10);
    expect(queue.place?.opens_at).toBe('2026-11-22T01:00:00Z');
    queue.see({ ...open, assignee: { name: '林小满' } });
    expect(queue.place).toBe(null);
    queue.take({ position: 9 });
    queue.hear({ type: 'queue', queue: { position: 9 } } as Signal);
    await world.pass(5_000);
    expect(queue.place).toBe(null);
    expect(asked).toBe(2);
    expect(seen.at(-1)).toBe(null);
  });

  it('refuses a callback without a number before it asks', async () => {
    const s = await started(setup());
    await expect(s.chat.chooseWait('callback', { phone: ' ' })).rejects.toMatchObject({ kind: 'invalid' });
    expect(calls(s, 'queue.choose')).toEqual([]);
  });
});
