/**
 * Waiting times that grow by doubling up to a ceiling, each drawn between half
 * and the whole of its step, so that a thousand clients of one restarted
 * server do not come back in one instant.
 */
export class Backoff {
  private step = 0;
  private readonly random: () => number;
  private readonly firstMs: number;
  private readonly mostMs: number;

  constructor(random: () => number, firstMs = 500, mostMs = 30_000) {
    this.random = random;
    this.firstMs = firstMs;
    this.mostMs = mostMs;
  }

  /** The next waiting time in milliseconds, never shorter than atLeastMs. */
  next(atLeastMs = 0): number {
    const whole = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(this.step++, 16));
    return Math.max(atLeastMs, whole / 2 + (this.random() * whole) / 2);
  }

  reset(): void {
    this.step = 0;
  }
}
