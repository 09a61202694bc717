import { Backoff } from './backoff.ts';
import { Emitter } from './emitter.ts';
import { asYingdaError, YingdaError } from './error.ts';
import { browserHost, type Host, type Timer } from './host.ts';
import { postCall } from './http.ts';
import { Link, type Transport } from './link.ts';
import { Outbox, type Unsent } from './outbox.ts';
import { mergeConversation, showMessages, type ShownMessage } from './shown.ts';
import { cleanPage, subject } from './identity.ts';
import { Timeline } from './timeline.ts';
import {
  MAX_PARTS,
  MAX_TEXT_CHARACTERS,
  type Author,
  type Conversation,
  type FeedEvent,
  type Message,
  type Method,
  type Page,
  type Params,
  type Part,
  type Result,
  type SessionResult,
  type Signal,
} from './protocol.ts';

export interface ChatOptions {
  /** Where the desk is: "https://desk.example.com". Empty in a browser means the page's own origin. */
  endpoint?: string;
  /** The inbox's public key: "chk_…". */
  channelKey: string;
  /** BCP 47, such as "zh-CN"; the desk shows it to agents and picks the greeting by it. */
  locale?: string;
  /** Gives the host site's signed token of a known user, or null for an anonymous one. Asked again when it expires. */
  identity?: () => Promise<string | null> | string | null;
  page?: Page;
  /** The place the SDK runs in; default browserHost(). */
  host?: Host;
  /** How many messages are loaded at first and per step back; default 50. */
  pageSize?: number;
}

/** connecting: before the first session; refused: the desk will not have us, see the error. */
export type ChatState = 'idle' | 'connecting' | 'online' | 'offline' | 'refused';

export interface ChatEvents {
  /** The list changed; every list is new and in order. */
  messages: readonly ShownMessage[];
  /** A message of the other side arrived just now (not from history). */
  message: Message;
  state: { state: ChatState; transport: Transport | null; error?: YingdaError };
  session: SessionResult;
  conversation: Conversation | null;
  /** The other side types, or stopped. */
  typing: { on: boolean; by: Author };
  unread: number;
}

const typingEveryMs = 3_000;
const typingLastsMs = 6_000;
const pageEveryMs = 10_000;

/**
 * A visitor's chat: opens and keeps the session, sends through a queue that
 * survives reloads, follows the feed, and always has the whole, ordered,
 * repeat-free list of messages. Nothing in here needs a framework.
 */
export class Chat extends Emitter<ChatEvents> {
  private readonly host: Host;
  private readonly endpoint: string;
  private readonly options: ChatOptions;
  private readonly keys: { token: string; outbox: string };
  private readonly link: Link;
  private readonly outbox: Outbox;
  private readonly timeline = new Timeline();
  private readonly renewals: Backoff;
  private currentSession: SessionResult | null = null;
  private currentConversation: Conversation | null = null;
  private currentState: ChatState = 'idle';
  private currentTransport: Transport | null = null;
  private shown: readonly ShownMessage[] = [];
  private unreadCount = 0;
  private older = false;
  /** Counts starts and stops: what belongs to an earlier life is dropped. */
  private life = 0;
  /** Counts changes of person: a late answer to the one before is not shown to the next. */
  private person = 0;
  /** Whose unsent messages the queue holds, and whether the host site vouches for them. */
  private owner = '';
  private known = false;
  private opening: Promise<void> | null = null;
  private loading: Promise<void> | null = null;
  /** While everything is loaded anew: what arrives meanwhile, which the list may not hold yet. */
  private meanwhile: Message[] | null = null;
  private openRetry: { timer: Timer; done: () => void } | null = null;
  private showing = false;
  private readTarget = 0;
  private reading = false;
  private typedAt = -Infinity;
  private typingOff: Timer | null = null;
  private otherTyping: Timer | null = null;
  private pageToldAt = -Infinity;
  private page: Page | undefined;
  private pageTimer: Timer | null = null;
  private endNetwork: (() => void) | null = null;

