import { Backoff } from './backoff.ts';
import { asYingdaError, YingdaError } from './error.ts';
import { Feed } from './feed.ts';
import type { Host, Timer } from './host.ts';
import { postCall } from './http.ts';
import { Poller } from './poller.ts';
import type { FeedBatch, FeedEvent, FeedPosition, Method, Params, Result, Signal } from './protocol.ts';
import { SocketLine, type Ending, type LineEvents } from './socket.ts';
import { StreamLine } from './stream.ts';

/** How news arrives at present, the best first. */
export type Transport = 'socket' | 'stream' | 'long_poll' | 'short_poll';

export interface LinkEvents {
  apply(event: FeedEvent): void;
  signal(signal: Signal): void;
  /** The feed cannot be replayed; everything is to be loaded anew. */
  reset(): void;
  /** null: nothing gets through at present. */
  online(transport: Transport | null): void;
  /** The server does not take the token, or this visitor, any more: opening a session tells. */
  rejected(): void;
}

const callTimeoutMs = 15_000;
/** How often something better is tried. */
const probeMs = 60_000;
/** A line that takes longer than this to open goes on trying beside the next best. */
const hesitationMs = 3_000;
/** So many must fail to open in a row before the next transport is used. */
const patience = 2;

type Kind = 'socket' | 'stream';
interface Line {
  kind: Kind;
  is: SocketLine | StreamLine;
  opened: boolean;
}

/**
 * The line to the server. It keeps news coming by the best transport that
 * works — WebSocket, stream, long poll, short poll — changes by itself, down
 * when one fails and up again when it works, reconnects for ever with growing,
 * jittered pauses, and carries calls by socket when there is one, else by HTTP.
 */
export class Link {
  readonly feed: Feed;
  private readonly host: Host;
  private readonly endpoint: string;
  private readonly events: LinkEvents;
  private readonly backoff: Backoff;
  private readonly poller: Poller;
  private token = '';
  private socketURL = '';
  /** The line that news comes by, or is to come by. */
  private line: Line | null = null;
  /** A better one that is being tried meanwhile. */
  private climber: Line | null = null;
  /** Numbers lines. */
  private lines = 0;
  /** The present socket pushed something, so it is in the feed. */
  private fed = false;
  /** Lines that never opened, in a row. */
  private failures: Record<Kind, number> = { socket: 0, stream: 0 };
  private retry: Timer | null = null;
  /** A quiet line is asked now and then whether a last push got lost; the pauses grow while nothing happens. */
  private check: Timer | null = null;
  private readonly quiet: Backoff;
  private probe: Timer | null = null;
  private running = false;
  private current: Transport | null = null;

  constructor(host: Host, endpoint: string, events: LinkEvents) {
    this.host = host;
    this.endpoint = endpoint;
    this.events = events;
    this.backoff = new Backoff(host.random, 400);
    this.quiet = new Backoff(host.random, 60_000, 600_000);
    this.feed = new Feed(
      {
        fetch: (position, wait) => this.fetch(position, wait),
        apply: (event) => events.apply(event),
        reset: () => events.reset(),
      },
      { epoch: '', seq: 0 },
    );
    this.poller = new Poller(host, this.feed, {
      works: (transport) => {
        // Everything was down and is back: better lines probably are too.
        if (!this.current && !this.line) this.probeIn(2_000);
        this.report(transport);
      },
      fails: (err) => this.meet(err),
    });
  }

  get transport(): Transport | null {
    return this.current;
  }

  /** Begins, or begins again with another token. */
  start(token: string, realtimeURL: string | undefined, position: FeedPosition): void {
    this.halt();
    this.token = token;
    this.socketURL = realtimeURL ? socketURL(this.endpoint, realtimeURL) : '';
    this.feed.restart(position);
    this.running = true;
    this.connect();
  }

  /** Goes on with another token of the same visitor. */
  renew(token: string): void {
    if (!this.running) return;
    this.token = token;
    this.climber?.is.close();
    this.line?.is.close();
  }

  stop(): void {
    this.halt();
    this.report(null);
  }

