import type { Host } from './host.ts';

/** The server's clock, kept from what a session told by counting on; this machine's is not asked again. */
export class ServerClock {
  private readonly host: Host;
  private base: { server: number; here: number } | null = null;

  constructor(host: Host) {
    this.host = host;
  }

  set(now: string | undefined): void {
    const server = Date.parse(now ?? '');
    if (!Number.isNaN(server)) this.base = { server, here: this.host.now() };
  }

  /** Something happened at that time of the server: it is later there now. */
  see(at: string | undefined): void {
    if (this.base && Date.parse(at ?? '') > this.date().getTime()) this.set(at);
  }

  date(): Date {
    return this.base ? new Date(this.base.server + (this.host.now() - this.base.here)) : this.host.date();
  }
}
