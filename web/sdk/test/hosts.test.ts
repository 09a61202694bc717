import { describe, expect, it } from 'vitest';
import { Chat, reactNativeHost, wxHost, type Wx, YingdaError } from '../src/index.ts';
import { Utf8Reader } from '../src/utf8.ts';
import { FakeServer, seeded, textOf, World } from './world.ts';

describe('a WeChat mini-program', () => {
  /** A `wx` over the fake server. */
  function fakeWx(server: FakeServer) {
    const host = server.host();
    const app: { show: (() => void)[]; hide: (() => void)[] } = { show: [], hide: [] };
    const uploads: { filePath: string; name: string; header: Record<string, string>; aborted: boolean; answer(status: number, data: string): void; progress(sent: number): void }[] = [];
    const values = new Map<string, string>();
    const wx: Wx = {
      request(o) {
        if (o.enableChunked) {
          let chunk: (piece: { data: ArrayBuffer }) => void = () => {};
          let status = 200;
          const line = host.stream!(o.url, o.data, { token: o.header.Authorization!.slice(7) }, {
            opened: (s) => void (status = s),
            text: (text) => {
              // Networks cut in the middle of characters too.
              for (const byte of new TextEncoder().encode(text)) chunk({ data: new Uint8Array([byte]).buffer });
            },
            ended: () => o.success({ statusCode: status, data: '', header: {} }),
          });
          return { abort: () => line.close(), onChunkReceived: (f) => void (chunk = f) };
        }
        host.post(o.url, o.data, { token: o.header.Authorization?.slice(7), timeoutMs: o.timeout ?? 15_000 }).then(
          (a) => o.success({ statusCode: a.status, data: a.body, header: {} }),
          (e: Error) => o.fail({ errMsg: e.message }),
        );
      },
      uploadFile(o) {
        let progress: (r: { totalBytesSent: number; totalBytesExpectedToSend: number }) => void = () => {};
        const upload = {
          filePath: o.filePath, name: o.name, header: o.header, aborted: false,
          answer: (statusCode: number, data: string) => o.success({ statusCode, data }),
          progress: (totalBytesSent: number) => progress({ totalBytesSent, totalBytesExpectedToSend: 100 }),
        };
        uploads.push(upload);
        return {
          abort: () => {
            upload.aborted = true;
            o.fail({ errMsg: 'uploadFile:fail abort' });
          },
          onProgressUpdate: (f) => void (progress = f),
        };
      },
      onAppShow: (f) => void app.show.push(f),
      onAppHide: (f) => void app.hide.push(f),
      connectSocket({ url }) {
        const socket = host.socket!(url);
        return {
          send: ({ data }) => socket.send(data),
          close: () => socket.close(),
          onOpen: (f) => void (socket.onopen = f),
          onMessage: (f) => void (socket.onmessage = (data) => f({ data })),
          onClose: (f) => void (socket.onclose = (code, reason) => f({ code, reason })),
          onError: () => {},
        };
      },
      getStorageSync: (k) => values.get(k) ?? '',
      setStorageSync: (k, v) => {
        if (v.length > 1_000) throw new Error('exceed max size');
        values.set(k, v);
      },
      removeStorageSync: (k) => void values.delete(k),
      getStorageInfoSync: () => ({ keys: [...values.keys()] }),
    };
    return { wx, values, uploads, app };
  }
  const open = (server: FakeServer, wx: Wx) =>
    new Chat({
      endpoint: 'https://desk', channelKey: 'chk_demo',
      host: wxHost(wx, { after: (ms, run) => server.world.after(ms, run), now: () => server.world.now }),
    });

  it('talks through wx.request and wx.connectSocket, and keeps its token in wx storage', async () => {
    const world = new World(9);
    const server = new FakeServer(world);
    const { wx, values } = fakeWx(server);
    const chat = new Chat({ endpoint: 'https://desk', channelKey: 'chk_demo', host: wxHost(wx, { after: (ms, run) => world.after(ms, run), now: () => world.now }) });
    void chat.start();
    chat.send('你好');
    // Too large for the storage: it waits in memory and is sent all the same.
    chat.send('长'.repeat(5_000));
    await world.pass(2_000);
    server.agentSays('您好');
    await world.pass(2_000);
    expect(chat.messages.map((m) => textOf(m).slice(0, 2))).toEqual(['你好', '长长', '您好']);
    expect(chat.transport).toBe('socket');
    expect([...values.keys()]).toEqual(['yingda/chk_demo/token']);
  });

  it('reads a stream in pieces where sockets are blocked', async () => {
    const world = new World(9);
    const server = new FakeServer(world);
    server.sockets = false;
    const chat = open(server, fakeWx(server).wx);
    void chat.start();
    chat.send('你好');
    await world.pass(10_000);
    expect(chat.transport).toBe('stream');
    server.agentSays('您好 😀');
    await world.pass(100);
    expect(chat.messages.map(textOf)).toEqual(['你好', '您好 😀']);
  });

  it('polls where an old version gives no pieces', async () => {
    const world = new World(9);
    const server = new FakeServer(world);
    server.sockets = false;
    const { wx } = fakeWx(server);
    const request = wx.request.bind(wx);
    wx.request = (o) => (o.enableChunked ? undefined : request(o));
    const chat = open(server, wx);
    void chat.start();
    await world.pass(10_000);
    expect(chat.transport).toBe('long_poll');
  });

  it('sends a file by its path with wx.uploadFile', async () => {
    const world = new World(9);
    const server = new FakeServer(world);
    const { wx, uploads } = fakeWx(server);
    const chat = open(server, wx);
    void chat.start();
    await world.pass(1_000);
    const seen: number[] = [];
    const sent = chat.upload({ path: 'wxfile://tmp/1.png', name: '猫.png', type: 'image/png' }, { onProgress: (p) => seen.push(p.loaded) });
    await world.pass(1);
    expect(uploads[0]).toMatchObject({ filePath: 'wxfile://tmp/1.png', name: 'file' });
    expect(uploads[0]!.header['X-File-Name']).toBe(encodeURIComponent('猫.png'));
    expect(uploads[0]!.header.Authorization).toBe(`Bearer ${chat.session!.token}`);
    uploads[0]!.progress(40);
    uploads[0]!.answer(200, '{"id":"att_1","kind":"image","url":"/files/att_1"}');
    expect((await sent).id).toBe('att_1');
    expect(seen).toEqual([40]);
    const abort = new AbortController();
    const stopped = chat.upload({ path: 'wxfile://tmp/2.png' }, { signal: abort.signal }).catch((e: YingdaError) => e);
    await world.pass(1);
    abort.abort();
    expect(await stopped).toMatchObject({ kind: 'stopped' });
    expect(uploads[1]!.aborted).toBe(true);
  });

  it('does not count the time in the background', async () => {
    const world = new World(9);
    const server = new FakeServer(world);
    const { wx, app } = fakeWx(server);
    const chat = open(server, wx);
    chat.setPage({ url: 'https://mini.example/goods/7' });
    void chat.start();
    await world.pass(5_000);
    for (const f of app.hide) f();
    await world.pass(600_000);
    for (const f of app.show) f();
    await world.pass(10_000);
    expect(chat.state).toBe('online');
    expect(server.tracked.filter((e) => e.type === 'dwell').every((e) => e.ms! < 6_000)).toBe(true);
  });
});

