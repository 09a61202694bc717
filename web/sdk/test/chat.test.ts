import { describe, expect, it } from 'vitest';
import { Chat, memoryStorage, YingdaError, type ChatOptions, type KeyValue } from '../src/index.ts';
import { FakeServer, textOf, World } from './world.ts';

function setup(options: Partial<ChatOptions> = {}, storage: KeyValue = memoryStorage(), seed = 3) {
  const world = new World(seed);
  const server = new FakeServer(world);
  const open = (more: Partial<ChatOptions> = {}, own: KeyValue = storage) => {
    const chat = new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host: server.host(own), ...options, ...more });
    const log: string[] = [];
    chat.on('state', (s) => log.push(`${s.state}${s.transport ? ` ${s.transport}` : ''}`));
    return { chat, log };
  };
  return { world, server, storage, open, ...open() };
}

const calls = (server: FakeServer, method: string) => server.calls.filter((c) => c.method === method);

describe('a session', () => {
  it('opens once, resumes by its token and shows history', async () => {
    const s = setup();
    void s.chat.start();
    await s.world.pass(1_000);
    s.chat.send('hello');
    await s.world.pass(1_000);
    s.chat.stop();
    const next = s.open();
    void next.chat.start();
    await s.world.pass(1_000);
    expect(next.chat.messages.map(textOf)).toEqual(['hello']);
    expect(s.server.tokens.size).toBe(1);
    expect(next.log).toEqual(['connecting', 'online socket']);
  });

  it('says so when the desk will not have it, and stops asking', async () => {
    const s = setup();
    s.server.intercept = (m) => {
      if (m === 'session.open') throw { code: -32004, message: 'no such channel' };
    };
    void s.chat.start();
    await s.world.pass(600_000);
    expect(s.chat.state).toBe('refused');
    expect(s.server.calls).toHaveLength(1);
  });

  it('keeps knocking while the server is away', async () => {
    const s = setup();
    s.server.up = false;
    void s.chat.start();
    s.chat.send('first');
    await s.world.pass(300_000);
    expect(s.chat.state).toBe('offline');
    expect(s.chat.messages.map((m) => m.state)).toEqual(['waiting']);
    s.server.up = true;
    await s.world.pass(60_000);
    expect(s.server.messages.map(textOf)).toEqual(['first']);
    expect(s.chat.messages.map((m) => m.state)).toEqual(['sent']);
  });

  it('renews a token that the server forgot, without losing a message', async () => {
    const s = setup();
    void s.chat.start();
    await s.world.pass(1_000);
    s.server.tokens.clear();
    s.chat.send('after');
    await s.world.pass(60_000);
    expect(s.server.messages.map(textOf)).toEqual(['after']);
    expect(s.chat.state).toBe('online');
  });

  it('never stores or resumes a known user by token', async () => {
    const token = `x.${btoa(JSON.stringify({ sub: 'u1' }))}.y`;
    const s = setup({ identity: () => token });
    void s.chat.start();
    await s.world.pass(1_000);
    expect(calls(s.server, 'session.open')[0]?.params).toEqual({ channel_key: 'chk_demo', identity: token });
    expect(s.storage.keys('')).toEqual([]);
    await s.world.pass(10);
    void s.chat.identify(null);
    await s.world.pass(1_000);
    expect(calls(s.server, 'session.open')[1]?.params).toEqual({ channel_key: 'chk_demo' });
    expect(s.storage.keys('')).toEqual(['yingda/chk_demo/token']);
  });

  it('does not show the next person a late answer to the one before', async () => {
    const s = setup();
    s.server.sockets = false;
    void s.chat.start();
    await s.world.pass(1_000);
    s.chat.send('secret');
    while (calls(s.server, 'message.send').length === 0) await s.world.pass(1);
    // The next person has written nothing yet.
    s.server.conversation = null;
    s.server.messages = s.server.events = [];
    void s.chat.identify(() => `x.${btoa(JSON.stringify({ sub: 'u2' }))}.y`);
    await s.world.pass(30_000);
    expect(s.chat.state).toBe('online');
    expect(s.chat.messages).toEqual([]);
    expect(s.chat.conversation).toBeNull();
  });

  it('forgets the person before also while it is stopped', async () => {
    const s = setup();
    void s.chat.start();
    await s.world.pass(1_000);
    s.chat.send('secret');
    await s.world.pass(1_000);
    s.server.signal(true);
    await s.world.pass(100);
    const typing: boolean[] = [];
    s.chat.on('typing', (e) => typing.push(e.on));
    s.chat.stop();
    await s.chat.identify(null);
    await s.world.pass(10);
    expect(s.chat.messages).toEqual([]);
    expect(typing).toEqual([false]);
  });

  it.each([
    ['a shop', 'https://shop.example/p/1', { url: 'https://shop.example/p/1', title: 'Tea' }],
    ['not a file', 'file:///home/me/x.html', undefined],
    ['not what is too long', `https://shop.example/${'x'.repeat(3000)}`, undefined],
  ])('tells the page only as the protocol takes it: %s', async (_name, url, page) => {
    const s = setup({ page: { url, title: 'Tea' } });
    void s.chat.start();
    await s.world.pass(10_000);
    expect(calls(s.server, 'session.open')[0]?.params.page).toBeUndefined();
    const events = calls(s.server, 'track').flatMap((c) => c.params.events as { url: string; title: string }[]);
    expect(events.map(({ url, title }) => ({ url, title }))).toEqual(page ? [page] : []);
  });
});

