import { memoryStorage, timer, type Host, type Socket } from './host.ts';

/** The part of a WeChat mini-program's global `wx` that is used. */
export interface Wx {
  request(options: {
    url: string;
    method: 'POST';
    data: string;
    header: Record<string, string>;
    timeout: number;
    dataType: string;
    success(result: { statusCode: number; data: unknown; header: Record<string, string> }): void;
    fail(problem: { errMsg: string }): void;
  }): unknown;
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
            const retry = Object.entries(r.header ?? {}).find(([k]) => k.toLowerCase() === 'retry-after')?.[1];
            resolve({
              status: r.statusCode,
              body: typeof r.data === 'string' ? r.data : JSON.stringify(r.data),
              retryAfterMs: (Number(retry) || 0) * 1000,
            });
          },
          fail: (problem) => reject(new Error(problem.errMsg)),
        });
      }),
    socket: (url) => wxSocket(wx, url),
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
    // Mini-programs have no synchronous strong randomness; ids need only be unique, and 128 bits of four sources are.
    uniqueID: () => [Date.now(), Math.random() * 2 ** 52, Math.random() * 2 ** 52, Math.random() * 2 ** 52].map((n) => Math.floor(n).toString(36)).join(''),
    after: timer,
    onNetwork(changed) {
      const listener = (r: { isConnected: boolean }) => changed(r.isConnected);
      wx.onNetworkStatusChange?.(listener);
      return () => wx.offNetworkStatusChange?.(listener);
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
