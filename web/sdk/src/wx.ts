import { memoryStorage, timer, weakID, type FileSource, type Host, type HttpAnswer, type Socket, type StreamEvents, type UploadRequest } from './host.ts';
import { Utf8Reader } from './utf8.ts';

type Header = Record<string, string>;

/** The part of a WeChat mini-program's global `wx` that is used. What has a question mark may be missing in old versions. */
export interface Wx {
  request(options: {
    url: string;
    method: 'POST';
    data: string;
    header: Header;
    timeout?: number;
    dataType: string;
    enableChunked?: boolean;
    success(result: { statusCode: number; data: unknown; header: Header }): void;
    fail(problem: { errMsg: string }): void;
  }): WxRequest | void;
  uploadFile?(options: {
    url: string;
    filePath: string;
    name: string;
    header: Header;
    timeout: number;
    success(result: { statusCode: number; data: string; header?: Header }): void;
    fail(problem: { errMsg: string }): void;
  }): { abort(): void; onProgressUpdate?(listener: (r: { totalBytesSent: number; totalBytesExpectedToSend: number }) => void): void } | void;
  connectSocket(options: { url: string }): {
    send(options: { data: string }): void;
    close(options: object): void;
    onOpen(listener: () => void): void;
    onMessage(listener: (message: { data: string | ArrayBuffer }) => void): void;
    onClose(listener: (result: { code?: number; reason?: string }) => void): void;
    onError(listener: () => void): void;
  };
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: string): void;
  removeStorageSync(key: string): void;
  getStorageInfoSync(): { keys: string[] };
  onNetworkStatusChange?(listener: (result: { isConnected: boolean }) => void): void;
  offNetworkStatusChange?(listener: (result: { isConnected: boolean }) => void): void;
  onAppShow?(listener: () => void): void;
  offAppShow?(listener: () => void): void;
  onAppHide?(listener: () => void): void;
  offAppHide?(listener: () => void): void;
}

interface WxRequest {
  abort(): void;
  onChunkReceived?(listener: (piece: { data: ArrayBuffer }) => void): void;
}

function retryAfterMs(header: Header | undefined): number {
  const value = Object.entries(header ?? {}).find(([k]) => k.toLowerCase() === 'retry-after')?.[1];
  return (Number(value) || 0) * 1000;
}

/** The host of a WeChat mini-program: new Chat({ host: wxHost(wx), … }). */
export function wxHost(wx: Wx, overrides: Partial<Host> = {}): Host {
  const spare = memoryStorage();
  return {
    post: (url, body, { token, timeoutMs }) =>
      new Promise((resolve, reject) => {
        wx.request({
          url,
          method: 'POST',
          data: body,
          header: { 'content-type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
          timeout: timeoutMs,
          // Anything but "json" leaves the answer as text.
          dataType: 'text',
          success(r) {
            resolve({
              status: r.statusCode,
              body: typeof r.data === 'string' ? r.data : JSON.stringify(r.data),
              retryAfterMs: retryAfterMs(r.header),
            });
          },
          fail: (problem) => reject(new Error(problem.errMsg)),
        });
      }),
    socket: (url) => wxSocket(wx, url),
    stream: (url, body, { token }, events) => wxStream(wx, url, body, token, events),
    upload: wx.uploadFile ? (url, file, request) => wxUpload(wx, url, file, request) : undefined,
    storage: {
      get(key) {
        try {
          return spare.get(key) ?? ((wx.getStorageSync(key) as string) || null);
        } catch {
          return spare.get(key);
        }
      },
      set(key, value) {
        try {
          wx.setStorageSync(key, value);
          spare.remove(key);
          return true;
        } catch {
          spare.set(key, value);
          return false;
        }
      },
      remove(key) {
        spare.remove(key);
        try {
          wx.removeStorageSync(key);
        } catch {
          // Nothing was kept there then.
        }
      },
      keys(prefix) {
        let kept: string[] = [];
        try {
          kept = wx.getStorageInfoSync().keys;
        } catch {
          // Only memory is left.
        }
        return [...new Set([...kept.filter((k) => k.startsWith(prefix)), ...spare.keys(prefix)])];
      },
    },
    now: () => Date.now(),
    date: () => new Date(),
    random: Math.random,
    uniqueID: weakID,
    after: timer,
    onNetwork(changed) {
      const listener = (r: { isConnected: boolean }) => changed(r.isConnected);
      // Sockets of a mini-program in the background are closed by WeChat.
      const shown = () => changed(true);
      wx.onNetworkStatusChange?.(listener);
      wx.onAppShow?.(shown);
      return () => {
        wx.offNetworkStatusChange?.(listener);
        wx.offAppShow?.(shown);
      };
    },
    onAttention(changed) {
      const shown = () => changed(true);
      const hidden = () => changed(false);
      wx.onAppShow?.(shown);
      wx.onAppHide?.(hidden);
      return () => {
        wx.offAppShow?.(shown);
        wx.offAppHide?.(hidden);
      };
    },
    ...overrides,
  };
}

function wxSocket(wx: Wx, url: string): Socket {
  const task = wx.connectSocket({ url });
  let over = false;
  const end = (code: number, reason: string) => {
    if (over) return;
    over = true;
    socket.onclose?.(code, reason);
  };
  const socket: Socket = {
    send: (text) => task.send({ data: text }),
    close: () => task.close({}),
    onopen: null,
    onmessage: null,
    onclose: null,
  };
  task.onOpen(() => socket.onopen?.());
  task.onMessage((m) => socket.onmessage?.(String(m.data)));
  task.onClose((r) => end(r.code ?? 1006, r.reason ?? ''));
  task.onError(() => end(1006, 'error'));
  return socket;
}

function wxStream(wx: Wx, url: string, body: string, token: string, events: StreamEvents): { close(): void } {
  const reader = new Utf8Reader();
  let over = false;
  let told = false;
  const end = () => {
    if (over) return;
    over = true;
    events.ended();
  };
  const task = wx.request({
    url,
    method: 'POST',
    data: body,
    header: { 'content-type': 'application/json', Authorization: `Bearer ${token}` },
    dataType: 'text',
    enableChunked: true,
    success(r) {
      if (!over && (!told || r.statusCode !== 200)) events.opened(r.statusCode);
      end();
    },
    fail: end,
  });
  // Without pieces the answer would come when it ends, which is never.
  if (!task?.onChunkReceived) queueMicrotask(end);
  task?.onChunkReceived?.((piece) => {
    if (over) return;
    if (!told) events.opened(200);
    told = true;
    events.text(reader.read(new Uint8Array(piece.data)));
  });
  return {
    close() {
      task?.abort();
      end();
    },
  };
}

function wxUpload(wx: Wx, url: string, file: Blob | FileSource, r: UploadRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (!('path' in file)) return reject(new Error('a mini-program sends a file by its path'));
    const stop = () => task?.abort();
    const end = () => r.signal?.removeEventListener('abort', stop);
    const task = wx.uploadFile!({
      url,
      filePath: file.path,
      name: 'file',
      header: { Authorization: `Bearer ${r.token}`, 'X-File-Name': encodeURIComponent(r.name), 'Idempotency-Key': r.key },
      timeout: r.timeoutMs,
      success(answer) {
        end();
        resolve({ status: answer.statusCode, body: answer.data, retryAfterMs: retryAfterMs(answer.header) });
      },
      fail(problem) {
        end();
        reject(new Error(problem.errMsg));
      },
    });
    task?.onProgressUpdate?.((p) => r.progress(p.totalBytesSent, p.totalBytesExpectedToSend));
    r.signal?.addEventListener('abort', stop);
  });
}
