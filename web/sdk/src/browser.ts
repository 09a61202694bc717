import { claimed } from './claim.ts';
import { memoryStorage, randomID, timer, webStorage, type FileSource, type Host, type HttpAnswer, type Socket, type StreamEvents, type UploadRequest } from './host.ts';

/** The host of browsers and of Node (20 or newer; WebSocket from 22 on, else a stream). */
export function browserHost(overrides: Partial<Host> = {}): Host {
  const inBrowser = typeof document !== 'undefined';
  const storage = overrides.storage ?? (inBrowser ? webStorage() : memoryStorage());
  const host: Host = {
    post,
    socket: typeof WebSocket === 'undefined' ? undefined : socket,
    stream: typeof ReadableStream === 'undefined' ? undefined : stream,
    upload: typeof XMLHttpRequest === 'undefined' ? fetchUpload : xhrUpload,
    storage,
    now: () => performance.now(),
    date: () => new Date(),
    random: Math.random,
    uniqueID: randomID,
    after: timer,
    ...(inBrowser ? { beacon, visible, onAttention, onNetwork } : {}),
    ...overrides,
  };
  if (inBrowser && !overrides.exclusive) {
    host.exclusive = (name, run) => {
      // Only secure pages have locks, and a sandboxed frame may be refused them.
      const locks = (navigator as Partial<Navigator>).locks;
      if (!locks) return claimed(host, name, run);
      let begun = false;
      const once = () => ((begun = true), run());
      return locks.request(name, once).catch((err: unknown) => {
        if (begun) throw err;
        return claimed(host, name, run);
      }) as Promise<Awaited<ReturnType<typeof run>>>;
    };
  }
  return host;
}

function headers(token: string | undefined): Record<string, string> {
  return { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
}

function retryAfterMs(header: string | null): number {
  return (Number(header) || 0) * 1000;
}

async function post(url: string, body: string, { token, timeoutMs }: { token?: string | undefined; timeoutMs: number }): Promise<HttpAnswer> {
  const abort = new AbortController();
  const limit = timer(timeoutMs, () => abort.abort());
  try {
    const answer = await fetch(url, { method: 'POST', body, headers: headers(token), credentials: 'omit', cache: 'no-store', signal: abort.signal });
    return { status: answer.status, body: await answer.text(), retryAfterMs: retryAfterMs(answer.headers.get('Retry-After')) };
  } finally {
    limit.cancel();
  }
}

function socket(url: string): Socket {
  const ws = new WebSocket(url);
  const s: Socket = { send: (text) => ws.send(text), close: () => ws.close(), onopen: null, onmessage: null, onclose: null };
  ws.onopen = () => s.onopen?.();
  ws.onmessage = (e) => s.onmessage?.(String(e.data));
  ws.onclose = (e) => s.onclose?.(e.code, e.reason);
  return s;
}

function stream(url: string, body: string, { token }: { token: string }, events: StreamEvents): { close(): void } {
  const abort = new AbortController();
  const read = async () => {
    const answer = await fetch(url, { method: 'POST', body, headers: headers(token), credentials: 'omit', cache: 'no-store', signal: abort.signal });
    events.opened(answer.status);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) return;
      events.text(piece.value);
    }
  };
  // Why it ended does not matter: its owner opens another.
  void read()
    .catch(() => {})
    .finally(() => events.ended());
  return { close: () => abort.abort() };
}

function uploadHeaders(r: UploadRequest): Record<string, string> {
  return { Authorization: `Bearer ${r.token}`, 'Content-Type': r.mime, 'X-File-Name': encodeURIComponent(r.name), 'Idempotency-Key': r.key };
}

function blobOf(file: Blob | FileSource): Blob {
  if ('path' in file) throw new Error('a page sends a Blob or a File');
  return file;
}

/** With XMLHttpRequest, for fetch does not tell how far an upload is. */
function xhrUpload(url: string, file: Blob | FileSource, r: UploadRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const stop = () => xhr.abort();
    const end = () => r.signal?.removeEventListener('abort', stop);
    xhr.open('POST', url);
    xhr.timeout = r.timeoutMs;
    for (const [name, value] of Object.entries(uploadHeaders(r))) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (e) => r.progress(e.loaded, e.total);
    xhr.onload = () => {
      end();
      resolve({ status: xhr.status, body: xhr.responseText, retryAfterMs: retryAfterMs(xhr.getResponseHeader('Retry-After')) });
    };
    xhr.onerror = xhr.onabort = xhr.ontimeout = () => {
      end();
      reject(new Error('the file did not get through'));
    };
    r.signal?.addEventListener('abort', stop);
    xhr.send(blobOf(file));
  });
}

async function fetchUpload(url: string, file: Blob | FileSource, r: UploadRequest): Promise<HttpAnswer> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const limit = timer(r.timeoutMs, stop);
  r.signal?.addEventListener('abort', stop);
  try {
    const body = blobOf(file);
    r.progress(0, body.size);
    const answer = await fetch(url, { method: 'POST', body, headers: uploadHeaders(r), signal: abort.signal });
    r.progress(body.size, body.size);
    return { status: answer.status, body: await answer.text(), retryAfterMs: retryAfterMs(answer.headers.get('Retry-After')) };
  } finally {
    limit.cancel();
    r.signal?.removeEventListener('abort', stop);
  }
}

function beacon(url: string, body: string): boolean {
  try {
    // As text, so that no question has to be asked beforehand when the page is of another origin.
    return navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' }));
  } catch {
    return false;
  }
}

function visible(): boolean {
  return document.visibilityState === 'visible';
}

function onAttention(changed: (watching: boolean) => void): () => void {
  const look = () => changed(visible());
  const leave = () => changed(false);
  document.addEventListener('visibilitychange', look);
  addEventListener('pagehide', leave);
  return () => {
    document.removeEventListener('visibilitychange', look);
    removeEventListener('pagehide', leave);
  };
}

function onNetwork(changed: (online: boolean) => void): () => void {
  const online = () => changed(true);
  const offline = () => changed(false);
  const seen = () => visible() && changed(true);
  addEventListener('online', online);
  addEventListener('offline', offline);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('online', online);
    removeEventListener('offline', offline);
    document.removeEventListener('visibilitychange', seen);
  };
}