describe('transports', () => {
  it.each([
    ['socket', true, true, 'online socket'],
    ['stream where sockets fail', false, true, 'online stream', true],
    ['long poll where streams fail too', false, true, 'online long_poll'],
    ['short poll where waiting fails too', false, false, 'online short_poll'],
  ])('delivers by %s', async (_name, sockets, longPolls, state, streams = false) => {
    const s = setup();
    s.server.sockets = sockets;
    s.server.streams = streams;
    s.server.longPolls = longPolls;
    void s.chat.start();
    s.chat.send('hello');
    await s.world.pass(120_000);
    expect(s.log.at(-1)).toBe(state);
    const answer = s.server.agentSays('answer');
    await s.world.pass(16_000);
    expect(s.chat.messages.at(-1)?.id).toBe(answer.id);
  });

  it('comes back to the socket by itself', async () => {
    const s = setup();
    s.server.sockets = s.server.streams = false;
    void s.chat.start();
    await s.world.pass(30_000);
    expect(s.chat.transport).toBe('long_poll');
    s.server.streams = true;
    await s.world.pass(90_000);
    expect(s.chat.transport).toBe('stream');
    s.chat.send('hello');
    await s.world.pass(1_000);
    s.server.sockets = true;
    await s.world.pass(90_000);
    expect(s.chat.transport).toBe('socket');
    s.server.agentSays('answer');
    await s.world.pass(1_000);
    expect(s.chat.messages.map(textOf)).toEqual(['hello', 'answer']);
    // Climbing was never a time without news.
    expect(s.log.filter((l) => l.startsWith('offline'))).toEqual([]);
  });

  it('does without a stream that a proxy keeps back', async () => {
    const s = setup();
    s.server.sockets = false;
    s.server.buffers = true;
    void s.chat.start();
    s.chat.send('hello');
    await s.world.pass(40_000);
    expect(s.chat.transport).toBe('long_poll');
    s.server.agentSays('answer');
    await s.world.pass(1_000);
    expect(s.chat.messages.map(textOf)).toEqual(['hello', 'answer']);
  });

  it('begins with the next best when a socket hangs', async () => {
    const world = new World(5);
    const server = new FakeServer(world);
    const silent = { send: () => {}, close: () => {}, onopen: null, onmessage: null, onclose: null };
    const chat = new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host: { ...server.host(), socket: () => ({ ...silent }) } });
    void chat.start();
    await world.pass(3_500);
    expect(chat.transport).toBe('stream');
    await world.pass(100_000);
    expect(chat.transport).toBe('stream');
  });

  it('notices a stream that went silent', async () => {
    const s = setup();
    s.server.sockets = false;
    void s.chat.start();
    await s.world.pass(5_000);
    expect(s.chat.transport).toBe('stream');
    s.server.up = false;
    await s.world.pass(60_000);
    expect(s.chat.state).toBe('offline');
    s.server.up = true;
    await s.world.pass(60_000);
    expect(s.chat.state).toBe('online');
  });

  it('does without WebSocket where there is none', async () => {
    const world = new World(5);
    const server = new FakeServer(world);
    const chat = new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host: { ...server.host(), socket: undefined } });
    void chat.start();
    chat.send('hello');
    await world.pass(5_000);
    server.agentSays('answer');
    await world.pass(1_000);
    expect(chat.messages.map(textOf)).toEqual(['hello', 'answer']);
  });

  it('notices a socket that went silent', async () => {
    const s = setup();
    void s.chat.start();
    await s.world.pass(5_000);
    s.server.up = false;
    await s.world.pass(40_000);
    expect(s.chat.state).toBe('offline');
    s.server.up = true;
    await s.world.pass(40_000);
    expect(s.chat.state).toBe('online');
  });

  it('puts a second tab into the feed that the first one began', async () => {
    const s = setup();
    void s.chat.start();
    await s.world.pass(1_000);
    const other = s.open().chat;
    void other.start();
    await s.world.pass(1_000);
    s.chat.send('hello');
    await s.world.pass(700_000);
    expect(other.messages.map(textOf)).toEqual(['hello']);
    s.server.agentSays('answer');
    await s.world.pass(100);
    expect(other.messages.map(textOf)).toEqual(['hello', 'answer']);
  });
});