  /** Makes a call as the visitor. */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const socket = this.socket;
    if (socket) {
      try {
        return (await socket.call(method, params)) as Result<M>;
      } catch (err) {
        // The line's own trouble: HTTP may still get through, and every method bears a repeat.
        if (asYingdaError(err).kind !== 'network') throw err;
      }
    }
    return this.post(method, params, callTimeoutMs);
  }

  /** Tells something that is not worth a second try. */
  notify<M extends Method>(method: M, params: Params<M>): void {
    const socket = this.socket;
    if (socket) socket.notify(method, params);
    else if (this.current) void this.post(method, params, callTimeoutMs).catch(() => {});
  }

  /** Fetches now: news is expected, or a gap was seen. */
  async catchUp(): Promise<void> {
    if (!this.running) return;
    try {
      await this.feed.catchUp();
    } catch (thrown) {
      const err = asYingdaError(thrown);
      if (this.meet(err) || this.poller.active) return;
      if (this.line?.is.usable) this.host.after(this.backoff.next(err.retryAfterMs), () => void this.catchUp());
    }
  }

  /** The network (or the page) is back, or gone. */
  network(online: boolean): void {
    if (!this.running) return;
    if (!online) {
      this.climber?.is.close();
      this.line?.is.close();
      this.report(null);
      return;
    }
    this.backoff.reset();
    this.poller.hurry();
    // A live line proves itself by answering; a dead one is found out and replaced.
    if (this.line?.is.usable) void this.catchUp();
    else if (!this.line) this.connect();
  }

  /** The socket that carries calls at present; 0 when they go by HTTP. */
  get carrier(): number {
    return this.socket ? this.lines : 0;
  }

  /** The same, if news came through it; 0 when it may not be in the feed. */
  get feeder(): number {
    return this.fed ? this.carrier : 0;
  }

  /**
   * The visitor became known to the desk and has a feed from now on. A socket
   * that carried the first message is in the feed already; any other has to
   * connect anew, and a poll has to be asked anew. A stream is told by the server.
   */
  known(carrier: number): void {
    // A batch on its way may have been drawn for nobody: it must not move the place.
    this.feed.restart(this.feed.at);
    this.poller.again();
    const line = this.line;
    if (!line) return;
    if (line.kind === 'stream' || (carrier !== 0 && carrier === this.carrier)) return void this.catchUp();
    line.is.close();
    this.failures.socket = 0;
  }

  // ── Lines ──

  private get socket(): SocketLine | null {
    const is = this.line?.is;
    return is instanceof SocketLine && is.usable ? is : null;
  }

  private possible(kind: Kind): boolean {
    return kind === 'socket' ? !!this.host.socket && this.socketURL !== '' : !!this.host.stream;
  }

  /** Opens the best line that did not fail too often, or polls. */
  private connect(): void {
    this.retry?.cancel();
    this.probe?.cancel();
    this.retry = this.probe = null;
    for (const kind of ['socket', 'stream'] as const) {
      if (this.possible(kind) && this.failures[kind] < patience && this.climber?.kind !== kind) return this.open(kind, false);
    }
    this.poller.start();
    this.probeIn(probeMs);
  }

  /** Opens a line; a climbing one takes the place of what works once it is open. */
  private open(kind: Kind, climbing: boolean): void {
    const line = { kind, opened: false } as Line;
    if (climbing) this.climber = line;
    else this.line = line;
    const number = ++this.lines;
    this.fed = false;
    const events: LineEvents = {
      opened: () => this.opened(line),
      push: (push) => {
        if (this.line !== line) return;
        this.fed = number === this.lines;
        this.quiet.reset();
        if (!this.feed.push(push)) void this.catchUp();
      },
      signal: (signal) => {
        if (this.line === line) this.events.signal(signal);
      },
      closed: (why) => this.closed(line, why),
    };
    try {
      line.is =
        kind === 'socket'
          ? new SocketLine(this.host, this.socketURL, this.token, events)
          : new StreamLine(this.host, `${this.endpoint}/rpc/v1/stream`, this.token, this.feed.at, {
              ...events,
              batch: (batch) => {
                if (this.line === line && this.feed.absorb(batch)) void this.catchUp();
              },
            });
    } catch {
      // A policy of the page may forbid sockets altogether.
      return this.closed(line, 'lost');
    }
    if (!climbing && kind === 'socket') this.host.after(hesitationMs, () => this.hesitate(line));
  }

  /** A firewall that swallows a socket must not keep news back: the next best begins meanwhile. */
  private hesitate(line: Line): void {
    if (this.line !== line || line.opened || !this.running) return;
    this.climber = line;
    this.line = null;
    this.connect();
  }

  private opened(line: Line): void {
    if (line !== this.line && line !== this.climber) return;
    line.opened = true;
    this.failures[line.kind] = 0;
    const before = this.line;
    this.line = line;
    if (this.climber === line) this.climber = null;
    if (before && before !== line) before.is.close();
    this.poller.stop();
    this.retry?.cancel();
    this.probe?.cancel();
    if (line.kind === 'stream') this.probeIn(probeMs);
    this.report(line.kind);
    this.quiet.reset();
    this.watch(line);
    // Subscribed first; whatever happened before that is fetched now. A stream begins with it.
    if (line.kind === 'socket') void this.catchUp().then(() => this.line === line && line.is.usable && this.backoff.reset());
    else this.backoff.reset();
  }

  private watch(line: Line): void {
    this.check?.cancel();
    this.check = this.host.after(this.quiet.next(), () => {
      if (this.line !== line || !line.is.usable) return;
      void this.catchUp();
      this.watch(line);
    });
  }

  private closed(line: Line, why: Ending): void {
    const climbing = this.climber === line;
    if (!climbing && this.line !== line) return;
    if (climbing) this.climber = null;
    else this.line = null;
    if (!this.running) return;
    if (why === 'rejected' || why === 'denied') return this.events.rejected();
    if (!line.opened && why === 'lost') this.failures[line.kind]++;
    if (climbing) return this.climbedInVain(line);
    if (this.failures[line.kind] >= patience) return this.connect();
    this.report(null);
    this.retry = this.host.after(this.backoff.next(), () => this.connect());
  }

  private climbedInVain(line: Line): void {
    // Polling, a stream is better too.
    if (line.kind === 'socket' && this.poller.active && this.possible('stream')) return this.open('stream', true);
    this.probeIn(probeMs);
  }

  /** Tries something better after about ms. */
  private probeIn(ms: number): void {
    const best = this.possible('socket') ? 'socket' : this.possible('stream') ? 'stream' : null;
    if (!best || (this.line && this.line.kind === best)) return;
    this.probe?.cancel();
    this.probe = this.host.after(ms * (0.75 + this.host.random() / 2), () => {
      if (this.running && !this.climber) this.open(best, true);
    });
  }

  // ── Both ──

  private fetch(position: FeedPosition, wait: number): Promise<FeedBatch> {
    const params = { epoch: position.epoch, since: position.seq, ...(wait ? { wait } : {}) };
    if (wait) return this.post('feed.fetch', params, (wait + 10) * 1000);
    return this.call('feed.fetch', params);
  }

  private async post<M extends Method>(method: M, params: Params<M>, timeoutMs: number): Promise<Result<M>> {
    if (!this.running) throw new YingdaError('stopped', 'The client was stopped');
    return (await postCall(this.host, this.endpoint, { method, params, token: this.token, timeoutMs })) as Result<M>;
  }

  /** Judges an error of the feed. Returns true when the session has to be renewed first. */
  private meet(err: YingdaError): boolean {
    if (!this.running || err.kind === 'stopped') return true;
    if (err.kind === 'unauthenticated') {
      this.events.rejected();
      return true;
    }
    if (!this.line?.is.usable) this.report(null);
    else if (err.kind !== 'limited') this.line.is.close();
    return false;
  }

  private report(transport: Transport | null): void {
    if (transport === this.current) return;
    this.current = transport;
    this.events.online(transport);
  }

  private halt(): void {
    this.running = false;
    this.poller.stop();
    this.retry?.cancel();
    this.probe?.cancel();
    this.check?.cancel();
    this.retry = this.probe = this.check = null;
    const [line, climber] = [this.line, this.climber];
    this.line = this.climber = null;
    line?.is.close();
    climber?.is.close();
    this.failures = { socket: 0, stream: 0 };
    this.poller.reset();
    this.backoff.reset();
  }
}

/** Makes ws(s):// of the place that the session named, which may be a path. */
function socketURL(endpoint: string, url: string): string {
  const whole = /^[a-z]+:/i.test(url) ? url : endpoint + url;
  return whole.replace(/^http/i, 'ws');
}
