import { Backoff } from './backoff.ts';
import { asYingdaError, YingdaError } from './error.ts';
import type { Host, Timer } from './host.ts';
import { cleanPage } from './identity.ts';
import type { Page, TrackEvent } from './protocol.ts';

/**
 * Whether the visitor lets pages be followed. unneeded: the inbox does not ask;
 * unknown: it does, and nothing is sent or kept until there is an answer.
 */
export type Consent = 'unneeded' | 'unknown' | 'granted' | 'denied';

/** What a Tracker needs of its owner. */
export interface TrackerOwner {
  send(events: TrackEvent[]): Promise<void>;
  /** The page is going away: hands the events over without an answer; false if that is not possible here. */
  sendLast(events: TrackEvent[]): boolean;
  changed(consent: Consent): void;
}

const maxQueue = 100;
const maxBatch = 50;
const sendEveryMs = 5_000;
const soonMs = 800;
const leastDwellMs = 1_000;
/** Somebody who left a page open over lunch did not look at it for so long. */
const mostDwellMs = 30 * 60_000;
const maxName = 64;
const maxProps = 20;
const maxValue = 200;

interface Kept extends TrackEvent {
  at: number;
}

/**
 * Follows pages, how long they are looked at, and custom events, if the visitor
 * lets it. Events wait in memory, at most a hundred, the oldest going first, and
 * leave in batches; what is left goes with the page when it closes.
 */
export class Tracker {
  private readonly host: Host;
  private readonly key: string;
  private readonly owner: TrackerOwner;
  private readonly enabled: boolean;
  private readonly backoff: Backoff;
  /** null until the first session tells whether the inbox asks for consent. */
  private required: boolean | null = null;
  private answer: 'granted' | 'denied' | null;
  private queue: Kept[] = [];
  private page: Page | undefined;
  private told: string | null = null;
  /** When the page was last come to look at; null while it is hidden. */
  private lookedSince: number | null = null;
  private looked = 0;
  private timer: Timer | null = null;
  private sentAt = -Infinity;
  private sending = false;
  private running = false;
  private endAttention: (() => void) | null = null;

  constructor(host: Host, key: string, enabled: boolean, owner: TrackerOwner) {
    this.host = host;
    this.key = key;
    this.owner = owner;
    this.enabled = enabled;
    this.backoff = new Backoff(host.random, 2_000);
    const kept = host.storage.get(key);
    this.answer = kept === 'granted' || kept === 'denied' ? kept : null;
  }

  get consent(): Consent {
    if (this.required === false && this.answer === null) return 'unneeded';
    return this.answer ?? 'unknown';
  }

  /** Whether anything may be sent or kept at present. */
  get allowed(): boolean {
    return this.answer === 'granted' || (this.required === false && this.answer !== 'denied');
  }

  /** The answer to tell the server with a session; undefined while there is none. */
  get forSession(): boolean | undefined {
    return this.answer === null ? undefined : this.answer === 'granted';
  }

  /** A session told whether the inbox asks for consent. */
  settle(required: boolean): void {
    const before = this.consent;
    const first = this.required === null;
    this.required = required;
    if (first || before !== this.consent) this.owner.changed(this.consent);
    this.running = true;
    if (this.allowed) this.tellPage();
    else this.forget();
    this.plan(soonMs);
    this.endAttention ??= this.host.onAttention?.((watching) => this.attend(watching)) ?? null;
  }

  stop(): void {
    this.running = false;
    this.endAttention?.();
    this.endAttention = null;
    this.timer?.cancel();
    this.timer = null;
  }

  setPage(page: Page): void {
    if (page.url === this.page?.url && page.title === this.page?.title) return;
    // A title that comes a moment later belongs to the same visit.
    if (page.url !== this.page?.url) this.endDwell();
    this.page = page;
    if (this.lookedSince === null && this.host.visible?.() !== false) this.lookedSince = this.host.now();
    if (this.required !== null) this.tellPage();
  }