describe('a React Native app', () => {
  it('keeps its token through AsyncStorage and comes back with the app', async () => {
    const world = new World(3);
    const server = new FakeServer(world);
    const kept = new Map<string, string>([['other', 'x']]);
    const AsyncStorage = {
      getAllKeys: async () => [...kept.keys()],
      getItem: async (key: string) => kept.get(key) ?? null,
      setItem: async (key: string, value: string) => void kept.set(key, value),
      removeItem: async (key: string) => void kept.delete(key),
    };
    let change: (state: string) => void = () => {};
    const AppState = { currentState: 'active', addEventListener: (_: 'change', f: (state: string) => void) => ((change = f), { remove: () => {} }) };
    const open = async () => {
      const { post, socket, now, after, random } = server.host();
      return new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host: await reactNativeHost({ AppState, AsyncStorage }, { post, socket, now, after, random }) });
    };
    const chat = await open();
    void chat.start();
    chat.send('hello');
    await world.pass(2_000);
    expect(chat.transport).toBe('socket');
    expect(kept.get('yingda/chk_demo/token')).toBe(chat.session!.token);
    server.cutSockets();
    change('background');
    change('active');
    await world.pass(2_000);
    expect(chat.state).toBe('online');
    chat.stop();
    const next = await open();
    void next.start();
    await world.pass(2_000);
    expect(next.messages.map(textOf)).toEqual(['hello']);
    expect(server.tokens.size).toBe(1);
  });
});

describe('UTF-8 in pieces', () => {
  it('is what TextDecoder makes of the whole, wherever it is cut', () => {
    const dice = seeded(4);
    for (let run = 0; run < 300; run++) {
      const text = Array.from({ length: 40 }, () => ['a', 'é', '字', '😀', '\n', '\u0000'][Math.floor(dice() * 6)]).join('');
      const bytes = new TextEncoder().encode(text);
      const reader = new Utf8Reader();
      let out = '';
      for (let i = 0; i < bytes.length; ) {
        const n = 1 + Math.floor(dice() * 5);
        out += reader.read(bytes.slice(i, i + n));
        i += n;
      }
      expect(out).toBe(text);
    }
  });

  it('survives what is no UTF-8', () => {
    for (const bytes of [[0xff, 0x41], [0xc0, 0x80], [0xed, 0xa0, 0x80, 0x41], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xe5, 0x41, 0x41]]) {
      const text = new Utf8Reader().read(new Uint8Array(bytes));
      expect(text).toContain('\ufffd');
      expect(text.includes('A')).toBe(bytes.includes(0x41));
    }
  });
});
