import type { FeedBatch, FeedEvent, FeedPosition, FeedPush } from './protocol.ts';

/** What a Feed needs of its owner. */
export interface FeedOwner {
  fetch(position: FeedPosition, waitSeconds: number): Promise<FeedBatch>;
  apply(event: FeedEvent): void;
  /** The past cannot be replayed: load everything anew. The feed goes on from position. */
  reset(position: FeedPosition): void;
}

/**
 * A reader's place in its feed: each event is applied once, in order, whatever
 * the line drops, repeats or reorders. Pushes and fetched batches may overlap
 * freely, because the place only moves up within an epoch.
 */
export class Feed {
  private position: FeedPosition;
  private readonly owner: FeedOwner;
  /** Counts starts and resets, so that a late batch of an earlier life is ignored. */
  private life = 0;
  /** The run of fetches under way, and whether news came after it began. */
  private catching: Promise<void> | null = null;
  private again = false;

  constructor(owner: FeedOwner, position: FeedPosition) {
    this.owner = owner;
    this.position = { epoch: position.epoch, seq: position.seq };
  }

  get at(): FeedPosition {
    return this.position;
  }

  /** Starts anew from a position that the caller loaded everything at. */
  restart(position: FeedPosition): void {
    this.life++;
    this.position = { epoch: position.epoch, seq: position.seq };
  }

  /** Takes a push. Returns false when something before it is missing: then catch up. */
  push(push: FeedPush): boolean {
    if (push.epoch !== this.position.epoch) return false;
    if (push.seq <= this.position.seq) return true;
    if (push.prev > this.position.seq) return false;
    this.step(push.seq, push.event);
    return true;
  }

  /** Fetches until nothing is missing. Calls while one is under way share it and make it look once more. */
  catchUp(): Promise<void> {
    if (this.catching) {
      this.again = true;
      return this.catching;
    }
    this.catching = this.run().finally(() => {
      this.catching = null;
    });
    return this.catching;
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      while (await this.fetch(0)) {
        // The server said that there is more.
      }
    } while (this.again);
  }

  /** Fetches once, letting the server wait for news; tells whether there is more. */
  async fetch(waitSeconds: number): Promise<boolean> {
    const life = this.life;
    const batch = await this.owner.fetch(this.position, waitSeconds);
    if (life !== this.life) return true;
    return this.absorb(batch);
  }

  /** Takes a batch that was fetched from this place, or an earlier one, on; tells whether there is more. */
  absorb(batch: FeedBatch): boolean {
    const life = this.life;
    if (batch.reset || batch.epoch !== this.position.epoch) {
      this.restart(batch);
      this.owner.reset(this.position);
      return false;
    }
    for (const item of batch.events ?? []) {
      if (item.seq > this.position.seq) this.step(item.seq, item.event);
      if (life !== this.life) return true;
    }
    if (batch.seq > this.position.seq) this.position.seq = batch.seq;
    return batch.more === true;
  }

  private step(seq: number, event: FeedEvent): void {
    this.position.seq = seq;
    this.owner.apply(event);
  }
}
