import { readAnswer, YingdaError } from './error.ts';
import type { Host } from './host.ts';

/** Makes one JSON-RPC call by HTTP POST. */
export async function postCall(
  host: Host,
  endpoint: string,
  call: { method: string; params: unknown; token?: string | undefined; timeoutMs: number },
): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: call.method, params: call.params });
  const answer = await host.post(`${endpoint}/rpc/v1`, body, { token: call.token, timeoutMs: call.timeoutMs });
  let json: unknown;
  try {
    json = JSON.parse(answer.body);
  } catch {
    json = null;
  }
  if (isAnswer(json)) return readAnswer(json);
  // Something between us and the server answered: a proxy, a log-in page, a balancer.
  if (answer.status === 413) throw new YingdaError('invalid', 'The message is too large');
  if (answer.status === 401) throw new YingdaError('unauthenticated', 'The session is not known');
  if (answer.status === 429) throw new YingdaError('limited', 'Too many requests', { retryAfterMs: answer.retryAfterMs });
  throw new YingdaError('unavailable', `The server cannot be reached (HTTP ${answer.status})`, { retryAfterMs: answer.retryAfterMs });
}

function isAnswer(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'jsonrpc' in json;
}