  constructor(options: ChatOptions) {
    super();
    this.options = { ...options };
    this.host = options.host ?? browserHost();
    this.page = options.page;
    const own = (globalThis as { location?: { origin?: string } }).location?.origin ?? '';
    this.endpoint = (options.endpoint || own).replace(/\/+$/, '');
    this.keys = { token: `yingda/${options.channelKey}/token`, outbox: `yingda/${options.channelKey}/out/` };
    this.renewals = new Backoff(this.host.random, 500);
    this.link = new Link(this.host, this.endpoint, {
      apply: (event) => this.apply(event),
      signal: (signal) => this.hear(signal),
      reset: () => void this.load(true),
      online: (transport) => this.meetNetwork(transport),
      rejected: () => void this.renew(),
    });
    this.outbox = new Outbox(this.host, this.keys.outbox, (item) => this.deliver(item), () => this.show());
    this.show();
  }

  get messages(): readonly ShownMessage[] {
    return this.shown;
  }
  get state(): ChatState {
    return this.currentState;
  }
  get transport(): Transport | null {
    return this.link.transport;
  }
  get session(): SessionResult | null {
    return this.currentSession;
  }
  get conversation(): Conversation | null {
    return this.currentConversation;
  }
  /** Messages of the other side that the visitor has not read. */
  get unread(): number {
    return this.unreadCount;
  }
  /** There are older messages that loadOlder would bring. */
  get hasOlder(): boolean {
    return this.older;
  }

  /** Opens the session and follows the feed until stop. Resolves once the first messages are loaded. */
  async start(): Promise<void> {
    if (this.currentState !== 'idle') return this.opening ?? undefined;
    this.endNetwork = this.host.onNetwork?.((online) => this.network(online)) ?? null;
    this.setState('connecting');
    await this.open();
    await this.loading;
  }

  /** Lets go of everything; unsent messages stay in storage for the next start. */
  stop(): void {
    this.life++;
    this.opening = null;
    this.endNetwork?.();
    this.endNetwork = null;
    this.endOpenRetry();
    if (this.otherTyping) this.hear({ type: 'typing', on: false });
    for (const t of [this.typingOff, this.pageTimer]) t?.cancel();
    this.typingOff = this.pageTimer = null;
    this.outbox.stop();
    this.link.stop();
    this.setState('idle');
  }

  /**
   * Queues a message and returns its client id. It is shown at once and sent
   * as soon as the network lets it. Throws invalid when it breaks the
   * protocol's limits, limited when too many are waiting.
   */
  send(content: string | Part[], replyTo?: string): string {
    const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content;
    if (parts.length === 0 || parts.length > MAX_PARTS) throw new YingdaError('invalid', `A message has 1 to ${MAX_PARTS} parts`);
    for (const p of parts) {
      const text = p.text ?? '';
      if (p.type === 'text' && !text.trim()) throw new YingdaError('invalid', 'The text is empty');
      if (text.length > MAX_TEXT_CHARACTERS && [...text].length > MAX_TEXT_CHARACTERS) {
        throw new YingdaError('invalid', `The text is longer than ${MAX_TEXT_CHARACTERS} characters`);
      }
    }
    this.stopTyping(false);
    return this.outbox.add(parts, replyTo).client_id;
  }

  /** Tries a failed message again. */
  resend(clientID: string): void {
    this.outbox.resend(clientID);
  }

  /** Gives a failed message up. */
  discard(clientID: string): void {
    this.outbox.remove(clientID);
  }

  /** Says that the visitor saw everything up to now. Told to the desk until it knows. */
  markRead(): void {
    const c = this.currentConversation;
    if (!c) return;
    const seq = this.timeline.range(c.id).high;
    if (seq <= c.contact_read_seq) return;
    this.readTarget = seq;
    c.contact_read_seq = seq;
    this.show();
    void this.tellRead();
  }

  /** Call at each keystroke; tells the desk at most every three seconds, and when it ends. */
  typing(on = true): void {
    if (!on) return this.stopTyping(true);
    this.typingOff?.cancel();
    this.typingOff = this.host.after(typingLastsMs, () => this.stopTyping(true));
    const now = this.host.now();
    if (now - this.typedAt < typingEveryMs || !this.currentConversation) return;
    this.typedAt = now;
    this.link.notify('typing', { on: true });
  }

