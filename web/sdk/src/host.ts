/**
 * Everything the SDK needs of the place it runs in. A browser and Node have
 * browserHost; a WeChat mini-program has wxHost; anything else brings its own.
 */
export interface Host {
  /** Posts JSON text. Resolves with any HTTP status; rejects only when nothing came back. */
  post(url: string, body: string, options: { token?: string | undefined; timeoutMs: number }): Promise<HttpAnswer>;
  /** Opens a WebSocket; undefined where there are none, then the SDK polls. */
  socket?: ((url: string) => Socket) | undefined;
  storage: KeyValue;
  /** Milliseconds; only differences matter, so a wrong clock does no harm. */
  now(): number;
  /** The wall clock, for the time a person sees on an unsent message; never used for order. */
  date(): Date;
  /** In [0, 1), for jitter. */
  random(): number;
  /** A new id that nobody else draws: at least 120 random bits. */
  uniqueID(): string;
  after(ms: number, run: () => void): Timer;
  /** Tells when the network (or the page itself) came back or went; returns a function that ends it. */
  onNetwork?(changed: (online: boolean) => void): () => void;
}

export interface HttpAnswer {
  status: number;
  body: string;
  /** Of the Retry-After header; 0 without one. */
  retryAfterMs: number;
}

/** What is used of a WebSocket. Handlers are set once, before anything arrives. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((text: string) => void) | null;
  onclose: ((code: number, reason: string) => void) | null;
}

/** Small synchronous text storage. Implementations must not throw. */
export interface KeyValue {
  get(key: string): string | null;
  /** Reports whether the value was really kept. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(prefix: string): string[];
}

export interface Timer {
  cancel(): void;
}

/** Keeps values as long as the page lives. */
export function memoryStorage(): KeyValue {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => (values.set(key, value), true),
    remove: (key) => void values.delete(key),
    keys: (prefix) => [...values.keys()].filter((k) => k.startsWith(prefix)),
  };
}

/** localStorage, and memory for whatever it refuses (private windows, full disks, blocked frames). */
export function webStorage(area: () => Storage = () => localStorage): KeyValue {
  const spare = memoryStorage();
  function attempt<T>(use: (s: Storage) => T, otherwise: T): T {
    try {
      return use(area());
    } catch {
      return otherwise;
    }
  }
  return {
    get: (key) => spare.get(key) ?? attempt((s) => s.getItem(key), null),
    set(key, value) {
      if (attempt((s) => (s.setItem(key, value), true), false)) {
        spare.remove(key);
        return true;
      }
      spare.set(key, value);
      return false;
    },
    remove(key) {
      spare.remove(key);
      attempt((s) => s.removeItem(key), undefined);
    },
    keys: (prefix) => [
      ...new Set([
        ...attempt((s) => Array.from({ length: s.length }, (_, i) => s.key(i) ?? ''), []).filter((k) => k.startsWith(prefix)),
        ...spare.keys(prefix),
      ]),
    ],
  };
}

/** 128 random bits in hexadecimal. Works without a secure context. */
export function randomID(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

export function timer(ms: number, run: () => void): Timer {
  const handle = setTimeout(run, ms);
  return { cancel: () => clearTimeout(handle) };
}

/** The host of browsers and of Node (20 or newer; WebSocket from 22 on, else polling). */
export function browserHost(overrides: Partial<Host> = {}): Host {
  return {
    async post(url, body, { token, timeoutMs }) {
      const abort = new AbortController();
      const limit = timer(timeoutMs, () => abort.abort());
      try {
        const answer = await fetch(url, {
          method: 'POST',
          body,
          headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
          credentials: 'omit',
          cache: 'no-store',
          signal: abort.signal,
        });
        return {
          status: answer.status,
          body: await answer.text(),
          retryAfterMs: (Number(answer.headers.get('Retry-After')) || 0) * 1000,
        };
      } finally {
        limit.cancel();
      }
    },
    socket: typeof WebSocket === 'undefined' ? undefined : browserSocket,
    storage: webStorage(),
    now: () => performance.now(),
    date: () => new Date(),
    random: Math.random,
    uniqueID: randomID,
    after: timer,
    onNetwork(changed) {
      if (typeof addEventListener === 'undefined') return () => {};
      const online = () => changed(true);
      const offline = () => changed(false);
      const seen = () => document.visibilityState === 'visible' && changed(true);
      addEventListener('online', online);
      addEventListener('offline', offline);
      globalThis.document?.addEventListener('visibilitychange', seen);
      return () => {
        removeEventListener('online', online);
        removeEventListener('offline', offline);
        globalThis.document?.removeEventListener('visibilitychange', seen);
      };
    },
    ...overrides,
  };
}

function browserSocket(url: string): Socket {
  const ws = new WebSocket(url);
  const socket: Socket = { send: (text) => ws.send(text), close: () => ws.close(), onopen: null, onmessage: null, onclose: null };
  ws.onopen = () => socket.onopen?.();
  ws.onmessage = (e) => socket.onmessage?.(String(e.data));
  ws.onclose = (e) => socket.onclose?.(e.code, e.reason);
  return socket;
}