describe('messages', () => {
  it('shows a message at once and follows it to read, under one key', async () => {
    const s = setup();
    void s.chat.start();
    await s.world.pass(1_000);
    const seen: string[] = [];
    s.chat.on('messages', (list) => list.forEach((m) => seen.push(`${m.key} ${m.state}`)));
    const key = s.chat.send('hello');
    await s.world.pass(1_000);
    s.server.agentReads();
    await s.world.pass(1_000);
    expect([...new Set(seen)]).toEqual([`${key} sending`, `${key} sent`, `${key} read`]);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \n '],
    ['10,001 characters', '字'.repeat(10_001)],
  ])('refuses %s before it is queued', (_name, text) => {
    const s = setup();
    expect(() => s.chat.send(text)).toThrow(YingdaError);
    expect(s.storage.keys('')).toEqual([]);
  });

  it('counts characters, not UTF-16 units', () => {
    expect(() => setup().chat.send('😀'.repeat(10_000))).not.toThrow();
  });

  it('orders by the server although this machine is a day behind', async () => {
    const s = setup();
    void s.chat.start();
    s.chat.send('one');
    await s.world.pass(1_000);
    s.server.agentSays('two');
    await s.world.pass(1_000);
    s.server.up = false;
    s.server.cutSockets();
    s.chat.send('three');
    await s.world.pass(1_000);
    expect(s.chat.messages.map(textOf)).toEqual(['one', 'two', 'three']);
  });

  it('counts and clears what is unread, here and on the server', async () => {
    const s = setup();
    void s.chat.start();
    s.chat.send('hello');
    await s.world.pass(1_000);
    s.server.agentSays('a');
    s.server.agentSays('b');
    await s.world.pass(1_000);
    expect(s.chat.unread).toBe(2);
    s.chat.markRead();
    s.chat.markRead();
    await s.world.pass(1_000);
    expect(s.chat.unread).toBe(0);
    expect(calls(s.server, 'message.read').map((c) => c.params.seq)).toEqual([s.server.conversation!.seq]);
  });

  it('pages back through history', async () => {
    const s = setup({ pageSize: 20 });
    s.server.agentSays('0');
    for (let i = 1; i < 50; i++) s.server.agentSays(String(i));
    void s.chat.start();
    await s.world.pass(1_000);
    expect(s.chat.messages).toHaveLength(20);
    for (let more = true; more; ) {
      const step = s.chat.loadOlder();
      await s.world.pass(500);
      more = await step;
    }
    await s.world.pass(10);
    expect(s.chat.messages.map(textOf)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    expect(s.chat.hasOlder).toBe(false);
  });
});

describe('typing', () => {
  it('is told at most every three seconds, and its end once', async () => {
    const s = setup();
    void s.chat.start();
    s.chat.send('hello');
    await s.world.pass(1_000);
    for (let i = 0; i < 40; i++) {
      s.chat.typing();
      await s.world.pass(100);
    }
    await s.world.pass(20_000);
    expect(calls(s.server, 'typing').map((c) => c.params.on)).toEqual([true, true, false]);
  });

  it('of the other side ends by itself, and with the message', async () => {
    const s = setup();
    void s.chat.start();
    s.chat.send('hello');
    await s.world.pass(1_000);
    const seen: boolean[] = [];
    s.chat.on('typing', (t) => seen.push(t.on));
    s.server.signal(true);
    await s.world.pass(10_000);
    expect(seen).toEqual([true, false]);
    s.server.signal(true);
    await s.world.pass(10);
    s.server.agentSays('done');
    await s.world.pass(10);
    expect(seen).toEqual([true, false, true, false]);
  });
});
