import { memoryStorage, type Host, type HttpAnswer, type KeyValue, type Socket, type StreamEvents, type TrackEvent } from '../src/index.ts';
import type { FeedEvent, FeedItem, Message, Part } from '../src/protocol.ts';

/** Mulberry32: small, seeded, good enough to draw faults from. */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Virtual time: timers run in order when the test says so, never by waiting. */
export class World {
  now = 0;
  readonly random: () => number;
  private timers: { at: number; n: number; run: () => void }[] = [];
  private n = 0;

  constructor(seed = 1) {
    this.random = seeded(seed);
  }

  after(ms: number, run: () => void) {
    const t = { at: this.now + ms, n: this.n++, run };
    this.timers.push(t);
    return { cancel: () => void (this.timers = this.timers.filter((o) => o !== t)) };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((done) => this.after(ms, done));
  }

  /** Lets ms of virtual time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.n - b.n)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
      await settle();
    }
    this.now = end;
  }
}

const settle = () => new Promise((done) => setImmediate(done));

/** Chances in [0, 1] of each misfortune. */
export interface Faults {
  requestLost: number;
  answerLost: number;
  unavailable: number;
  limited: number;
  pushDropped: number;
  pushRepeated: number;
  pushLate: number;
  socketDies: number;
}

export const calm: Faults = {
  requestLost: 0, answerLost: 0, unavailable: 0, limited: 0, pushDropped: 0, pushRepeated: 0, pushLate: 0, socketDies: 0,
};

interface Line {
  toClient(frame: object): void;
  die(code?: number): void;
  known: boolean;
  stream?: boolean;
}

/** The visitor's door in memory, with every misfortune a network has. */
export class FakeServer {
  readonly world: World;
  faults: Faults = { ...calm };
  up = true;
  sockets = true;
  streams = true;
  /** A proxy that keeps answers back until they end. */
  buffers = false;
  inbox: Record<string, unknown> = { name: '应答优选', greeting: '您好' };
  tracked: TrackEvent[] = [];
  longPolls = true;
  messages: Message[] = [];
  events: FeedItem[] = [];
  /** Events kept for replay. */
  retention = Infinity;
  epoch = 'e1';
  feedSeq = 10;
  conversation: { id: string; status: 'open'; seq: number; contact_read_seq: number; agent_read_seq: number } | null = null;
  tokens = new Set<string>();
  calls: { method: string; params: Record<string, unknown>; token: string | undefined }[] = [];
  /** Answers before the ordinary handling; return undefined to let it go on. */
  intercept: ((method: string, params: Record<string, unknown>) => unknown) | null = null;
  private lines = new Set<Line>();
  private waiters = new Set<() => void>();
  private drawn = 0;

  constructor(world: World) {
    this.world = world;
  }

  host(storage: KeyValue = memoryStorage(), network: { tell?: (online: boolean) => void } = {}): Host {
    return {
      post: (_url, body, { token, timeoutMs }) => this.post(body, token, timeoutMs),
      socket: () => this.openSocket(),
      stream: (_url, body, { token }, events) => this.openStream(JSON.parse(body) as { epoch: string; since: number }, token, events),
      storage,
      now: () => this.world.now,
      // A wall clock that is a day wrong must do no harm.
      date: () => new Date(1_700_000_000_000 + this.world.now - 86_400_000),
      random: this.world.random,
      uniqueID: () => `c${++this.drawn}-${Math.floor(this.world.random() * 1e9)}`,
      after: (ms, run) => this.world.after(ms, run),
      onNetwork: (changed) => {
        network.tell = changed;
        return () => {};
      },
    };
  }

  agentSays(text: string): Message {
    return this.commit({ kind: 'agent', name: '林晓' }, [{ type: 'text', text }], undefined);
  }

  agentReads(): void {
    const c = this.conversation;
    if (!c) return;
    c.agent_read_seq = c.seq;
    this.log({ type: 'messages.read', conversation_id: c.id, by: { kind: 'agent' }, seq: c.seq });
  }

