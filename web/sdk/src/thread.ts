import { Backoff } from './backoff.ts';
import { asYingdaError, type YingdaError } from './error.ts';
import type { Host } from './host.ts';
import { Outbox, type Unsent } from './outbox.ts';
import type { Author, Conversation, FeedEvent, Message, MessageContext, Method, Params, Part, Rating, Result, Thumb } from './protocol.ts';
import { mergeConversation, showMessages, type ShownMessage } from './shown.ts';
import { Timeline } from './timeline.ts';

/** What a Thread needs of its owner. */
export interface ThreadOwner {
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** The socket that carries calls now, and the one that brings news; see Link. */
  carrier(): number;
  feeder(): number;
  /** The visitor became known to the desk; the message went by this carrier. */
  known(carrier: number): void;
  along(): { prechat?: Record<string, string>; context?: MessageContext };
  taken(sent: { context?: MessageContext }): void;
  refused(err: YingdaError): void;
  /** The server's time, as well as it is known here. */
  date(): Date;

  messages(list: readonly ShownMessage[]): void;
  arrived(message: Message): void;
  conversation(c: Conversation | null): void;
  unread(count: number): void;
  rated(conversationID: string, rating: Rating): void;
}

/**
 * The messages of the visitor's conversation: what is committed, what is on its
 * way, how far it was read. It hears answers and events in any order and always
 * has the whole, ordered, repeat-free list.
 */
export class Thread {
  readonly outbox: Outbox;
  private readonly host: Host;
  private readonly owner: ThreadOwner;
  private readonly pageSize: number;
  private readonly timeline = new Timeline();
  private current: Conversation | null = null;
  private shown: readonly ShownMessage[] = [];
  private unreadCount = 0;
  private older = false;
  private showing = false;
  /** While everything is loaded anew: what arrives meanwhile, which the list may not hold yet. */
  private meanwhile: Message[] | null = null;
  private loads = 0;
  /** Counts changes of person: a late answer to the one before is not shown to the next. */
  private person = 0;
  private readTarget = 0;
  private reading = false;

  constructor(host: Host, place: string, pageSize: number, owner: ThreadOwner) {
    this.host = host;
    this.owner = owner;
    this.pageSize = pageSize;
    this.outbox = new Outbox({ ...host, date: () => owner.date() }, place, (item) => this.deliver(item), () => this.show());
    this.show();
  }

  get messages(): readonly ShownMessage[] {
    return this.shown;
  }
  get conversation(): Conversation | null {
    return this.current;
  }
  get unread(): number {
    return this.unreadCount;
  }
  get hasOlder(): boolean {
    return this.older;
  }

  /** A committed message by its id. */
  message(id: string): Message | undefined {
    return this.timeline.get(id);
  }

  markRead(): void {
    const c = this.current;
    if (!c) return;
    const seq = this.timeline.range(c.id).high;
    if (seq <= c.contact_read_seq) return;
    this.readTarget = seq;
    c.contact_read_seq = seq;
    this.show();
    void this.tellRead();
  }