  /** Loads a step of older messages; tells whether there are more still. */
  async loadOlder(): Promise<boolean> {
    const c = this.currentConversation;
    const low = c ? this.timeline.range(c.id).low : 0;
    if (!c || !this.older || low <= 1) return (this.older = false);
    const person = this.person;
    const list = await this.call('message.list', { before_seq: low, limit: this.pageSize });
    if (person !== this.person) return this.older;
    for (const m of list.messages ?? []) this.timeline.add(m);
    this.older = list.more && (list.messages ?? []).length > 0;
    this.show();
    return this.older;
  }

  /** Tells the desk which page the visitor looks at. */
  setPage(page: Page): void {
    if (page.url === this.page?.url && page.title === this.page?.title) return;
    this.page = page;
    if (!this.currentSession || this.pageTimer) return;
    const wait = Math.max(0, this.pageToldAt + pageEveryMs - this.host.now());
    this.pageTimer = this.host.after(wait, () => {
      this.pageTimer = null;
      const life = this.life;
      void this.askSession().then(
        (s) => life === this.life && this.keepToken(s),
        () => {},
      );
    });
  }

  /** Starts over as whoever identity() names now: after a log-in or log-out on the host site. */
  async identify(identity: ChatOptions['identity'] | null): Promise<void> {
    this.options.identity = identity ?? (() => null);
    const started = this.currentState !== 'idle';
    if (started) this.stop();
    this.person++;
    this.forgetMessages();
    if (started) await this.start();
  }

  // ── Session ──

  private get pageSize(): number {
    return this.options.pageSize ?? 50;
  }

  private open(): Promise<void> {
    this.opening ??= this.keepOpening(++this.life).finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  private async keepOpening(life: number): Promise<void> {
    for (;;) {
      try {
        const session = await this.askSession();
        if (life !== this.life) return;
        return this.begin(session);
      } catch (thrown) {
        if (life !== this.life) return;
        const err = asYingdaError(thrown);
        if (!err.passing && err.kind !== 'internal') return this.refuse(err);
        this.setState('offline', err);
        await new Promise<void>((done) => {
          this.openRetry = { timer: this.host.after(this.renewals.next(err.retryAfterMs), () => this.endOpenRetry()), done };
        });
        if (life !== this.life) return;
      }
    }
  }

  private endOpenRetry(): void {
    const retry = this.openRetry;
    this.openRetry = null;
    retry?.timer.cancel();
    retry?.done();
  }

  private async askSession(): Promise<SessionResult> {
    this.pageToldAt = this.host.now();
    const identity = (await this.options.identity?.()) || null;
    this.known = identity !== null;
    const owner = identity === null ? 'anonymous' : `user ${subject(identity)}`;
    if (owner !== this.owner) this.outbox.own((this.owner = owner));
    const ask = (token: string | null) =>
      postCall(this.host, this.endpoint, {
        method: 'session.open',
        params: {
          channel_key: this.options.channelKey,
          ...(token ? { token } : {}),
          ...(identity ? { identity } : {}),
          ...(this.options.locale ? { locale: this.options.locale } : {}),
          ...cleanPage(this.page),
        },
        timeoutMs: 15_000,
      }) as Promise<SessionResult>;
    // A known user is whom the host site names, never whom an older token names.
    const token = this.known ? null : this.host.storage.get(this.keys.token);
    try {
      return await ask(token);
    } catch (err) {
      // The token is too old or of another installation: begin as somebody new.
      if (!token || asYingdaError(err).kind !== 'unauthenticated') throw err;
      this.host.storage.remove(this.keys.token);
      return ask(null);
    }
  }

  /** Tokens of known users stay in memory: after their log-out a reload must not bring them back. */
  private keepToken(session: SessionResult): void {
    if (!this.known) this.host.storage.set(this.keys.token, session.token);
  }

  private begin(session: SessionResult): void {
    this.keepToken(session);
    this.currentSession = session;
    this.link.start(session.token, session.realtime?.url, session.feed);
    this.setConversation(session.conversation);
    this.emit('session', session);
    this.outbox.start();
    this.loading = this.load(false);
  }

  private refuse(err: YingdaError): void {
    this.outbox.stop();
    this.link.stop();
    this.setState('refused', err);
  }

  /** The server does not know the token any more. Pauses grow, so a confused server is not stormed. */
  private async renew(): Promise<void> {
    if (this.opening || this.currentState === 'idle' || this.currentState === 'refused') return;
    this.link.stop();
    const life = ++this.life;
    await new Promise<void>((done) => {
      this.openRetry = { timer: this.host.after(this.renewals.next(), () => this.endOpenRetry()), done };
    });
    if (life === this.life) await this.open();
  }

  /** Calls as the visitor; an unknown token is renewed for the next try. */
  private async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    try {
      return await this.link.call(method, params);
    } catch (thrown) {
      const err = asYingdaError(thrown);
      if (err.kind === 'unauthenticated') void this.renew();
      throw err;
    }
  }

