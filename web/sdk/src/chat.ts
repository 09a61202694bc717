import { Emitter } from './emitter.ts';
import { browserHost } from './browser.ts';
import { asYingdaError, YingdaError } from './error.ts';
import type { FileSource, Host } from './host.ts';
import { postCall } from './http.ts';
import { Link, type Transport } from './link.ts';
import type { ChatEvents, ChatOptions, ChatState } from './options.ts';
import { Prechat } from './prechat.ts';
import {
  MAX_PARTS,
  MAX_TEXT_CHARACTERS,
  type Conversation,
  type Features,
  type Method,
  type Page,
  type Params,
  type Part,
  type Product,
  type CallbackWish,
  type QueuePlace,
  type WaitChoice,
  type Rating,
  type Result,
  type SessionResult,
  type TrackEvent,
  type Uploaded,
  type Welcome,
  type WidgetSettings,
} from './protocol.ts';
import { ServerClock } from './serverclock.ts';
import { SessionKeeper } from './session.ts';
import type { ShownMessage } from './shown.ts';
import { Thread } from './thread.ts';
import { Tracker, type Consent } from './tracker.ts';
import { Queue } from './queue.ts';
import { Typing } from './typing.ts';
import { uploadFile, type UploadOptions } from './upload.ts';

/** How long a visitor may take a message back. The server decides; this is for showing the way. */
const recallWithinMs = 2 * 60_000;

/**
 * A visitor's chat: opens and keeps the session, sends through a queue that
 * survives reloads, follows the feed, and always has the whole, ordered,
 * repeat-free list of messages. Nothing in here needs a framework.
 */
export class Chat extends Emitter<ChatEvents> {
  private readonly host: Host;
  private readonly endpoint: string;
  private readonly options: ChatOptions;
  private readonly link: Link;
  private readonly keeper: SessionKeeper;
  private readonly thread: Thread;
  private readonly typists: Typing;
  private readonly tracker: Tracker;
  private readonly introduction: Prechat;
  private readonly clock: ServerClock;
  private currentState: ChatState = 'idle';
  private currentTransport: Transport | null = null;
  private readonly line: Queue;
  private owner = '';
  private loading: Promise<void> | null = null;
  private endNetwork: (() => void) | null = null;

  constructor(options: ChatOptions) {
    super();
    this.options = { ...options };
    this.host = options.host ?? browserHost();
    this.clock = new ServerClock(this.host);
    const own = (globalThis as { location?: { origin?: string } }).location?.origin ?? '';
    this.endpoint = (options.endpoint || own).replace(/\/+$/, '');
    const place = `yingda/${options.channelKey}`;
    this.link = new Link(this.host, this.endpoint, {
      apply: (event) => {
        this.clock.see(event.at);
        this.thread.apply(event);
      },
      signal: (signal) => {
        this.typists.hear(signal);
        this.line.hear(signal);
      },
      reset: () => void this.thread.load(true),
      online: (transport) => this.meetNetwork(transport),
      rejected: () => void this.renew(),
    });
    this.introduction = new Prechat(this.host, `${place}/prechat`);
    this.typists = new Typing(
      this.host,
      (on, text) => {
        if (!this.thread.conversation) return false;
        this.link.notify('typing', { on, ...(text ? { text } : {}) });
        return true;
      },
      (on, by) => this.emit('typing', { on, by }),
    );
    this.line = new Queue(this.host, () => this.call('queue.get', {}), (place) => this.emit('queue', place));
    this.tracker = new Tracker(this.host, `${place}/consent`, options.tracking !== false, {
      send: (events) => this.tellEvents(events),
      sendLast: (events) => this.tellLast(events),
      changed: (consent) => this.emit('consent', consent),
    });
    this.keeper = new SessionKeeper(this.host, this.endpoint, this.options, {
      owner: (owner) => this.own(owner),
      opened: (session) => this.begin(session),
      offline: (err) => this.setState('offline', err),
      refused: (err) => this.refuse(err),
      mayKeep: (session) => this.mayKeep(session),
      consent: () => this.tracker.forSession,
    });
    this.thread = new Thread(this.host, `${place}/out/`, options.pageSize ?? 50, {
      call: (method, params) => this.call(method, params),
      carrier: () => this.link.carrier,
      feeder: () => this.link.feeder,
      known: (carrier) => this.link.known(carrier),
      along: () => this.introduction.along(this.tracker.allowed && this.options.tracking !== false),
      taken: (sent) => this.introduction.taken(sent),
      refused: (err) => this.refuse(err),
      date: () => this.clock.date(),
      messages: (list) => this.emit('messages', list),
      arrived: (message) => {
        this.typists.hear({ type: 'typing', by: message.author, on: false });
        this.emit('message', message);
      },
      conversation: (c) => {
        this.emit('conversation', c);
        this.line.see(c);
      },
      unread: (count) => this.emit('unread', count),
      rated: (conversationID, rating) => this.emit('rated', { conversationID, rating }),
    });
    if (options.page) this.setPage(options.page);
  }

