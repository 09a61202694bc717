import { Backoff } from './backoff.ts';
import { asYingdaError, YingdaError } from './error.ts';
import { Feed } from './feed.ts';
import type { Host, Timer } from './host.ts';
import { postCall } from './http.ts';
import type { FeedBatch, FeedEvent, FeedPosition, Method, Params, Result, Signal } from './protocol.ts';
import { SocketLine } from './socket.ts';

/** How news arrives at present. */
export type Transport = 'socket' | 'long_poll' | 'short_poll';

export interface LinkEvents {
  apply(event: FeedEvent): void;
  signal(signal: Signal): void;
  /** The feed cannot be replayed; everything is to be loaded anew. */
  reset(): void;
  /** null: nothing gets through at present. */
  online(transport: Transport | null): void;
  /** The server no longer knows the token. */
  rejected(): void;
}

const callTimeoutMs = 15_000;
const longPollSeconds = 25;
const shortPollMs = 4_000;
/** Quiet polling slows down to this. */
const slowestPollMs = 15_000;
/** How often a socket is tried while polling. */
const probeMs = 60_000;
/** So many sockets must fail to open, or long polls to answer, before the next transport is used. */
const patience = 2;

/**
 * The line to the server. It keeps news coming by the best transport that
 * works — WebSocket, long poll, short poll — changes by itself, reconnects
 * for ever with growing, jittered pauses, and carries calls by socket when
 * there is one, else by HTTP.
 */
export class Link {
  readonly feed: Feed;
  private readonly host: Host;
  private readonly endpoint: string;
  private readonly events: LinkEvents;
  private readonly backoff: Backoff;
  private token = '';
  private socketURL = '';
  private line: SocketLine | null = null;
  /** Numbers sockets. */
  private lines = 0;
  /** The present socket pushed something, so it is in the feed. */
  private fed = false;
  /** Sockets that never opened, in a row. */
  private socketFailures = 0;
  private longFailures = 0;
  private pollMs = shortPollMs;
  /** Numbers poll loops; polling is the number of the one that runs, 0 for none. */
  private polls = 0;
  private polling = 0;
  private pollPause: { timer: Timer; done: () => void } | null = null;
  private retry: Timer | null = null;
  /** A quiet socket is asked now and then whether a last push got lost; the pauses grow while nothing happens. */
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

  stop(): void {
    this.halt();
    this.report(null);
  }

