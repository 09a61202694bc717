import type { Outbox } from './outbox.ts';
import type { Author, Conversation, Message, Part, Source, Thumb } from './protocol.ts';
import type { Timeline } from './timeline.ts';

/** How far a message got, as the person is to see it. */
export type MessageState = 'waiting' | 'sending' | 'failed' | 'sent' | 'read' | 'received';

/** A message to show: committed, or on its way. */
export interface ShownMessage {
  /** Stays the same from the first keystroke's send to the server's copy. */
  key: string;
  state: MessageState;
  author: Author;
  parts: Part[];
  /** The server's time, or this machine's for a message on its way. */
  at: string;
  /** Empty while the server has not confirmed it. */
  id: string;
  seq: number;
  conversationID: string;
  replyTo?: string;
  clientID?: string;
  /** Set when its author took it back; parts are empty then. */
  recalledAt?: string;
  /** What an answer of the bot rests on. */
  sources?: Source[];
  /** A thumb can be given. */
  rateable?: boolean;
  thumb?: Thumb;
  /** Why the server refuses it (state failed). */
  error?: { kind: string; message: string };
}

/** The list a person sees: what is committed, in order, then what is on its way. */
export function showMessages(timeline: Timeline, outbox: Outbox, c: Conversation | null): readonly ShownMessage[] {
  const unsent = outbox.list().filter((i) => !timeline.hasOwn(i.client_id));
  return [
    ...timeline.list().map((m) => committed(m, c)),
    ...unsent.map(
      (i): ShownMessage => ({
        key: i.client_id,
        state: i.failed ? 'failed' : i.client_id === outbox.sending ? 'sending' : 'waiting',
        author: { kind: 'visitor' },
        parts: i.parts,
        at: i.sent_at,
        id: '',
        seq: 0,
        conversationID: '',
        clientID: i.client_id,
        ...(i.reply_to ? { replyTo: i.reply_to } : {}),
        ...(i.failed ? { error: i.failed } : {}),
      }),
    ),
  ];
}

function committed(m: Message, c: Conversation | null): ShownMessage {
  const own = m.author.kind === 'visitor';
  // A conversation that is over was read; the live one says how far.
  const read = c !== null && (m.conversation_id !== c.id || c.agent_read_seq >= m.seq);
  return {
    key: own && m.client_id ? m.client_id : m.id,
    state: own ? (read ? 'read' : 'sent') : 'received',
    author: m.author,
    parts: m.parts,
    at: m.at,
    id: m.id,
    seq: m.seq,
    conversationID: m.conversation_id,
    ...(m.reply_to ? { replyTo: m.reply_to } : {}),
    ...(m.client_id ? { clientID: m.client_id } : {}),
    ...(m.recalled_at ? { recalledAt: m.recalled_at } : {}),
    ...(m.sources?.length ? { sources: m.sources } : {}),
    ...(m.decision_id ? { rateable: true } : {}),
    ...(m.thumb ? { thumb: m.thumb } : {}),
  };
}

/** Newer facts over older ones; what only counts up never goes down, whichever arrives last. */
export function mergeConversation(c: Conversation, news: Partial<Conversation>): Conversation {
  return {
    ...c,
    ...news,
    id: c.id,
    seq: Math.max(c.seq, news.seq ?? 0),
    contact_read_seq: Math.max(c.contact_read_seq, news.contact_read_seq ?? 0),
    agent_read_seq: Math.max(c.agent_read_seq, news.agent_read_seq ?? 0),
  };
}