  /** Tells the server how far was read, until it knows. */
  async tellRead(): Promise<void> {
    if (this.reading || this.readTarget === 0) return;
    this.reading = true;
    const seq = this.readTarget;
    try {
      await this.owner.call('message.read', { seq });
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

  async loadOlder(): Promise<boolean> {
    const c = this.current;
    const low = c ? this.timeline.range(c.id).low : 0;
    if (!c || !this.older || low <= 1) return (this.older = false);
    const person = this.person;
    const list = await this.owner.call('message.list', { before_seq: low, limit: this.pageSize });
    if (person !== this.person) return this.older;
    for (const m of list.messages ?? []) this.timeline.add(m);
    this.older = list.more && (list.messages ?? []).length > 0;
    this.show();
    return this.older;
  }

  /** Loads the newest messages; anew drops what was known, for a feed that started over. */
  async load(anew: boolean): Promise<void> {
    if (!this.current && !anew) return;
    const mine = ++this.loads;
    const pauses = new Backoff(this.host.random);
    const meanwhile: Message[] = [];
    if (anew) this.meanwhile = meanwhile;
    for (;;) {
      try {
        const list = await this.owner.call('message.list', { limit: this.pageSize });
        if (mine !== this.loads) return;
        if (anew) {
          this.meanwhile = null;
          this.timeline.clear();
          this.current = null;
        }
        for (const m of [...(list.messages ?? []), ...meanwhile]) this.take(m);
        this.older = list.more;
        this.setConversation(list.conversation);
        this.show();
        return;
      } catch (thrown) {
        const err = asYingdaError(thrown);
        if (mine !== this.loads || err.kind === 'stopped' || err.kind === 'unauthenticated') return;
        if (!err.passing && err.kind !== 'internal') return this.owner.refused(err);
        await new Promise<void>((done) => this.host.after(pauses.next(err.retryAfterMs), done));
        if (mine !== this.loads) return;
      }
    }
  }

  /** Ends what is being loaded. */
  halt(): void {
    this.loads++;
    this.outbox.stop();
  }

  /** Another person is here now. */
  forget(): void {
    this.person++;
    this.loads++;
    this.meanwhile = null;
    this.readTarget = 0;
    this.timeline.clear();
    this.older = false;
    this.setConversation(null);
    this.show();
  }

  apply(event: FeedEvent): void {
    const c = this.current;
    if (event.conversation_id && c && event.conversation_id === c.id) {
      this.setConversation(mergeConversation(c, event.conversation ?? {}));
    } else if (event.conversation_id && event.message) {
      const fresh = { id: event.conversation_id, status: 'open', seq: 0, contact_read_seq: 0, agent_read_seq: 0 } as const;
      this.setConversation(mergeConversation(fresh, event.conversation ?? {}));
      // Another tab made the visitor known: this one's line is not in the feed yet.
      if (!c) this.owner.known(this.owner.feeder());
    }
    switch (event.type) {
      case 'message.status_changed':
        this.timeline.setStatus(String(event.message_id), String(event.status), event.reason as string | undefined);
        break;
      case 'message.recalled':
        this.recalled(String(event.message_id), event.at ?? this.owner.date().toISOString());
        break;
      case 'message.thumbed':
        this.thumbed(String(event.message_id), { helpful: event.helpful === true, ...(event.reason ? { reason: String(event.reason) } : {}) });
        break;
      case 'messages.read':
        this.applyRead(event);
        break;
      case 'conversation.rated':
        this.hearRating(String(event.conversation_id), Number(event.score) || 0, event.at);
        break;
      default:
        if (event.message && this.take(event.message) && event.message.author.kind !== 'visitor') this.owner.arrived(event.message);
    }
    this.show();
  }

  thumbed(id: string, thumb: Thumb): void {
    this.timeline.thumb(id, thumb);
    this.show();
  }

  recalled(id: string, at: string): void {
    this.timeline.recall(id, at);
    this.show();
  }

  rate(conversationID: string, rating: Rating): void {
    if (this.current?.id === conversationID) this.setConversation({ ...this.current, rating });
    this.owner.rated(conversationID, rating);
  }

  /** Events tell the score only; the words that are known here stay with it. */
  private hearRating(conversationID: string, score: number, at: string | undefined): void {
    const known = this.current?.id === conversationID ? this.current.rating : null;
    this.rate(conversationID, { ...(known?.score === score ? known : {}), score, ...(at ? { at } : {}) });
  }

  setConversation(c: Conversation | null): void {
    const before = this.current;
    if (c && before && c.id === before.id) c = mergeConversation(before, c);
    this.current = c ? { ...c } : null;
    if (JSON.stringify(before) !== JSON.stringify(c)) this.owner.conversation(this.current);
  }

  private applyRead(event: FeedEvent): void {
    const c = this.current;
    const seq = Number(event.seq) || 0;
    if (!c || c.id !== event.conversation_id) return;
    const by = (event.by as Author | undefined)?.kind;
    this.setConversation(mergeConversation(c, by === 'visitor' ? { contact_read_seq: seq } : { agent_read_seq: seq }));
  }

  /** Takes a committed message; its copy in the queue, if any, is done. */
  private take(message: Message): boolean {
    this.meanwhile?.push(message);
    const fresh = this.timeline.add(message);
    if (message.author.kind === 'visitor' && message.client_id) this.outbox.remove(message.client_id);
    return fresh;
  }

  private async deliver(item: Unsent): Promise<void> {
    if (this.timeline.hasOwn(item.client_id)) return;
    const { client_id, parts, reply_to, sent_at } = item;
    const carrier = this.owner.carrier();
    const person = this.person;
    const along = this.owner.along();
    const result = await this.owner.call('message.send', {
      client_id,
      parts: parts.map(slim),
      sent_at,
      ...(reply_to ? { reply_to } : {}),
      ...along,
    });
    if (person !== this.person) return;
    this.owner.taken(along);
    const first = !this.current;
    const same = this.current?.id === result.message.conversation_id;
    if (result.conversation) {
      this.setConversation(same ? mergeConversation(this.current!, result.conversation) : result.conversation);
    }
    this.take(result.message);
    // A first message makes the visitor known to the desk; from now on there is a feed to read.
    if (first) this.owner.known(carrier);
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
    const c = this.current;
    this.shown = showMessages(this.timeline, this.outbox, c);
    this.owner.messages(this.shown);
    const unread = c
      ? this.timeline.list().filter((m) => m.author.kind !== 'visitor' && m.conversation_id === c.id && m.seq > c.contact_read_seq).length
      : 0;
    if (unread !== this.unreadCount) {
      this.unreadCount = unread;
      this.owner.unread(unread);
    }
  }
}

/** An uploaded file travels by its id; what the server knows of it better than we do stays here. */
function slim(part: Part): Part {
  const m = part.media;
  if (!m?.id) return part;
  return { type: part.type, media: { id: m.id, ...(m.duration_ms ? { duration_ms: m.duration_ms } : {}) } as Part['media'] & object };
}
