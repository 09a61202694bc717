import type { Host, Timer } from './host.ts';
import type { Conversation, QueuePlace, Signal } from './protocol.ts';

/** Who is given to somebody at once is not told of a queue. */
const patienceMs = 1_500;

/** Where the visitor stands: asked for when a wait begins or a line comes back, then told by signals. */
export class Queue {
  private readonly host: Host;
  private readonly ask: () => Promise<{ queue: QueuePlace | null }>;
  private readonly changed: (place: QueuePlace | null) => void;
  private waiting = '';
  private timer: Timer | null = null;
  place: QueuePlace | null = null;

  constructor(host: Host, ask: () => Promise<{ queue: QueuePlace | null }>, changed: (place: QueuePlace | null) => void) {
    this.host = host;
    this.ask = ask;
    this.changed = changed;
  }

  /** The conversation as it is now: one that is open and nobody's waits. */
  see(c: Conversation | null): void {
    const waiting = c && c.status === 'open' && !c.assignee ? c.id : '';
    if (waiting === this.waiting) return;
    this.waiting = waiting;
    this.set(null);
    this.look();
  }

  hear(signal: Signal): void {
    if (signal.type !== 'queue' || !signal.queue || !this.waiting) return;
    // Signals do not say when somebody will be there.
    if (signal.queue.nobody) this.look(0);
    else this.set({ ...signal.queue, ...(this.place?.choice ? { choice: this.place.choice } : {}) });
  }

  /** Asks, after a moment, if there is something to ask. */
  look(after = patienceMs): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.waiting) this.timer = this.host.after(after, () => void this.fetch());
  }

  /** Takes an answer that was asked for elsewhere. */
  take(place: QueuePlace | null): void {
    if (this.waiting) this.set(place);
  }

  halt(): void {
    this.timer?.cancel();
    this.timer = null;
    this.waiting = '';
    this.set(null);
  }

  private async fetch(): Promise<void> {
    const asked = this.waiting;
    try {
      const { queue } = await this.ask();
      if (asked === this.waiting) this.set(queue ?? null);
    } catch {
      // A desk that knows no queue, or no line: the next signal tells.
    }
  }

  private set(place: QueuePlace | null): void {
    if (JSON.stringify(place) === JSON.stringify(this.place)) return;
    this.place = place;
    this.changed(place);
  }
}
