/**
 * The shapes that travel between a visitor and the desk, exactly as the
 * server writes them (snake_case; times are RFC 3339 in UTC).
 */

export type AuthorKind = 'visitor' | 'agent' | 'bot' | 'system';

export interface Author {
  kind: AuthorKind;
  name?: string;
}

export interface Media {
  /** https, or a path of the installation. */
  url: string;
  name?: string;
  mime?: string;
  /** Bytes. */
  size?: number;
  /** Pixels. */
  width?: number;
  height?: number;
  duration_ms?: number;
}

export interface Button {
  label: string;
  /** What pressing it sends back; without it the label is sent. */
  value?: string;
  /** Makes it a link instead. */
  url?: string;
}

export interface Card {
  title: string;
  subtitle?: string;
  image_url?: string;
  url?: string;
  price?: string;
  buttons?: Button[];
}

export interface FormField {
  name: string;
  label: string;
  kind: 'text' | 'email' | 'phone' | 'number' | 'select' | 'date' | 'textarea';
  required?: boolean;
  options?: string[];
}

export interface Form {
  title?: string;
  fields: FormField[];
  /** Set in the answer. */
  values?: Record<string, string>;
}

export interface Location {
  /** WGS 84 degrees. */
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

/** One piece of a message: exactly the field its type names is set. */
export interface Part {
  type: 'text' | 'image' | 'audio' | 'video' | 'file' | 'location' | 'card' | 'buttons' | 'form';
  text?: string;
  media?: Media;
  location?: Location;
  card?: Card;
  buttons?: Button[];
  form?: Form;
}

/** The protocol's limits on one message. */
export const MAX_PARTS = 20;
/** Counted in Unicode code points. */
export const MAX_TEXT_CHARACTERS = 10_000;

/** A committed message. */
export interface Message {
  id: string;
  conversation_id: string;
  /** Counts the conversation's messages in the order of commits; may have holes. */
  seq: number;
  author: Author;
  status: string;
  failure_reason?: string;
  client_id?: string;
  parts: Part[];
  reply_to?: string;
  /** The sender's clock: shown at most, never used for order. */
  sent_at?: string;
  /** The server's time of the commit. */
  at: string;
}

export interface Conversation {
  id: string;
  status: 'pending' | 'open' | 'snoozed' | 'resolved';
  seq: number;
  contact_read_seq: number;
  agent_read_seq: number;
  assignee?: { name?: string } | null;
}

/** Where a reader stands in its feed. A new epoch means that numbers start over. */
export interface FeedPosition {
  epoch: string;
  seq: number;
}

/** A committed fact, as feeds carry it. Unknown types are to be ignored. */
export interface FeedEvent {
  type: string;
  at?: string;
  conversation_id?: string;
  message?: Message;
  conversation?: Partial<Conversation>;
  [field: string]: unknown;
}

export interface FeedItem {
  seq: number;
  event: FeedEvent;
}

export interface FeedBatch extends FeedPosition {
  /** The gap is too old to replay: load everything anew. */
  reset?: boolean;
  /** There is more after seq. */
  more?: boolean;
  events?: FeedItem[] | null;
}

/** What the realtime feed pushes. */
export interface FeedPush extends FeedPosition {
  /** The seq of the push before this one; larger than the reader's own means a gap. */
  prev: number;
  event: FeedEvent;
}

/** Short-lived news that no log keeps. */
export interface Signal {
  type: string;
  conversation_id?: string;
  by?: Author;
  on?: boolean;
}

export interface Page {
  url: string;
  title?: string;
}

export interface SessionResult {
  token: string;
  expires_at?: string;
  visitor: { verified: boolean; name?: string };
  inbox: { name: string; greeting?: string; primary?: string };
  conversation: Conversation | null;
  feed: FeedPosition;
  realtime?: { url: string };
}

export interface SendResult {
  message: Message;
  conversation?: Conversation;
  repeated: boolean;
}

export interface ListResult {
  messages: Message[] | null;
  conversation: Conversation | null;
  more: boolean;
}

/** Every method a visitor may call: its parameters and its result. */
export interface Methods {
  'session.open': {
    params: { channel_key: string; token?: string; identity?: string; locale?: string; page?: Page };
    result: SessionResult;
  };
  'message.send': {
    params: { client_id: string; parts: Part[]; reply_to?: string; sent_at?: string };
    result: SendResult;
  };
  'message.list': { params: { before_seq?: number; after_seq?: number; limit?: number }; result: ListResult };
  'message.read': { params: { seq: number }; result: Record<string, never> };
  typing: { params: { on: boolean; text?: string }; result: Record<string, never> };
  'feed.fetch': { params: { epoch: string; since: number; wait?: number }; result: FeedBatch };
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]['params'];
export type Result<M extends Method> = Methods[M]['result'];
