import { Backoff } from './backoff.ts';
import { asYingdaError, type YingdaError } from './error.ts';
import type { Host, Timer } from './host.ts';
import { postCall } from './http.ts';
import { subject } from './identity.ts';
import type { ChatOptions } from './options.ts';
import type { SessionResult } from './protocol.ts';

/** What a SessionKeeper tells its owner, and asks of it. */
export interface SessionEvents {
  /** Before a session is asked for: whose it is going to be. */
  owner(owner: string): void;
  opened(session: SessionResult): void;
  /** It could not be opened now; it is being tried again. */
  offline(err: YingdaError): void;
  refused(err: YingdaError): void;
  /** Whether this device may remember the visitor. */
  mayKeep(session: SessionResult): boolean;
  /** What the visitor said to being followed; undefined while nothing was said. */
  consent(): boolean | undefined;
}

/**
 * Opens the visitor's session and keeps it: resumes by the token in storage,
 * knocks until the desk answers, renews what the server forgot.
 */
export class SessionKeeper {
  private readonly host: Host;
  private readonly endpoint: string;
  private readonly options: ChatOptions;
  private readonly events: SessionEvents;
  private readonly place: string;
  private readonly pauses: Backoff;
  private opening: Promise<void> | null = null;
  private pause: { timer: Timer; done: () => void } | null = null;
  /** Counts starts and stops: what belongs to an earlier life is dropped. */
  private lives = 0;
  /** Whether the host site vouches for the visitor. */
  private known = false;
  current: SessionResult | null = null;

  constructor(host: Host, endpoint: string, options: ChatOptions, events: SessionEvents) {
    this.host = host;
    this.endpoint = endpoint;
    this.options = options;
    this.events = events;
    this.place = `yingda/${options.channelKey}`;
    this.pauses = new Backoff(host.random, 500);
  }

  get life(): number {
    return this.lives;
  }

  /** Opens a session; resolves when it is open, or was given up. Calls at the same time share one. */
  open(): Promise<void> {
    if (this.opening) return this.opening;
    const opening = this.keepOpening(++this.lives).finally(() => {
      if (this.opening === opening) this.opening = null;
    });
    this.opening = opening;
    return opening;
  }

  halt(): void {
    this.lives++;
    this.opening = null;
    this.hurry();
  }

  /** Tries now instead of waiting out the pause. */
  hurry(): void {
    const pause = this.pause;
    this.pause = null;
    pause?.timer.cancel();
    pause?.done();
  }

  /** Everything works: the next trouble begins with short pauses again. */
  proved(): void {
    this.pauses.reset();
  }

  /** The server does not know the token any more. Pauses grow, so a confused server is not stormed. */
  async renew(): Promise<void> {
    if (this.opening) return;
    const life = ++this.lives;
    await this.rest(0);
    if (life === this.lives) await this.open();
  }

  /** Asks for the same session again, with today's language, and starts nothing anew. */
  async refresh(): Promise<SessionResult | null> {
    const life = this.lives;
    const session = await this.ask();
    if (life !== this.lives) return null;
    this.current = session;
    return session;
  }

  /** Another token for the same session. */
  replaceToken(token: string): void {
    if (!this.current) return;
    this.current = { ...this.current, token };
    this.keep();
  }

  /** Keeps the token if that is allowed, and removes it if it is not. Those of known users stay in
   * memory: after their log-out a reload must not bring them back. */
  keep(): void {
    if (!this.current || this.known) return;
    if (this.events.mayKeep(this.current)) this.host.storage.set(`${this.place}/token`, this.current.token);
    else this.host.storage.remove(`${this.place}/token`);
  }

  private async keepOpening(life: number): Promise<void> {
    for (;;) {
      try {
        const session = await this.ask();
        if (life !== this.lives) return;
        this.current = session;
        return this.events.opened(session);
      } catch (thrown) {
        if (life !== this.lives) return;
        const err = asYingdaError(thrown);
        if (!err.passing && err.kind !== 'internal') return this.events.refused(err);
        this.events.offline(err);
        await this.rest(err.retryAfterMs);
        if (life !== this.lives) return;
      }
    }
  }

  private rest(atLeastMs: number): Promise<void> {
    return new Promise((done) => {
      this.pause = { timer: this.host.after(this.pauses.next(atLeastMs), () => this.hurry()), done };
    });
  }

  private async ask(): Promise<SessionResult> {
    const identity = (await this.options.identity?.()) || null;
    this.known = identity !== null;
    this.events.owner(identity === null ? 'anonymous' : `user ${subject(identity)}`);
    // A known user is whom the host site names, never whom an older token names.
    if (identity) return this.post(identity, null);
    const storage = this.host.storage;
    const resume = async () => {
      const token = storage.get(`${this.place}/token`) ?? this.current?.token ?? null;
      let session: SessionResult;
      try {
        session = await this.post(null, token);
      } catch (err) {
        // The token is too old or of another installation: begin as somebody new.
        if (!token || asYingdaError(err).kind !== 'unauthenticated') throw err;
        storage.remove(`${this.place}/token`);
        session = await this.post(null, null);
      }
      if (!this.known && this.events.mayKeep(session)) storage.set(`${this.place}/token`, session.token);
      return session;
    };
    // Tabs opened at one instant: the first one becomes somebody, the others become the same one.
    if (!storage.get(`${this.place}/token`) && this.host.exclusive) return this.host.exclusive(`${this.place}/session`, resume);
    return resume();
  }

  private post(identity: string | null, token: string | null): Promise<SessionResult> {
    const consent = this.events.consent();
    return postCall(this.host, this.endpoint, {
      method: 'session.open',
      params: {
        channel_key: this.options.channelKey,
        ...(token ? { token } : {}),
        ...(identity ? { identity } : {}),
        ...(this.options.locale ? { locale: this.options.locale } : {}),
        ...(consent === undefined ? {} : { consent }),
      },
      timeoutMs: 15_000,
    }) as Promise<SessionResult>;
  }
}