  custom(name: string, props: Record<string, string | number | boolean> = {}): void {
    const keys = Object.keys(props);
    if (!name || name.length > maxName) throw new YingdaError('invalid', `An event has a name of 1 to ${maxName} characters`, { field: 'name' });
    if (keys.length > maxProps) throw new YingdaError('invalid', `An event has at most ${maxProps} properties`, { field: 'props' });
    for (const k of keys) {
      const v = props[k];
      const ok = typeof v === 'boolean' || (typeof v === 'number' && Number.isFinite(v)) || (typeof v === 'string' && v.length <= maxValue);
      if (!k || k.length > maxName || !ok) throw new YingdaError('invalid', 'A property is a short text, a number or a boolean', { field: 'props' });
    }
    const url = cleanPage(this.page).page?.url;
    this.add({ type: 'custom', name, ...(keys.length ? { props: { ...props } } : {}), ...(url ? { url } : {}) });
  }

  /** Notes the visitor's answer. Whoever says no leaves nothing behind here. */
  decide(granted: boolean): void {
    this.answer = granted ? 'granted' : 'denied';
    this.host.storage.set(this.key, this.answer);
    if (!granted) this.forget();
    else if (this.running) this.tellPage();
    this.owner.changed(this.consent);
  }

  /** Another person is here now: what was seen before is not theirs. */
  forget(): void {
    this.queue = [];
    this.told = null;
    this.looked = 0;
  }

  private tellPage(): void {
    const page = cleanPage(this.page).page;
    if (!page || !this.allowed || !this.enabled) return;
    const name = `${page.url}\n${page.title ?? ''}`;
    if (name === this.told) return;
    const waiting = this.queue.filter((e) => e.type === 'page').at(-1);
    this.told = name;
    if (waiting && waiting.url === page.url) waiting.title = page.title ?? '';
    else this.add({ type: 'page', ...page });
  }

  private attend(watching: boolean): void {
    if (watching) {
      this.lookedSince ??= this.host.now();
      return;
    }
    this.pauseDwell();
    // Hidden may be the last that is heard of this page.
    this.dwelt();
    this.flushLast();
  }

  private pauseDwell(): void {
    if (this.lookedSince === null) return;
    this.looked += Math.max(0, this.host.now() - this.lookedSince);
    this.lookedSince = null;
  }

  private dwelt(): void {
    const page = cleanPage(this.page).page;
    const ms = Math.min(Math.round(this.looked), mostDwellMs);
    this.looked = 0;
    if (page && ms >= leastDwellMs) this.add({ type: 'dwell', url: page.url, ms });
  }

  private endDwell(): void {
    const watching = this.lookedSince !== null;
    this.pauseDwell();
    this.dwelt();
    if (watching) this.lookedSince = this.host.now();
  }

  private add(event: TrackEvent): void {
    if (!this.enabled || (this.required !== null && !this.allowed)) return;
    this.queue.push({ ...event, at: this.host.now() });
    if (this.queue.length > maxQueue) this.queue.shift();
    this.plan(soonMs);
  }

  private plan(ms: number): void {
    if (!this.running || !this.allowed || this.timer || this.sending || this.queue.length === 0) return;
    const wait = Math.max(ms, this.sentAt + sendEveryMs - this.host.now());
    this.timer = this.host.after(wait, () => {
      this.timer = null;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    if (!this.running || !this.allowed || this.sending || this.queue.length === 0) return;
    this.sending = true;
    this.sentAt = this.host.now();
    const batch = this.queue.slice(0, maxBatch);
    let wait = sendEveryMs;
    try {
      await this.owner.send(this.dated(batch));
      this.drop(batch);
      this.backoff.reset();
    } catch (thrown) {
      const err = asYingdaError(thrown);
      // What will not be taken later either is given up: these are not messages.
      if (!err.passing && err.kind !== 'unauthenticated' && err.kind !== 'stopped') this.drop(batch);
      wait = this.backoff.next(err.retryAfterMs);
    } finally {
      this.sending = false;
      this.plan(wait);
    }
  }

  private flushLast(): void {
    if (!this.running || !this.allowed || this.queue.length === 0) return;
    const batch = this.queue.slice(-maxBatch);
    if (this.owner.sendLast(this.dated(batch))) this.drop(batch);
  }

  private drop(batch: Kept[]): void {
    this.queue = this.queue.filter((e) => !batch.includes(e));
  }

  private dated(batch: Kept[]): TrackEvent[] {
    const now = this.host.now();
    return batch.map(({ at, ...event }) => ({ ...event, ago_ms: Math.max(0, Math.round(now - at)) }));
  }
}