  /** Makes a call as the visitor. */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.line?.usable) {
      try {
        return (await this.line.call(method, params)) as Result<M>;
      } catch (err) {
        // The line's own trouble: HTTP may still get through, and every method bears a repeat.
        if (asYingdaError(err).kind !== 'network') throw err;
      }
    }
    return this.post(method, params, callTimeoutMs);
  }

  /** Tells something that is not worth a second try. */
  notify<M extends Method>(method: M, params: Params<M>): void {
    if (this.line?.usable) this.line.notify(method, params);
    else if (this.current) void this.post(method, params, callTimeoutMs).catch(() => {});
  }

  /** Fetches now: news is expected, or a gap was seen. */
  async catchUp(): Promise<void> {
    if (!this.running) return;
    try {
      await this.feed.catchUp();
    } catch (thrown) {
      const err = asYingdaError(thrown);
      if (this.meet(err) || this.polling !== 0) return;
      if (this.line?.usable) this.host.after(this.backoff.next(err.retryAfterMs), () => void this.catchUp());
    }
  }

  /** The network (or the page) is back, or gone. */
  network(online: boolean): void {
    if (!this.running) return;
    if (!online) {
      this.line?.close();
      this.report(null);
      return;
    }
    this.backoff.reset();
    this.pollMs = shortPollMs;
    this.endPollPause();
    // A live line proves itself by answering; a dead one is found out and replaced.
    if (this.line?.usable) void this.catchUp();
    else if (!this.line) this.connect();
  }

  // ── WebSocket ──

  private connect(): void {
    this.retry?.cancel();
    this.probe?.cancel();
    this.retry = this.probe = null;
    if (!this.host.socket || !this.socketURL) return this.startPolling();
    let opened = false;
    this.lines++;
    this.fed = false;
    let line: SocketLine;
    try {
      line = new SocketLine(this.host, this.socketURL, this.token, {
        opened: () => {
          opened = true;
          this.socketFailures = 0;
          this.stopPolling();
          this.report('socket');
          this.quiet.reset();
          this.watch(line);
          // Subscribed first; whatever happened before that is fetched now.
          void this.catchUp().then(() => this.line === line && line.usable && this.backoff.reset());
        },
        push: (push) => {
          this.fed = true;
          this.quiet.reset();
          if (!this.feed.push(push)) void this.catchUp();
        },
        signal: (signal) => this.events.signal(signal),
        closed: (rejected) => {
          if (this.line === line) this.lost(opened, rejected);
        },
      });
    } catch {
      // A policy of the page may forbid sockets altogether.
      return this.lost(false, false);
    }
    this.line = line;
  }

  private watch(line: SocketLine): void {
    this.check?.cancel();
    this.check = this.host.after(this.quiet.next(), () => {
      if (this.line !== line || !line.usable) return;
      void this.catchUp();
      this.watch(line);
    });
  }

  private lost(opened: boolean, rejected: boolean): void {
    this.line = null;
    if (!this.running) return;
    if (rejected) return this.events.rejected();
    if (!opened) this.socketFailures++;
    if (this.socketFailures >= patience) return this.startPolling();
    this.report(null);
    this.retry = this.host.after(this.backoff.next(), () => this.connect());
  }

  // ── Polling ──

  private startPolling(): void {
    this.probeIn(probeMs);
    // Every now and then waiting is tried again too.
    this.longFailures = Math.min(this.longFailures, patience - 1);
    if (this.polling === 0) void this.poll(++this.polls);
  }

  /** Tries a socket after about ms. */
  private probeIn(ms: number): void {
    if (!this.host.socket || !this.socketURL) return;
    this.probe?.cancel();
    this.probe = this.host.after(ms * (0.75 + this.host.random() / 2), () => this.connect());
  }

  private stopPolling(): void {
    this.polling = 0;
    this.endPollPause();
  }

  /** The socket that carries calls at present; 0 when they go by HTTP. */
  get carrier(): number {
    return this.line?.usable ? this.lines : 0;
  }

  /** The same, if news came through it; 0 when it may not be in the feed. */
  get feeder(): number {
    return this.fed ? this.carrier : 0;
  }

  /**
   * The visitor became known to the desk and has a feed from now on. A socket
   * that carried the first message is in the feed already; any other has to
   * connect anew, and a poll has to be asked anew.
   */
  known(carrier: number): void {
    // A batch on its way may have been drawn for nobody: it must not move the place.
    this.feed.restart(this.feed.at);
    if (this.polling !== 0) {
      this.stopPolling();
      void this.poll(++this.polls);
    }
    if (!this.line) return;
    if (carrier !== 0 && carrier === this.carrier) return void this.catchUp();
    this.line.close();
    this.socketFailures = 0;
  }

  private async poll(loop: number): Promise<void> {
    this.polling = loop;
    // The first answer is asked for without waiting: it shows that polling works at all.
    let wait = 0;
    while (this.running && this.polling === loop) {
      const long = this.longFailures < patience;
      const began = this.host.now();
      const place = this.feed.at.seq;
      try {
        const more = await this.feed.fetch(wait);
        if (this.polling !== loop) return;
        this.backoff.reset();
        if (wait > 0) this.longFailures = 0;
        // Everything was down and is back: sockets probably are too.
        if (!this.current && !this.line) this.probeIn(2_000);
        // Until a wait got through again, only asking at once is known to work.
        this.report(wait > 0 || this.longFailures === 0 ? 'long_poll' : 'short_poll');
        if (more) continue;
        const quiet = this.feed.at.seq === place;
        this.pollMs = quiet ? Math.min(slowestPollMs, this.pollMs * 1.1) : shortPollMs;
        // A server that answers a long poll at once without news must not be asked in a tight loop.
        const hasty = long && wait > 0 && quiet && this.host.now() - began < 1_000;
        wait = long ? longPollSeconds : 0;
        if (!long || hasty) await this.rest(this.pollMs * (0.9 + this.host.random() / 5));
      } catch (thrown) {
        if (this.polling !== loop) return;
        const err = asYingdaError(thrown);
        const passing = err.kind === 'network' || err.kind === 'unavailable';
        if (wait > 0 && passing) {
          // Perhaps only waiting does not get through: ask at once without it.
          wait = 0;
          this.longFailures++;
          continue;
        }
        wait = 0;
        // Nothing gets through, so the failed waits proved nothing.
        if (passing) this.longFailures = Math.max(0, this.longFailures - 1);
        if (this.meet(err)) return;
        await this.rest(this.backoff.next(err.retryAfterMs));
      }
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((done) => {
      this.pollPause = { timer: this.host.after(ms, () => this.endPollPause()), done };
    });
  }

  private endPollPause(): void {
    const pause = this.pollPause;
    this.pollPause = null;
    pause?.timer.cancel();
    pause?.done();
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
    if (!this.line?.usable) this.report(null);
    else if (err.kind !== 'limited') this.line.close();
    return false;
  }

  private report(transport: Transport | null): void {
    if (transport === this.current) return;
    this.current = transport;
    this.events.online(transport);
  }

  private halt(): void {
    this.running = false;
    this.stopPolling();
    this.retry?.cancel();
    this.probe?.cancel();
    this.check?.cancel();
    this.retry = this.probe = this.check = null;
    const line = this.line;
    this.line = null;
    line?.close();
    this.socketFailures = this.longFailures = 0;
    this.backoff.reset();
  }
}

/** Makes ws(s):// of the place that the session named, which may be a path. */
function socketURL(endpoint: string, url: string): string {
  const whole = /^[a-z]+:/i.test(url) ? url : endpoint + url;
  return whole.replace(/^http/i, 'ws');
}
