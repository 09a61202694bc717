import type { Host, Timer } from './host.ts';
import type { Author, Signal } from './protocol.ts';

const tellEveryMs = 3_000;
const lastsMs = 6_000;

/** Who types: told of this side at most every three seconds, believed of the other for six. */
export class Typing {
  private readonly host: Host;
  private readonly tell: (on: boolean, text: string | undefined) => boolean;
  private readonly heard: (on: boolean, by: Author) => void;
  private toldAt = -Infinity;
  private off: Timer | null = null;
  private other: Timer | null = null;

  /** tell says whether there was somebody to be told. */
  constructor(host: Host, tell: (on: boolean, text: string | undefined) => boolean, heard: (on: boolean, by: Author) => void) {
    this.host = host;
    this.tell = tell;
    this.heard = heard;
  }

  /** A keystroke here; text is what stands in the composer, for the agents' preview. */
  stroke(text: string | undefined): void {
    this.off?.cancel();
    this.off = this.host.after(lastsMs, () => this.stop(true));
    const now = this.host.now();
    if (now - this.toldAt < tellEveryMs) return;
    if (this.tell(true, text)) this.toldAt = now;
  }

  /** Nobody types here any more. */
  stop(tell: boolean): void {
    const was = this.off !== null;
    this.off?.cancel();
    this.off = null;
    this.toldAt = -Infinity;
    if (was && tell) this.tell(false, undefined);
  }

  hear(signal: Signal): void {
    if (signal.type !== 'typing' || signal.by?.kind === 'visitor') return;
    const wasOn = this.other !== null;
    this.other?.cancel();
    this.other = null;
    const by = signal.by ?? { kind: 'agent' };
    if (signal.on) {
      this.other = this.host.after(lastsMs, () => this.hear({ ...signal, on: false }));
      this.heard(true, by);
    } else if (wasOn) this.heard(false, by);
  }

  /** Ends both sides, telling nobody but the listener. */
  halt(): void {
    this.stop(false);
    if (this.other) this.hear({ type: 'typing', on: false });
  }
}