  /** Loads the newest messages; anew drops what was known, for a feed that started over. */
  private async load(anew: boolean): Promise<void> {
    if (!this.currentConversation && !anew) return;
    const life = this.life;
    const pauses = new Backoff(this.host.random);
    const meanwhile: Message[] = [];
    if (anew) this.meanwhile = meanwhile;
    for (;;) {
      try {
        const list = await this.call('message.list', { limit: this.pageSize });
        if (life !== this.life || (anew && this.meanwhile !== meanwhile)) return;
        if (anew) {
          this.meanwhile = null;
          this.timeline.clear();
          this.currentConversation = null;
        }
        for (const m of [...(list.messages ?? []), ...meanwhile]) this.take(m);
        this.older = list.more;
        this.setConversation(list.conversation);
        this.show();
        return;
      } catch (thrown) {
        const err = asYingdaError(thrown);
        if (life !== this.life || err.kind === 'stopped' || err.kind === 'unauthenticated') return;
        if (!err.passing && err.kind !== 'internal') return this.refuse(err);
        await new Promise<void>((done) => this.host.after(pauses.next(err.retryAfterMs), done));
        if (life !== this.life) return;
      }
    }
  }

  private forgetMessages(): void {
    this.meanwhile = null;
    this.readTarget = 0;
    this.timeline.clear();
    this.currentSession = null;
    this.older = false;
    this.setConversation(null);
    this.show();
  }

  // ── News ──

  private apply(event: FeedEvent): void {
    const c = this.currentConversation;
    if (event.conversation_id && c && event.conversation_id === c.id) {
      this.setConversation(mergeConversation(c, event.conversation ?? {}));
    } else if (event.conversation_id && event.message) {
      const fresh = { id: event.conversation_id, status: 'open', seq: 0, contact_read_seq: 0, agent_read_seq: 0 } as const;
      this.setConversation(mergeConversation(fresh, event.conversation ?? {}));
      // Another tab made the visitor known: this one's line is not in the feed yet.
      if (!c) this.link.known(this.link.feeder);
    }
    switch (event.type) {
      case 'message.status_changed':
        this.timeline.setStatus(String(event.message_id), String(event.status), event.reason as string | undefined);
        break;
      case 'messages.read':
        this.applyRead(event);
        break;
      default:
        if (event.message && this.take(event.message) && event.message.author.kind !== 'visitor') {
          this.hear({ type: 'typing', by: event.message.author, on: false });
          this.emit('message', event.message);
        }
    }
    this.show();
  }

  private applyRead(event: FeedEvent): void {
    const c = this.currentConversation;
    const seq = Number(event.seq) || 0;
    if (!c || c.id !== event.conversation_id) return;
    const by = (event.by as Author | undefined)?.kind;
    if (by === 'visitor') this.setConversation(mergeConversation(c, { contact_read_seq: seq }));
    else this.setConversation(mergeConversation(c, { agent_read_seq: seq }));
  }