  // ── What is known ──

  get messages(): readonly ShownMessage[] {
    return this.thread.messages;
  }
  get state(): ChatState {
    return this.currentState;
  }
  get transport(): Transport | null {
    return this.link.transport;
  }
  get session(): SessionResult | null {
    return this.keeper.current;
  }
  get conversation(): Conversation | null {
    return this.thread.conversation;
  }
  /** Messages of the other side that the visitor has not read. */
  get unread(): number {
    return this.thread.unread;
  }
  /** There are older messages that loadOlder would bring. */
  get hasOlder(): boolean {
    return this.thread.hasOlder;
  }
  /** How the administrator wants the widget; null before the first session. */
  get settings(): WidgetSettings | null {
    return this.keeper.current?.inbox.widget ?? null;
  }
  /** What this desk can do for this visitor; null before the first session. */
  get features(): Features | null {
    return this.keeper.current?.inbox.features ?? null;
  }
  /** Whether the visitor lets pages be followed. */
  get consent(): Consent {
    return this.tracker.consent;
  }
  /** The server's time, as well as it is known here; this machine's clock may be wrong by days. */
  get serverTime(): Date {
    return this.clock.date();
  }

  // ── Life ──

  /** Opens the session and follows the feed until stop. Resolves once the first messages are loaded. */
  async start(): Promise<void> {
    if (this.currentState === 'idle') {
      this.endNetwork = this.host.onNetwork?.((online) => this.network(online)) ?? null;
      this.setState('connecting');
    }
    if (this.currentState === 'connecting') await this.keeper.open();
    await this.loading;
  }

  /** Lets go of everything; unsent messages stay in storage for the next start. */
  stop(): void {
    this.keeper.halt();
    this.endNetwork?.();
    this.endNetwork = null;
    this.typists.halt();
    this.line.halt();
    this.tracker.stop();
    this.thread.halt();
    this.link.stop();
    this.setState('idle');
  }

  /** Starts over as whoever identity() names now: after a log-in or log-out on the host site. */
  async identify(identity: ChatOptions['identity'] | null): Promise<void> {
    this.options.identity = identity ?? (() => null);
    const started = this.currentState !== 'idle';
    if (started) this.stop();
    this.keeper.current = null;
    this.thread.forget();
    this.tracker.forget();
    this.introduction.forget();
    if (started) await this.start();
  }

  /** Tells the desk another language; its words come in it. */
  async setLocale(locale: string): Promise<void> {
    if (locale === this.options.locale) return;
    this.options.locale = locale;
    if (!this.keeper.current) return;
    const session = await this.keeper.refresh();
    if (session) this.emit('session', session);
  }

