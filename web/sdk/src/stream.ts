import type { Host, Timer } from './host.ts';
import type { FeedBatch, FeedPosition, FeedPush, Signal } from './protocol.ts';
import type { Ending, LineEvents } from './socket.ts';

export interface StreamLineEvents extends LineEvents {
  /** What happened before the line was there; an answer like that of feed.fetch. */
  batch(batch: FeedBatch): void;
}

/** A proxy that keeps the answer back until it ends shows by this silence. */
const openWithinMs = 8_000;
/** The server gives a sign of life every 25 seconds. */
const silentMs = 40_000;
/** A line of the stream longer than this is not ours. */
const maxLine = 4 * 1024 * 1024;

/**
 * One life of an answer that does not end: news as text/event-stream, read
 * from a POST, so that the token is in a header and not in an address. It
 * carries news only; calls go by HTTP beside it.
 */
export class StreamLine {
  private readonly host: Host;
  private readonly events: StreamLineEvents;
  private readonly answer: { close(): void };
  private silence: Timer;
  private open = false;
  private over = false;
  private status = 0;
  private rest = '';
  private data: string[] = [];

  constructor(host: Host, url: string, token: string, at: FeedPosition, events: StreamLineEvents) {
    this.host = host;
    this.events = events;
    this.silence = host.after(openWithinMs, () => this.end('lost'));
    this.answer = host.stream!(url, JSON.stringify({ epoch: at.epoch, since: at.seq }), { token }, {
      opened: (status) => {
        this.status = status;
        if (status !== 200) this.end(status === 401 ? 'rejected' : status === 403 ? 'denied' : status === 429 || status === 503 ? 'busy' : 'lost');
      },
      text: (piece) => this.read(piece),
      ended: () => this.end('lost'),
    });
    // A host may have ended it before it was given back.
    if (this.over) this.answer.close();
  }

  /** True from the first batch to the end: news comes this way. */
  get usable(): boolean {
    return this.open && !this.over;
  }

  close(): void {
    this.end('lost');
  }

  private read(piece: string): void {
    if (this.over || this.status !== 200) return;
    this.listen();
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop()!;
    if (this.rest.length > maxLine) return this.end('lost');
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') this.dispatch();
      else if (line.startsWith('data:')) this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
      if (this.over) return;
    }
  }

  private dispatch(): void {
    if (this.data.length === 0) return;
    const text = this.data.join('\n');
    this.data = [];
    let news: { batch?: FeedBatch; signal?: Signal; event?: unknown; bye?: string };
    try {
      news = JSON.parse(text) as typeof news;
    } catch {
      return this.end('lost');
    }
    if (news.batch) {
      const first = !this.open;
      this.open = true;
      if (first) this.events.opened();
      this.events.batch(news.batch);
      this.listen();
    } else if (news.signal) this.events.signal(news.signal);
    else if (news.event) this.events.push(news as unknown as FeedPush);
    else if (news.bye) this.end(news.bye === 'unauthenticated' ? 'rejected' : news.bye === 'denied' ? 'denied' : 'lost');
  }

  private listen(): void {
    if (!this.open) return;
    this.silence.cancel();
    this.silence = this.host.after(silentMs, () => this.end('lost'));
  }

  private end(why: Ending): void {
    if (this.over) return;
    this.over = true;
    this.silence.cancel();
    // Not there yet when the host ended it at once.
    (this.answer as { close(): void } | undefined)?.close();
    this.events.closed(why);
  }
}