  signal(on: boolean): void {
    for (const line of this.lines) {
      line.toClient({ push: { channel: 'contact:1', pub: { data: { signal: { type: 'typing', by: { kind: 'agent', name: '林晓' }, on } } } } });
    }
  }

  cutSockets(code = 1006): void {
    for (const line of [...this.lines]) line.die(code);
  }

  /** A restored backup: numbers start over and the past cannot be replayed. */
  newEpoch(): void {
    this.epoch = `e${++this.drawn}`;
    this.events = [];
    this.feedSeq = 3;
  }

  private chance(p: number): boolean {
    return p > 0 && this.world.random() < p;
  }

  private async post(body: string, token: string | undefined, timeoutMs: number): Promise<HttpAnswer> {
    const limit = this.world.now + timeoutMs;
    await this.world.sleep(1 + this.world.random() * 40);
    if (!this.up || this.chance(this.faults.requestLost)) throw new Error('network');
    const call = JSON.parse(body) as { id: number; method: string; params: Record<string, unknown> };
    if (call.method === 'feed.fetch' && call.params.wait) {
      if (!this.longPolls) {
        await this.world.sleep(5_000);
        throw new Error('cut by a proxy');
      }
      if (!this.conversation) {
        // Nobody's feed: the server waits it out and answers with the log's head.
        await this.world.sleep(Number(call.params.wait) * 1000);
        return { status: 200, body: JSON.stringify({ jsonrpc: '2.0', id: 1, result: { epoch: this.epoch, seq: this.feedSeq, reset: call.params.epoch !== this.epoch, events: [] } }), retryAfterMs: 0 };
      }
      await this.news(Number(call.params.since), Number(call.params.wait) * 1000);
    }
    if (this.chance(this.faults.unavailable)) return { status: 502, body: '<html>bad gateway</html>', retryAfterMs: 0 };
    const answer = this.answer(call, token);
    await this.world.sleep(1 + this.world.random() * 40);
    if (!this.up || this.chance(this.faults.answerLost) || this.world.now > limit) throw new Error('network');
    return { status: 200, body: JSON.stringify(answer), retryAfterMs: 0 };
  }

  private news(since: number, ms: number): Promise<void> {
    if (this.events.some((e) => e.seq > since)) return Promise.resolve();
    return new Promise((done) => {
      const wake = () => {
        this.waiters.delete(wake);
        timer.cancel();
        done();
      };
      const timer = this.world.after(ms, wake);
      this.waiters.add(wake);
    });
  }

  private answer(call: { id?: number; method: string; params: Record<string, unknown> }, token: string | undefined): object {
    try {
      this.calls.push({ method: call.method, params: call.params, token });
      if (this.chance(this.faults.limited)) throw { code: -32029, message: 'slow down', data: { retry_after_ms: 700 } };
      const early = this.intercept?.(call.method, call.params);
      return { jsonrpc: '2.0', id: call.id, result: early ?? this.handle(call.method, call.params, token) };
    } catch (error) {
      return { jsonrpc: '2.0', id: call.id, error };
    }
  }

