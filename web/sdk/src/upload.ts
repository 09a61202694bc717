import { YingdaError, type ErrorKind } from './error.ts';
import type { Aborting, FileSource, Host, HttpAnswer } from './host.ts';
import type { Features, Uploaded } from './protocol.ts';

export interface UploadOptions {
  /** Default: the file's own name. */
  name?: string;
  /** Default: the file's own type. */
  mime?: string;
  onProgress?(progress: { loaded: number; total: number }): void;
  signal?: Aborting;
}

const uploadTimeoutMs = 10 * 60_000;

const kinds: Record<number, ErrorKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'denied',
  404: 'unsupported',
  411: 'invalid',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'limited',
};

/** Sends one file to the desk. Nobody sees it before it is part of a message. */
export async function uploadFile(
  host: Host,
  endpoint: string,
  token: string,
  features: Features | undefined,
  file: Blob | FileSource,
  key: string,
  options: UploadOptions,
): Promise<Uploaded> {
  const size = file.size ?? 0;
  if (features && !features.uploads) throw new YingdaError('denied', 'Files cannot be sent here');
  if (!host.upload) throw new YingdaError('unsupported', 'Files cannot be sent from here');
  if (file.size === 0) throw new YingdaError('invalid', 'The file is empty', { field: 'size' });
  const most = features?.max_upload_bytes ?? 0;
  if (most > 0 && size > most) {
    throw new YingdaError('invalid', `The file is larger than ${Math.floor(most / 1024 / 1024)} MiB`, { field: 'size' });
  }
  if (options.signal?.aborted) throw new YingdaError('stopped', 'The upload was stopped');
  const name = options.name ?? ('name' in file && file.name ? String(file.name) : 'file');
  const answer = await host.upload(`${endpoint}/rpc/v1/attachments`, file, {
    token,
    key,
    name: [...name].slice(0, 200).join(''),
    mime: options.mime ?? (file.type || 'application/octet-stream'),
    timeoutMs: uploadTimeoutMs,
    progress: (loaded, total) => options.onProgress?.({ loaded, total: total || size }),
    signal: options.signal,
  });
  if (options.signal?.aborted) throw new YingdaError('stopped', 'The upload was stopped');
  return read(answer);
}

function read(answer: HttpAnswer): Uploaded {
  let body: { id?: unknown; detail?: string; title?: string } = {};
  try {
    body = (JSON.parse(answer.body) as typeof body | null) ?? {};
  } catch {
    // A proxy's page: the status says enough.
  }
  if (answer.status >= 200 && answer.status < 300 && typeof body.id === 'string') return body as unknown as Uploaded;
  const kind = kinds[answer.status] ?? (answer.status >= 200 && answer.status < 300 ? 'unavailable' : answer.status === 500 ? 'internal' : 'unavailable');
  const field = answer.status === 413 ? 'size' : answer.status === 415 ? 'type' : undefined;
  throw new YingdaError(kind, body.detail ?? body.title ?? `The file could not be sent (HTTP ${answer.status})`, {
    field,
    retryAfterMs: answer.retryAfterMs,
  });
}
