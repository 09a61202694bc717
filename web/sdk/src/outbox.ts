import { Backoff } from './backoff.ts';
import { asYingdaError, YingdaError, type ErrorKind } from './error.ts';
import type { Host, Timer } from './host.ts';
import type { Part } from './protocol.ts';

/** A message that the server has not confirmed yet. */
export interface Unsent {
  client_id: string;
  parts: Part[];
  reply_to?: string;
  sent_at: string;
  /** Grows from message to message. */
  order: number;
  /** Whose message it is (see Outbox.own); nobody else's session sends or shows it. */
  owner: string;
  /** Why the server will not take it, once it said so. */
  failed?: { kind: ErrorKind; message: string };
}

/** More than this waiting and send refuses: somebody should look at the network first. */
export const MAX_UNSENT = 500;
/** An error inside the server may be this message's fault: after so many it stops the queue no longer. */
const internalTries = 6;

/**
 * The messages on their way out: kept in storage from the moment send is
 * called until the server confirms, sent in order, one at a time, for ever.
 * Each has its own storage key, so two tabs share the queue without losing
 * anything; the client id makes their repeats harmless.
 */
export class Outbox {
  private readonly host: Host;
  private readonly prefix: string;
  private readonly deliver: (item: Unsent) => Promise<void>;
  private readonly changed: () => void;
  private readonly backoff: Backoff;
  private items: Unsent[] = [];
  private current: string | null = null;
  private running = false;
  private allowed = false;
  private pause: { timer: Timer; done: () => void } | null = null;
  private internal = 0;
  private owner = '';

  constructor(host: Host, prefix: string, deliver: (item: Unsent) => Promise<void>, changed: () => void) {
    this.host = host;
    this.prefix = prefix;
    this.deliver = deliver;
    this.changed = changed;
    this.backoff = new Backoff(host.random);
  }

  /**
   * Says whose messages these are from now on, and takes up what storage holds
   * of theirs. On a shared computer one person's unsent words never leave in
   * the name of the next. Messages written before anybody was named join.
   */
  own(owner: string): void {
    const unclaimed = this.items.filter((i) => i.owner === '');
    this.owner = owner;
    this.items = [];
    for (const key of this.host.storage.keys(this.prefix)) {
      const item = readItem(this.host.storage.get(key));
      if (!item) this.host.storage.remove(key);
      else if (item.owner === owner) this.items.push(item);
      else if (item.owner === '' && !unclaimed.some((u) => u.client_id === item.client_id)) unclaimed.push(item);
    }
    for (const item of unclaimed) {
      item.order += this.nextOrder();
      item.owner = owner;
      this.keep(item);
    }
    this.items.push(...unclaimed);
    this.sort();
    this.changed();
  }

  list(): readonly Unsent[] {
    return this.items;
  }

  /** The client id of the message being sent this moment. */
  get sending(): string | null {
    return this.current;
  }

  add(parts: Part[], replyTo?: string): Unsent {
    if (this.items.length >= MAX_UNSENT) throw new YingdaError('limited', 'Too many messages are waiting to be sent');
    const item: Unsent = {
      client_id: this.host.uniqueID(),
      parts,
      ...(replyTo ? { reply_to: replyTo } : {}),
      sent_at: this.host.date().toISOString(),
      order: this.nextOrder(),
      owner: this.owner,
    };
    this.items.push(item);
    this.keep(item);
    this.changed();
    void this.pump();
    return item;
  }

  /** Puts a failed message at the end of the queue. */
  resend(clientID: string): void {
    const item = this.items.find((i) => i.client_id === clientID && i.failed);
    if (!item) return;
    delete item.failed;
    item.order = this.nextOrder();
    this.sort();
    this.keep(item);
    this.changed();
    this.wake();
  }

  /** Takes a message out: confirmed, or given up by the person. Safe to call again. */
  remove(clientID: string): void {
    const before = this.items.length;
    this.items = this.items.filter((i) => i.client_id !== clientID);
    this.host.storage.remove(this.prefix + clientID);
    if (this.items.length !== before) this.changed();
  }

  /** Lets messages out, from the first session on. */
  start(): void {
    this.allowed = true;
    this.wake();
  }

  stop(): void {
    this.allowed = false;
    this.endPause();
  }

  /** Tries again now instead of waiting out the pause. */
  wake(): void {
    this.backoff.reset();
    this.endPause();
    void this.pump();
  }

  private async pump(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (;;) {
        const item = this.allowed ? this.items.find((i) => !i.failed) : undefined;
        if (!item) return;
        this.current = item.client_id;
        this.changed();
        const err = await this.deliver(item).then(() => null, asYingdaError);
        this.current = null;
        if (!err) {
          this.internal = 0;
          this.backoff.reset();
          this.remove(item.client_id);
        } else if (this.items.includes(item)) {
          await this.failed(item, err);
        }
      }
    } finally {
      this.running = false;
      this.changed();
    }
  }

  private async failed(item: Unsent, err: YingdaError): Promise<void> {
    if (err.kind === 'stopped') return this.stop();
    const passing = err.passing || err.kind === 'unauthenticated' || (err.kind === 'internal' && ++this.internal < internalTries);
    if (!passing) {
      this.internal = 0;
      item.failed = { kind: err.kind, message: err.message };
      this.keep(item);
      return this.changed();
    }
    this.changed();
    await new Promise<void>((done) => {
      this.pause = { timer: this.host.after(this.backoff.next(err.retryAfterMs), () => this.endPause()), done };
    });
  }

  private endPause(): void {
    const pause = this.pause;
    this.pause = null;
    pause?.timer.cancel();
    pause?.done();
  }

  private nextOrder(): number {
    return this.items.reduce((most, i) => Math.max(most, i.order), 0) + 1;
  }

  private sort(): void {
    this.items.sort((a, b) => a.order - b.order || (a.client_id < b.client_id ? -1 : 1));
  }

  private keep(item: Unsent): void {
    this.host.storage.set(this.prefix + item.client_id, JSON.stringify(item));
  }
}

/** What storage holds may be of another version or damaged: then it is nothing. */
function readItem(text: string | null): Unsent | null {
  try {
    const item = JSON.parse(text ?? '') as Unsent;
    return typeof item.client_id === 'string' && Array.isArray(item.parts) && typeof item.order === 'number' && typeof item.owner === 'string' ? item : null;
  } catch {
    return null;
  }
}
