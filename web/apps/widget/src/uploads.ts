import { computed, onScopeDispose, reactive, watch } from 'vue';
import { mediaPart, type Part, type Uploaded, type YingdaError } from '@yingda/sdk';
import type { Desk } from './desk.ts';
import { t } from './language.ts';
import { can } from './settings.ts';
import { sizeText } from './safe.ts';

/** More at once would neither fit the tray nor a message. */
export const mostFiles = 10;

/** A file between the visitor's choice and the message that carries it. */
export interface Waiting {
  id: number;
  name: string;
  size: number;
  /** A picture of it, made here; empty for other files. */
  picture: string;
  percent: number;
  state: 'uploading' | 'ready' | 'failed';
  /** Why it failed, in words, and whether trying again can help. */
  why: string;
  again: boolean;
}

type Uploads = ReturnType<typeof useUploads>;
export type { Uploads };

/** The files of the composer: uploaded at once, sent with the message. */
export function useUploads(desk: Desk, refuse: (why: string) => void) {
  const items = reactive<Waiting[]>([]);
  /** What need not be watched, by id. */
  const held = new Map<number, { file: File; stop: AbortController; done?: Uploaded }>();
  let last = 0;

  const busy = computed(() => items.some((i) => i.state === 'uploading'));
  const failed = computed(() => items.some((i) => i.state === 'failed'));

  function add(files: Iterable<File>): void {
    for (const file of files) {
      if (!can.value.uploads) return refuse(t.value.uploadOff);
      if (items.length >= mostFiles) return refuse(t.value.uploadMany(mostFiles));
      const picture = /^image\/(png|jpeg|gif|webp|avif|bmp)$/.test(file.type) ? URL.createObjectURL(file) : '';
      items.push({ id: ++last, name: file.name || t.value.file, size: file.size, picture, percent: 0, state: 'uploading', why: '', again: false });
      held.set(last, { file, stop: new AbortController() });
      void upload(last);
    }
  }

  async function upload(id: number): Promise<void> {
    const item = items.find((i) => i.id === id);
    const own = held.get(id);
    if (!item || !own) return;
    own.stop = new AbortController();
    Object.assign(item, { state: 'uploading', percent: 0, why: '' });
    try {
      own.done = await desk.upload(own.file, {
        name: item.name,
        signal: own.stop.signal,
        onProgress: ({ loaded, total }) => (item.percent = total > 0 ? Math.min(99, Math.floor((loaded / total) * 100)) : 0),
      });
      Object.assign(item, { state: 'ready', percent: 100 });
    } catch (thrown) {
      if (own.stop.signal.aborted) return;
      Object.assign(item, { state: 'failed', ...explain(thrown as YingdaError) });
    }
  }

  function remove(id: number): void {
    const at = items.findIndex((i) => i.id === id);
    if (at < 0) return;
    held.get(id)?.stop.abort();
    held.delete(id);
    const [gone] = items.splice(at, 1);
    if (gone?.picture) URL.revokeObjectURL(gone.picture);
  }

  /** The parts of what is ready; the tray is empty afterwards. */
  function take(): Part[] {
    const parts = items.flatMap((i) => {
      const done = held.get(i.id)?.done;
      return i.state === 'ready' && done ? [mediaPart(done)] : [];
    });
    for (const i of [...items]) remove(i.id);
    return parts;
  }

  // What the network broke is tried again when it is back.
  watch(desk.state, (now, before) => {
    if (now === 'online' && before !== 'online') for (const i of items) if (i.state === 'failed' && i.again) void upload(i.id);
  });
  onScopeDispose(() => {
    for (const i of [...items]) remove(i.id);
  });

  return { items, busy, failed, add, remove, take, retry: (id: number) => void upload(id) };
}

/** Why a file did not go, in the visitor's words. */
export function explain(err: Partial<YingdaError>): { why: string; again: boolean } {
  const { kind, field } = err;
  if (field === 'size') {
    const most = can.value.max_upload_bytes;
    return { why: most > 0 && !/empty/i.test(err.message ?? '') ? t.value.uploadTooLarge(sizeText(most)) : t.value.uploadEmpty, again: false };
  }
  if (kind === 'invalid') return { why: t.value.uploadRefused, again: false };
  if (kind === 'denied' || kind === 'unsupported') return { why: t.value.uploadOff, again: false };
  if (kind === 'limited') return { why: t.value.uploadLater, again: true };
  return { why: t.value.uploadFailed, again: true };
}