  private handle(method: string, p: Record<string, unknown>, token: string | undefined): unknown {
    if (method === 'session.open') {
      const fresh = typeof p.token === 'string' && this.tokens.has(p.token) ? p.token : `t${++this.drawn}`;
      this.tokens.add(fresh);
      return {
        token: fresh, visitor: { verified: false }, inbox: this.inbox,
        now: new Date(1_700_000_000_000 + this.world.now).toISOString(),
        conversation: this.conversation && { ...this.conversation }, feed: { epoch: this.epoch, seq: this.feedSeq },
        realtime: { url: '/connection/websocket' },
      };
    }
    if (!token || !this.tokens.has(token)) throw { code: -32001, message: 'who are you' };
    switch (method) {
      case 'message.send': {
        const before = this.messages.find((m) => m.client_id === p.client_id);
        const message = before ?? this.commit({ kind: 'visitor' }, p.parts as Part[], p.client_id as string);
        return { message, conversation: { ...this.conversation }, repeated: before !== undefined };
      }
      case 'message.list': {
        const below = Number(p.before_seq) || Infinity;
        const all = this.messages.filter((m) => m.seq < below);
        const page = all.slice(-Number(p.limit));
        return { messages: page, conversation: this.conversation && { ...this.conversation }, more: all.length > page.length };
      }
      case 'message.read':
        if (this.conversation) this.conversation.contact_read_seq = Math.max(this.conversation.contact_read_seq, Number(p.seq));
        return {};
      case 'typing':
        return {};
      case 'track':
        this.tracked.push(...(p.events as TrackEvent[]));
        return {};
      case 'consent.set': {
        const fresh = `t${++this.drawn}`;
        this.tokens.add(fresh);
        return { token: fresh };
      }
      case 'message.recall': {
        const m = this.messages.find((m) => m.id === p.id);
        if (!m) throw { code: -32004, message: 'no such message' };
        m.parts = [];
        m.recalled_at = new Date(1_700_000_000_000 + this.world.now).toISOString();
        this.log({ type: 'message.recalled', conversation_id: 'cnv_1', message_id: m.id, at: m.recalled_at });
        return {};
      }
      case 'conversation.rate': {
        this.log({ type: 'conversation.rated', conversation_id: 'cnv_1', score: p.score });
        return { rating: { score: p.score, comment: p.comment, at: new Date(1_700_000_000_000 + this.world.now).toISOString() } };
      }
      case 'feed.fetch': {
        const since = Number(p.since);
        const kept = this.events.slice(-this.retention);
        const lostSome = this.events.length > kept.length && since < kept[0]!.seq - 1 && this.events.some((e) => e.seq > since && e.seq < kept[0]!.seq);
        if (p.epoch !== this.epoch || lostSome) return { epoch: this.epoch, seq: this.feedSeq, reset: true, more: false, events: [] };
        const after = kept.filter((e) => e.seq > since);
        const events = after.slice(0, 3);
        const more = after.length > events.length;
        return { epoch: this.epoch, seq: more ? events.at(-1)!.seq : this.feedSeq, reset: false, more, events };
      }
      default:
        throw { code: -32601, message: 'no such method' };
    }
  }

  private commit(author: Message['author'], parts: Part[], client_id: string | undefined): Message {
    this.conversation ??= { id: 'cnv_1', status: 'open', seq: 0, contact_read_seq: 0, agent_read_seq: 0 };
    // Notes that visitors never see leave holes.
    this.conversation.seq += this.world.random() < 0.2 ? 2 : 1;
    const message: Message = {
      id: `msg_${++this.drawn}`, conversation_id: 'cnv_1', seq: this.conversation.seq, author, status: 'received', parts,
      at: new Date(1_700_000_000_000 + this.world.now).toISOString(), ...(client_id ? { client_id } : {}),
    };
    this.messages.push(message);
    this.log({ type: author.kind === 'visitor' ? 'message.received' : 'message.sent', conversation_id: 'cnv_1', message });
    return message;
  }

  private log(event: FeedEvent): void {
    const prev = this.events.at(-1)?.seq ?? 0;
    this.feedSeq += 1 + Math.floor(this.world.random() * 3);
    this.events.push({ seq: this.feedSeq, event });
    const push = { push: { channel: 'contact:1', pub: { data: { epoch: this.epoch, prev, seq: this.feedSeq, event } } } };
    for (const line of this.lines) {
      // The server puts a visitor's streams into the feed at their first message.
      if (line.stream) line.known = true;
      if (!line.known || this.chance(this.faults.pushDropped)) continue;
      const late = () => this.world.after(this.chance(this.faults.pushLate) ? 500 * this.world.random() : 1, () => line.toClient(push));
      late();
      if (this.chance(this.faults.pushRepeated)) late();
    }
    for (const wake of [...this.waiters]) wake();
  }

