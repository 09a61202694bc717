import type { Message, Thumb } from './protocol.ts';

/**
 * The committed messages, each once, in the server's order. It may be told
 * the same message many times, in any order, by answers, pushes and lists.
 */
export class Timeline {
  private readonly byID = new Map<string, Message>();
  /** "conversation/seq" and "client id" of every message, to refuse a second one. */
  private readonly taken = new Set<string>();
  /** Conversations in the order they began: [id, time of the earliest message known]. */
  private readonly began = new Map<string, string>();
  private sorted: Message[] | null = [];

  /** Takes a message; tells whether it is new. */
  add(message: Message): boolean {
    const known = this.byID.get(message.id);
    if (known) {
      if (message.recalled_at) this.recall(message.id, message.recalled_at);
      return false;
    }
    const place = `${message.conversation_id}/${message.seq}`;
    const own = message.author.kind === 'visitor' && message.client_id ? `=${message.client_id}` : place;
    if (this.taken.has(place) || this.taken.has(own)) return false;
    this.taken.add(place).add(own);
    this.byID.set(message.id, message);
    const earliest = this.began.get(message.conversation_id);
    if (earliest === undefined || message.at < earliest) this.began.set(message.conversation_id, message.at);
    this.sorted = null;
    return true;
  }

  clear(): void {
    this.byID.clear();
    this.taken.clear();
    this.began.clear();
    this.sorted = [];
  }

  /** Knows a message that the visitor sent under this client id. */
  hasOwn(clientID: string): boolean {
    return this.taken.has(`=${clientID}`);
  }

  setStatus(id: string, status: string, reason?: string): void {
    const m = this.byID.get(id);
    if (!m) return;
    this.byID.set(id, { ...m, status, ...(reason ? { failure_reason: reason } : {}) });
    this.sorted = null;
  }

  /** What the visitor thought of an answer. */
  thumb(id: string, thumb: Thumb): void {
    const m = this.byID.get(id);
    if (!m) return;
    this.byID.set(id, { ...m, thumb });
    this.sorted = null;
  }

  get(id: string): Message | undefined {
    return this.byID.get(id);
  }

  /** Its author took the message back: the place stays, the words go. */
  recall(id: string, at: string): void {
    const m = this.byID.get(id);
    if (!m || m.recalled_at) return;
    this.byID.set(id, { ...m, parts: [], recalled_at: at });
    this.sorted = null;
  }

  /** In order: conversations by their beginning, messages by seq within. The array is not changed later. */
  list(): readonly Message[] {
    if (this.sorted) return this.sorted;
    const rank = new Map(
      [...this.began].sort(([a, at], [b, bt]) => (at === bt ? (a < b ? -1 : 1) : at < bt ? -1 : 1)).map(([id], i) => [id, i]),
    );
    this.sorted = [...this.byID.values()].sort(
      (a, b) => (rank.get(a.conversation_id) ?? 0) - (rank.get(b.conversation_id) ?? 0) || a.seq - b.seq,
    );
    return this.sorted;
  }

  /** The lowest and highest seq known of a conversation; zeros if none. */
  range(conversationID: string): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (const m of this.byID.values()) {
      if (m.conversation_id !== conversationID) continue;
      if (low === 0 || m.seq < low) low = m.seq;
      if (m.seq > high) high = m.seq;
    }
    return { low, high };
  }
}