  // ── Messages ──

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
    this.typists.stop(false);
    const key = this.thread.outbox.add(parts, replyTo).client_id;
    // Whoever writes wants to be known again: from now on this device may remember them.
    this.keeper.keep();
    return key;
  }

  /** Tries a failed message again. */
  resend(clientID: string): void {
    this.thread.outbox.resend(clientID);
  }

  /** Gives a failed message up. */
  discard(clientID: string): void {
    this.thread.outbox.remove(clientID);
  }

  /** Whether the visitor may still take this message back. */
  canRecall(messageID: string): boolean {
    const m = this.thread.message(messageID);
    return m?.author.kind === 'visitor' && !m.recalled_at && this.clock.date().getTime() - Date.parse(m.at) < recallWithinMs;
  }

  /** Takes an own message back, within two minutes. */
  async recall(messageID: string): Promise<void> {
    await this.call('message.recall', { id: messageID });
    this.thread.recalled(messageID, this.clock.date().toISOString());
  }

  /** Sends a file to the desk, to be sent on with mediaPart. Throws invalid when it is too large or of a kind that is refused. */
  async upload(file: Blob | FileSource, options: UploadOptions = {}): Promise<Uploaded> {
    const key = this.host.uniqueID();
    for (let again = false; ; again = true) {
      const session = this.keeper.current;
      if (!session || this.currentState === 'idle') throw new YingdaError('unavailable', 'There is no connection yet');
      try {
        return await uploadFile(this.host, this.endpoint, session.token, session.inbox.features, file, key, options);
      } catch (thrown) {
        const err = options.signal?.aborted ? new YingdaError('stopped', 'The upload was stopped') : asYingdaError(thrown);
        if (err.kind !== 'unauthenticated' || again) throw err;
        await this.renew();
      }
    }
  }

  /** Says that the visitor saw everything up to now. Told to the desk until it knows. */
  markRead(): void {
    this.thread.markRead();
  }

  /** Call at each keystroke, with the text so far; tells the desk at most every three seconds, and when it ends. */
  typing(on = true, text?: string): void {
    if (on) this.typists.stroke(text);
    else this.typists.stop(true);
  }

  /** Loads a step of older messages; tells whether there are more still. */
  loadOlder(): Promise<boolean> {
    return this.thread.loadOlder();
  }

  // ── The conversation ──

  /** The place in the queue; null for who does not wait. */
  get queue(): QueuePlace | null {
    return this.line.place;
  }

  /** Says what the visitor does while waiting; `callback` needs a wish. The last choice counts. */
  async chooseWait(choice: WaitChoice, wish?: CallbackWish): Promise<void> {
    if (choice === 'callback' && !wish?.phone.trim()) throw new YingdaError('invalid', 'A callback needs a phone number', { field: 'phone' });
    const { queue } = await this.call('queue.choose', { choice, ...(choice === 'callback' ? wish : {}) });
    this.line.take(queue ?? null);
  }

  /** Waits no longer: the conversation ends unanswered. */
  async leaveQueue(): Promise<void> {
    await this.call('queue.leave', {});
  }

  /** The answers of the form before the chat: they travel with the next message, also after a reload. */
  prechat(values: Record<string, string>): void {
    this.introduction.set(values);
  }

  /** Rates the conversation with 1 to 5; within a day another rating takes the place of the first. */
  async rate(score: number, comment?: string): Promise<Rating> {
    const c = this.thread.conversation;
    if (!c) throw new YingdaError('not_found', 'There is no conversation yet');
    if (!Number.isInteger(score) || score < 1 || score > 5) throw new YingdaError('invalid', 'A rating is 1 to 5', { field: 'score' });
    const { rating } = await this.call('conversation.rate', { conversation_id: c.id, score, ...(comment ? { comment } : {}) });
    this.thread.rate(c.id, rating);
    return rating;
  }

  /** Says whether an answer of the bot has helped; the newest word counts. */
  async feedback(messageID: string, helpful: boolean, reason?: string): Promise<void> {
    await this.call('message.feedback', { message_id: messageID, helpful, ...(reason ? { reason } : {}) });
    this.thread.thumbed(messageID, { helpful, ...(reason ? { reason } : {}) });
  }

  /** Who answers first, and what is likely to be asked; null where people do. */
  async welcome(page?: Page): Promise<Welcome | null> {
    const { bot } = await this.call('bot.suggestions', { ...(page?.url ? { url: page.url } : {}), ...(page?.title ? { title: page.title.slice(0, 500) } : {}) });
    return bot;
  }

  /** Has the conversation sent to an e-mail address. */
  async transcript(email: string): Promise<void> {
    const c = this.thread.conversation;
    if (!c) throw new YingdaError('not_found', 'There is no conversation yet');
    await this.call('conversation.transcript', { conversation_id: c.id, email });
  }

  // ── The page ──

  /** Says which page the visitor looks at. */
  setPage(page: Page): void {
    this.introduction.look(page);
    this.tracker.setPage(page);
  }

  /** Says which product the visitor looks at; it goes along with the next message. */
  setProduct(product: Product | null): void {
    this.introduction.show(product);
  }

  /** Tells something that happened on the page: a search, a full basket. Throws invalid beyond the limits. */
  track(name: string, props?: Record<string, string | number | boolean>): void {
    this.tracker.custom(name, props);
  }

  /** Notes what the visitor says to being followed. A no removes what is kept here and not needed for the chat. */
  async setConsent(granted: boolean): Promise<void> {
    this.tracker.decide(granted);
    this.keeper.keep();
    const session = this.keeper.current;
    // Without a session it is said with the next one.
    if (!session) return;
    const life = this.keeper.life;
    const { token } = await this.call('consent.set', { granted });
    if (life !== this.keeper.life) return;
    this.keeper.replaceToken(token);
    this.link.renew(token);
  }

  // ── Inside ──

  private own(owner: string): void {
    if (owner !== this.owner) this.thread.outbox.own((this.owner = owner));
  }

  /** An inbox that asks for consent keeps nobody in mind who has neither agreed nor written. */
  private mayKeep(session: SessionResult): boolean {
    if (!session.inbox.widget?.consent || this.tracker.forSession) return true;
    return session.conversation !== null || this.thread.conversation !== null || this.thread.outbox.list().length > 0;
  }

  private begin(session: SessionResult): void {
    this.keeper.keep();
    this.clock.set(session.now);
    this.tracker.settle(session.inbox.widget?.consent === true);
    this.link.start(session.token, session.realtime?.url, session.feed);
    this.thread.setConversation(session.conversation);
    this.emit('session', session);
    this.thread.outbox.start();
    this.loading = this.thread.load(false);
  }

  private refuse(err: YingdaError): void {
    this.thread.outbox.stop();
    this.tracker.stop();
    this.link.stop();
    this.setState('refused', err);
  }

  private async renew(): Promise<void> {
    if (this.currentState === 'idle' || this.currentState === 'refused') return;
    this.link.stop();
    await this.keeper.renew();
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

  /** By HTTP always: it is seldom, and the newest token says what the visitor agreed to. */
  private async tellEvents(events: TrackEvent[]): Promise<void> {
    const session = this.keeper.current;
    if (!session) throw new YingdaError('unavailable', 'There is no connection yet');
    await postCall(this.host, this.endpoint, { method: 'track', params: { events }, token: session.token, timeoutMs: 15_000 });
  }

  private tellLast(events: TrackEvent[]): boolean {
    const session = this.keeper.current;
    if (!session || !this.host.beacon) return false;
    const params = { token: session.token, events };
    return this.host.beacon(`${this.endpoint}/rpc/v1`, JSON.stringify({ jsonrpc: '2.0', method: 'track', params }));
  }

  private network(online: boolean): void {
    if (online) this.keeper.hurry();
    this.link.network(online);
    if (online) this.thread.outbox.wake();
  }

  private meetNetwork(transport: Transport | null): void {
    if (this.currentState === 'idle' || this.currentState === 'refused') return;
    this.setState(transport ? 'online' : 'offline');
    if (!transport) return;
    this.keeper.proved();
    this.thread.outbox.wake();
    void this.thread.tellRead();
    this.line.look();
  }

  private setState(state: ChatState, error?: YingdaError): void {
    const transport = this.link.transport;
    if (state === this.currentState && transport === this.currentTransport && !error) return;
    this.currentState = state;
    this.currentTransport = transport;
    this.emit('state', { state, transport, ...(error ? { error } : {}) });
  }
}