  private openStream(from: { epoch: string; since: number }, token: string, events: StreamEvents): { close(): void } {
    let over = false;
    const line: Line = {
      known: this.conversation !== null,
      stream: true,
      toClient: (frame) => {
        if (over || !this.up) return;
        const data = (frame as { push?: { pub: { data: object } }; batch?: object }).push?.pub.data ?? frame;
        const text = Object.keys(data).length === 0 ? ':\n\n' : `data: ${JSON.stringify(data)}\n\n`;
        // Networks cut where they like.
        const cut = Math.floor(this.world.random() * text.length);
        events.text(text.slice(0, cut));
        events.text(text.slice(cut));
      },
      die: () => {
        if (over) return;
        over = true;
        this.lines.delete(line);
        this.world.after(1, () => events.ended());
      },
    };
    this.world.after(5, () => {
      if (!this.up || !this.streams) return line.die();
      if (this.buffers || over) return;
      if (!this.tokens.has(token)) {
        events.opened(401);
        return line.die();
      }
      events.opened(200);
      if (this.chance(this.faults.socketDies)) return line.die();
      this.lines.add(line);
      for (let since = from.since, epoch = from.epoch; ; ) {
        const batch = this.handle('feed.fetch', { epoch, since }, token) as { epoch: string; seq: number; more: boolean; reset: boolean };
        line.toClient({ batch });
        if (!batch.more) break;
        ({ epoch, seq: since } = batch);
      }
      this.beat(line, () => over);
    });
    return { close: () => line.die() };
  }

  private openSocket(): Socket {
    const socket: Socket = { send: () => {}, close: () => line.die(), onopen: null, onmessage: null, onclose: null };
    let over = false;
    const line: Line = {
      known: false,
      toClient: (frame) => {
        if (over || !this.up) return;
        socket.onmessage?.(JSON.stringify(frame));
      },
      die: (code = 1006) => {
        if (over) return;
        over = true;
        this.lines.delete(line);
        this.world.after(1, () => socket.onclose?.(code, ''));
      },
      };
    let token = '';
    socket.send = (text) => {
      for (const raw of text.split('\n')) {
        const frame = JSON.parse(raw) as { id?: number; connect?: { data: { visitor_token: string } }; rpc?: { data: { id?: number; method: string; params: Record<string, unknown> } } };
        this.world.after(1 + this.world.random() * 20, () => {
          if (over || !this.up) return;
          if (this.chance(this.faults.socketDies)) return line.die();
          if (frame.connect) {
            token = frame.connect.data.visitor_token;
            if (!this.tokens.has(token)) return line.die(3500);
            this.lines.add(line);
            line.known = this.conversation !== null;
            line.toClient({ id: frame.id, connect: { client: 'x', data: { epoch: this.epoch, seq: this.feedSeq }, ping: 25, pong: true } });
          } else if (frame.rpc) {
            // The first message puts its own connection into the feed, and no other.
            if (frame.rpc.data.method === 'message.send') line.known = true;
            const answer = this.answer(frame.rpc.data, token);
            if (this.chance(this.faults.answerLost)) return line.die();
            if (frame.rpc.data.id !== undefined) line.toClient({ id: frame.id, rpc: { data: answer } });
          }
        });
      }
    };
    this.world.after(5, () => {
      if (this.up && this.sockets) {
        socket.onopen?.();
        this.beat(line, () => over);
      } else line.die();
    });
    return socket;
  }

  private beat(line: Line, over: () => boolean): void {
    this.world.after(25_000, () => {
      if (over()) return;
      line.toClient({});
      this.beat(line, over);
    });
  }
}

export const textOf = (m: { parts: Part[] }) => m.parts.map((p) => p.text ?? '').join('');