  /** Takes a committed message; its copy in the queue, if any, is done. */
  private take(message: Message): boolean {
    this.meanwhile?.push(message);
    const fresh = this.timeline.add(message);
    if (message.author.kind === 'visitor' && message.client_id) this.outbox.remove(message.client_id);
    return fresh;
  }

  private hear(signal: Signal): void {
    if (signal.type !== 'typing' || signal.by?.kind === 'visitor') return;
    const wasOn = this.otherTyping !== null;
    this.otherTyping?.cancel();
    this.otherTyping = null;
    const by = signal.by ?? { kind: 'agent' };
    if (signal.on) {
      this.otherTyping = this.host.after(typingLastsMs, () => this.hear({ ...signal, on: false }));
      this.emit('typing', { on: true, by });
    } else if (wasOn) this.emit('typing', { on: false, by });
  }

  private network(online: boolean): void {
    if (online) this.endOpenRetry();
    this.link.network(online);
    if (online) this.outbox.wake();
  }

  private meetNetwork(transport: Transport | null): void {
    if (this.currentState === 'idle' || this.currentState === 'refused') return;
    this.setState(transport ? 'online' : 'offline');
    if (!transport) return;
    this.renewals.reset();
    this.outbox.wake();
    void this.tellRead();
  }

  // ── Out ──

  private async deliver(item: Unsent): Promise<void> {
    if (this.timeline.hasOwn(item.client_id)) return;
    const { client_id, parts, reply_to, sent_at } = item;
    const carrier = this.link.carrier;
    const person = this.person;
    const result = await this.call('message.send', { client_id, parts, sent_at, ...(reply_to ? { reply_to } : {}) });
    if (person !== this.person) return;
    const first = !this.currentConversation;
    const same = this.currentConversation?.id === result.message.conversation_id;
    if (result.conversation) {
      this.setConversation(same ? mergeConversation(this.currentConversation!, result.conversation) : result.conversation);
    }
    this.take(result.message);
    // A first message makes the visitor known to the desk; from now on there is a feed to read.
    if (first) this.link.known(carrier);
  }

  private async tellRead(): Promise<void> {
    if (this.reading || this.readTarget === 0) return;
    this.reading = true;
    const seq = this.readTarget;
    try {
      await this.call('message.read', { seq });
      if (this.readTarget === seq) this.readTarget = 0;
    } catch (thrown) {
      // What will not pass by waiting is not worth asking for again.
      if (!asYingdaError(thrown).passing) this.readTarget = 0;
      return;
    } finally {
      this.reading = false;
    }
    void this.tellRead();
  }

  private stopTyping(tell: boolean): void {
    const was = this.typingOff !== null;
    this.typingOff?.cancel();
    this.typingOff = null;
    this.typedAt = -Infinity;
    if (was && tell && this.currentConversation) this.link.notify('typing', { on: false });
  }

  // ── What is shown ──

  private setConversation(c: Conversation | null): void {
    const before = this.currentConversation;
    if (c && before && c.id === before.id) c = mergeConversation(before, c);
    this.currentConversation = c ? { ...c } : null;
    if (JSON.stringify(before) !== JSON.stringify(c)) this.emit('conversation', this.currentConversation);
  }

  private setState(state: ChatState, error?: YingdaError): void {
    const transport = this.link.transport;
    if (state === this.currentState && transport === this.currentTransport && !error) return;
    this.currentState = state;
    this.currentTransport = transport;
    this.emit('state', { state, transport, ...(error ? { error } : {}) });
  }

  /** Rebuilds the list once per turn of the event loop, however much happened in it. */
  private show(): void {
    if (this.showing) return;
    this.showing = true;
    queueMicrotask(() => {
      this.showing = false;
      this.rebuild();
    });
  }

  private rebuild(): void {
    const c = this.currentConversation;
    this.shown = showMessages(this.timeline, this.outbox, c);
    this.emit('messages', this.shown);
    const unread = c
      ? this.timeline.list().filter((m) => m.author.kind !== 'visitor' && m.conversation_id === c.id && m.seq > c.contact_read_seq).length
      : 0;
    if (unread !== this.unreadCount) {
      this.unreadCount = unread;
      this.emit('unread', unread);
    }
  }
}
