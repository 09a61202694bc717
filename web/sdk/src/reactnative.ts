import { browserHost } from './browser.ts';
import { memoryStorage, weakID, type FileSource, type Host, type HttpAnswer, type KeyValue, type UploadRequest } from './host.ts';

/** What the SDK needs of a React Native app; hand it the modules of these names. */
export interface ReactNativeParts {
  /** @react-native-async-storage/async-storage; without it nothing survives the end of the app. */
  AsyncStorage?: {
    getAllKeys(): Promise<readonly string[]>;
    getItem(key: string): Promise<string | null>;
    setItem(key: string, value: string): Promise<void>;
    removeItem(key: string): Promise<void>;
  };
  /** Of react-native. */
  AppState: {
    currentState: string | null;
    addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
  };
}

/** The host of a React Native app: new Chat({ host: await reactNativeHost({ AppState, AsyncStorage }), … }). */
export async function reactNativeHost(parts: ReactNativeParts, overrides: Partial<Host> = {}): Promise<Host> {
  const { AppState } = parts;
  const follow = (changed: (active: boolean) => void) => {
    const subscription = AppState.addEventListener('change', (state) => changed(state === 'active'));
    return () => subscription.remove();
  };
  return browserHost({
    storage: parts.AsyncStorage ? await mirrored(parts.AsyncStorage) : memoryStorage(),
    // fetch gives whole answers only here; where sockets are blocked, polling serves.
    stream: undefined,
    upload: formUpload,
    uniqueID: weakID,
    visible: () => AppState.currentState === 'active',
    onAttention: follow,
    // An app that comes back finds its sockets gone; the network itself is found out by trying.
    onNetwork: (changed) => follow((active) => active && changed(true)),
    ...overrides,
  });
}

/** The SDK reads its storage at once: it is read into memory at the start, and written through in order. */
async function mirrored(storage: NonNullable<ReactNativeParts['AsyncStorage']>): Promise<KeyValue> {
  const memory = memoryStorage();
  for (const key of await storage.getAllKeys()) {
    if (!key.startsWith('yingda/')) continue;
    const value = await storage.getItem(key);
    if (value !== null) memory.set(key, value);
  }
  let last: Promise<unknown> = Promise.resolve();
  const then = (write: () => Promise<void>) => {
    last = last.then(write).catch(() => {});
  };
  return {
    ...memory,
    set(key, value) {
      then(() => storage.setItem(key, value));
      return memory.set(key, value);
    },
    remove(key) {
      then(() => storage.removeItem(key));
      memory.remove(key);
    },
  };
}

/** Files are addresses here, which a form knows how to read. */
function formUpload(url: string, file: Blob | FileSource, r: UploadRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append('file', ('path' in file ? { uri: file.path, name: r.name, type: r.mime } : file) as Blob);
    const xhr = new XMLHttpRequest();
    const stop = () => xhr.abort();
    const end = () => r.signal?.removeEventListener('abort', stop);
    xhr.open('POST', url);
    xhr.timeout = r.timeoutMs;
    xhr.setRequestHeader('Authorization', `Bearer ${r.token}`);
    xhr.setRequestHeader('X-File-Name', encodeURIComponent(r.name));
    xhr.setRequestHeader('Idempotency-Key', r.key);
    xhr.upload.onprogress = (e) => r.progress(e.loaded, e.total);
    xhr.onload = () => {
      end();
      resolve({ status: xhr.status, body: xhr.responseText, retryAfterMs: (Number(xhr.getResponseHeader('Retry-After')) || 0) * 1000 });
    };
    xhr.onerror = xhr.onabort = xhr.ontimeout = () => {
      end();
      reject(new Error('the file did not get through'));
    };
    r.signal?.addEventListener('abort', stop);
    xhr.send(form);
  });
}
