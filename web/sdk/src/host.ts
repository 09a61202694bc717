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

  // What follows is worth having and not needed.

  /** Posts JSON text and gives the answer piece by piece as it arrives. Without it the SDK polls where sockets are blocked. */
  stream?: ((url: string, body: string, options: { token: string }, events: StreamEvents) => { close(): void }) | undefined;
  /** Sends a file as the body of a POST, or as the part "file" of a form. Resolves and rejects as post does. */
  upload?: ((url: string, file: Blob | FileSource, options: UploadRequest) => Promise<HttpAnswer>) | undefined;
  /** Hands a POST over that outlives the page; false if it was not taken. */
  beacon?(url: string, body: string): boolean;
  /** Runs one after the other what is asked for under a name, over all tabs that share this storage. */
  exclusive?<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** Whether somebody looks at the page now. */
  visible?(): boolean;
  /** Tells when somebody begins and ends to look at the page; returns a function that ends it. */
  onAttention?(changed: (watching: boolean) => void): () => void;
}

export interface StreamEvents {
  /** The head of the answer is here. */
  opened(status: number): void;
  text(piece: string): void;
  /** Exactly once and last, also after close. */
  ended(): void;
}

/** A file of a place without Blob: a path of a mini-program or an address of React Native. */
export interface FileSource {
  path: string;
  name?: string;
  /** Bytes, if known. */
  size?: number;
  type?: string;
}

/** The part of an AbortSignal that is used; mini-programs bring their own. */
export interface Aborting {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface UploadRequest {
  token: string;
  /** The same for every try of one upload: the server takes the file once. */
  key: string;
  name: string;
  mime: string;
  timeoutMs: number;
  progress(loaded: number, total: number): void;
  signal?: Aborting | undefined;
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

/** An id for places without strong randomness: it need only be unique, and so many bits of four sources are. */
export function weakID(): string {
  return [Date.now(), Math.random() * 2 ** 52, Math.random() * 2 ** 52, Math.random() * 2 ** 52].map((n) => Math.floor(n).toString(36)).join('');
}

export function timer(ms: number, run: () => void): Timer {
  const handle = setTimeout(run, ms);
  return { cancel: () => clearTimeout(handle) };
}
