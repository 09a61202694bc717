import { Backoff } from './backoff.ts';
import { asYingdaError, type YingdaError } from './error.ts';
import type { Feed } from './feed.ts';
import type { Host, Timer } from './host.ts';

export interface PollerOwner {
  /** News came, or would have come, this way. */
  works(transport: 'long_poll' | 'short_poll'): void;
  /** It did not; true ends the polling. */
  fails(err: YingdaError): boolean;
}

const longPollSeconds = 25;
const shortPollMs = 4_000;
/** Quiet polling slows down to this. */
const slowestPollMs = 15_000;
/** So many long polls must stay without an answer before only asking at once is used. */
const patience = 2;

/** Asks for news by HTTP, letting the server wait for them where that gets through. */
export class Poller {
  private readonly host: Host;
  private readonly feed: Feed;
  private readonly owner: PollerOwner;
  private readonly backoff: Backoff;
  private longFailures = 0;
  private pollMs = shortPollMs;
  /** Numbers poll loops; running is the number of the one that runs, 0 for none. */
  private loops = 0;
  private running = 0;
  private pause: { timer: Timer; done: () => void } | null = null;

  constructor(host: Host, feed: Feed, owner: PollerOwner) {
    this.host = host;
    this.feed = feed;
    this.owner = owner;
    this.backoff = new Backoff(host.random, 400);
  }

  get active(): boolean {
    return this.running !== 0;
  }

  start(): void {
    // Every now and then waiting is tried again too.
    this.longFailures = Math.min(this.longFailures, patience - 1);
    if (this.running === 0) void this.run(++this.loops);
  }

  stop(): void {
    this.running = 0;
    this.endPause();
  }

  /** Asks anew, whatever is being waited for. */
  again(): void {
    if (this.running === 0) return;
    this.stop();
    void this.run(++this.loops);
  }

  /** The network is back: asks now instead of waiting out a pause. */
  hurry(): void {
    this.backoff.reset();
    this.pollMs = shortPollMs;
    this.endPause();
  }

  /** Nothing is known of this network. */
  reset(): void {
    this.longFailures = 0;
    this.backoff.reset();
  }

  private async run(loop: number): Promise<void> {
    this.running = loop;
    // The first answer is asked for without waiting: it shows that polling works at all.
    let wait = 0;
    while (this.running === loop) {
      const long = this.longFailures < patience;
      const began = this.host.now();
      const place = this.feed.at.seq;
      try {
        const more = await this.feed.fetch(wait);
        if (this.running !== loop) return;
        this.backoff.reset();
        if (wait > 0) this.longFailures = 0;
        // Until a wait got through again, only asking at once is known to work.
        this.owner.works(wait > 0 || this.longFailures === 0 ? 'long_poll' : 'short_poll');
        if (more) continue;
        const quiet = this.feed.at.seq === place;
        this.pollMs = quiet ? Math.min(slowestPollMs, this.pollMs * 1.1) : shortPollMs;
        // A server that answers a long poll at once without news must not be asked in a tight loop.
        const hasty = long && wait > 0 && quiet && this.host.now() - began < 1_000;
        wait = long ? longPollSeconds : 0;
        if (!long || hasty) await this.rest(this.pollMs * (0.9 + this.host.random() / 5));
      } catch (thrown) {
        if (this.running !== loop) return;
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
        if (this.owner.fails(err)) return this.stop();
        await this.rest(this.backoff.next(err.retryAfterMs));
      }
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((done) => {
      this.pause = { timer: this.host.after(ms, () => this.endPause()), done };
    });
  }

  private endPause(): void {
    const pause = this.pause;
    this.pause = null;
    pause?.timer.cancel();
    pause?.done();
  }
}
