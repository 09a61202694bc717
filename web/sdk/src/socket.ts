import { readAnswer, YingdaError } from './error.ts';
import type { Host, Socket, Timer } from './host.ts';
import type { FeedPush, Signal } from './protocol.ts';

/**
 * Why a line ended. rejected: the server does not accept this token; denied: this
 * visitor may not be here at all; busy: the server asks for patience.
 */
export type Ending = 'lost' | 'rejected' | 'denied' | 'busy';

/** What a line tells its owner. closed comes exactly once and last. */
export interface LineEvents {
  opened(): void;
  push(push: FeedPush): void;
  signal(signal: Signal): void;
  closed(why: Ending): void;
}

interface Reply {
  id?: number;
  error?: { code: number; message: string };
  connect?: { ping?: number; pong?: boolean };
  rpc?: { data?: unknown };
  push?: { pub?: { data?: unknown }; disconnect?: { code: number } };
}

const openWithinMs = 8_000;
const answerWithinMs = 10_000;
/** Added to the server's ping interval before silence counts as a dead line. */
const pingGraceMs = 10_000;
/** Close codes and errors by which the server says what the trouble is; all others pass by. */
const endings: Record<number, Ending> = {
  ...Object.fromEntries([4501, 3500, 3507, 101, 103, 109, 110].map((code) => [code, 'rejected'])),
  4503: 'denied',
  4029: 'busy',
  4050: 'busy',
};
const ending = (code: number): Ending => endings[code] ?? 'lost';

/**
 * One life of a WebSocket that speaks the JSON protocol of Centrifuge: connect
 * with the visitor's token, answer pings, take pushes, carry JSON-RPC in
 * RPC frames. It never reconnects; its owner opens another.
 * Protocol: https://centrifugal.dev/docs/transports/client_protocol
 */
export class SocketLine {
  private readonly host: Host;
  private readonly events: LineEvents;
  private readonly socket: Socket;
  private readonly waiting = new Map<number, { resolve(v: unknown): void; reject(e: Error): void; limit: Timer }>();
  private lastID = 1;
  private open = false;
  private over = false;
  private silence: Timer;
  private pingMs = 0;
  private pong = false;

  constructor(host: Host, url: string, token: string, events: LineEvents) {
    this.host = host;
    this.events = events;
    this.silence = host.after(openWithinMs, () => this.end('lost'));
    this.socket = host.socket!(url);
    this.socket.onopen = () => this.write({ id: 1, connect: { data: { visitor_token: token }, name: 'yingda-sdk' } });
    this.socket.onmessage = (text) => {
      for (const line of text.split('\n')) if (line) this.read(line);
    };
    this.socket.onclose = (code) => this.end(ending(code));
  }

  /** True from the server's welcome to the end: calls may go this way. */
  get usable(): boolean {
    return this.open && !this.over;
  }

  /** Carries one JSON-RPC call. A line that gives no answer in time is closed. */
  call(method: string, params: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.lastID;
      const limit = this.host.after(answerWithinMs, () => this.end('lost'));
      this.waiting.set(id, { resolve, reject, limit });
      this.write({ id, rpc: { method: 'rpc', data: { jsonrpc: '2.0', id, method, params } } });
    });
  }

  /** Carries one JSON-RPC notification: nobody answers. */
  notify(method: string, params: unknown): void {
    this.write({ id: ++this.lastID, rpc: { method: 'rpc', data: { jsonrpc: '2.0', method, params } } });
  }

  close(): void {
    this.end('lost');
  }

  private write(command: object): void {
    if (this.over) return;
    try {
      this.socket.send(JSON.stringify(command));
    } catch {
      this.end('lost');
    }
  }

  private read(line: string): void {
    let reply: Reply;
    try {
      reply = JSON.parse(line) as Reply;
    } catch {
      return this.end('lost');
    }
    if (this.open) this.listen();
    if (reply.id === 1) {
      if (reply.error || !reply.connect) return this.end(ending(reply.error?.code ?? 0));
      this.open = true;
      this.pingMs = (reply.connect.ping ?? 0) * 1000;
      this.pong = reply.connect.pong ?? false;
      this.listen();
      return this.events.opened();
    }
    if (reply.id) return this.settle(reply);
    if (!reply.push) {
      // An empty object is the server's ping.
      if (this.pong) this.write({});
      return;
    }
    if (reply.push.disconnect) return this.end(ending(reply.push.disconnect.code));
    const data = reply.push.pub?.data as { signal?: Signal; event?: unknown } | undefined;
    if (data?.signal) this.events.signal(data.signal);
    else if (data?.event) this.events.push(data as unknown as FeedPush);
  }

  private settle(reply: Reply): void {
    const call = this.waiting.get(reply.id!);
    if (!call) return;
    this.waiting.delete(reply.id!);
    call.limit.cancel();
    if (reply.error) {
      // 111 is "too many requests"; the others are the line's own trouble, which HTTP may not share.
      call.reject(new YingdaError(reply.error.code === 111 ? 'limited' : 'network', reply.error.message));
      return;
    }
    try {
      call.resolve(readAnswer(reply.rpc?.data));
    } catch (err) {
      call.reject(err as Error);
    }
  }

  /** Starts the wait for the next sign of life anew. */
  private listen(): void {
    this.silence.cancel();
    if (this.pingMs > 0) this.silence = this.host.after(this.pingMs + pingGraceMs, () => this.end('lost'));
  }

  private end(why: Ending): void {
    if (this.over) return;
    this.over = true;
    this.silence.cancel();
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    try {
      this.socket.close();
    } catch {
      // It is gone either way.
    }
    for (const call of this.waiting.values()) {
      call.limit.cancel();
      call.reject(new YingdaError('network', 'The connection was lost'));
    }
    this.waiting.clear();
    this.events.closed(why);
  }
}
