/** What sort of failure a call met. The first three heal by waiting. */
export type ErrorKind =
  | 'network'
  | 'unavailable'
  | 'limited'
  | 'unauthenticated'
  | 'denied'
  | 'not_found'
  | 'conflict'
  | 'invalid'
  | 'unsupported'
  | 'internal'
  | 'stopped';

const kinds: Record<number, ErrorKind> = {
  [-32700]: 'invalid',
  [-32600]: 'invalid',
  [-32601]: 'unsupported',
  [-32602]: 'invalid',
  [-32603]: 'internal',
  [-32001]: 'unauthenticated',
  [-32003]: 'denied',
  [-32004]: 'not_found',
  [-32009]: 'conflict',
  [-32029]: 'limited',
  [-32050]: 'unavailable',
  [-32051]: 'unsupported',
};

/** The one error the SDK throws. Its message may be shown to a person. */
export class YingdaError extends Error {
  readonly kind: ErrorKind;
  /** The parameter at fault, for kind invalid. */
  readonly field: string | undefined;
  /** How long the server asks to wait, in milliseconds; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(kind: ErrorKind, message: string, more: { field?: string | undefined; retryAfterMs?: number } = {}) {
    super(message);
    this.name = 'YingdaError';
    this.kind = kind;
    this.field = more.field;
    this.retryAfterMs = more.retryAfterMs ?? 0;
  }

  /** True when the same call may succeed later without a change. */
  get passing(): boolean {
    return this.kind === 'network' || this.kind === 'unavailable' || this.kind === 'limited';
  }
}

/** Turns whatever was thrown into a YingdaError; what is not ours counts as network trouble. */
export function asYingdaError(thrown: unknown): YingdaError {
  if (thrown instanceof YingdaError) return thrown;
  return new YingdaError('network', thrown instanceof Error ? thrown.message : String(thrown));
}

/** Reads the answer to one JSON-RPC 2.0 call: gives the result or throws. */
export function readAnswer(answer: unknown): unknown {
  const a = (typeof answer === 'string' ? parse(answer) : answer) as {
    result?: unknown;
    error?: { code?: number; message?: string; data?: { field?: string; retry_after_ms?: number } };
  } | null;
  if (typeof a !== 'object' || a === null || !('jsonrpc' in a)) {
    throw new YingdaError('unavailable', 'The answer is not JSON-RPC');
  }
  if (!a.error) return a.result;
  const { code = -32603, message = '', data } = a.error;
  throw new YingdaError(kinds[code] ?? 'internal', message, {
    field: data?.field,
    retryAfterMs: Math.max(0, Number(data?.retry_after_ms) || 0),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
