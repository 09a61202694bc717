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
  /** Names an uploaded file ("att_…"); enough to send it. */
  id?: string;
  /** https, or a path of the installation; signed and good for hours. */
  url: string;
  /** A small picture of it. */
  thumbnail_url?: string;
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

/** What the server says of an uploaded file, before it is part of a message. */
export interface Uploaded extends Media {
  id: string;
  kind: 'image' | 'audio' | 'video' | 'file';
  name: string;
  mime: string;
  size: number;
}

/** The part that sends an uploaded file. */
export function mediaPart(file: Uploaded, durationMs?: number): Part {
  const { kind, ...media } = file;
  return { type: kind, media: { ...media, ...(durationMs ? { duration_ms: Math.round(durationMs) } : {}) } };
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
  /** Set when its author took it back; parts are empty then. */
  recalled_at?: string;
  /** What an answer of the bot rests on. */
  sources?: Source[];
  /** Set on answers of the bot that can be given a thumb. */
  decision_id?: string;
  thumb?: Thumb;
}

/** What an answer rests on, to read on. */
export interface Source {
  title: string;
  url?: string;
}

/** Whether an answer of the bot has helped. */
export interface Thumb {
  helpful: boolean;
  /** wrong, off_topic, unclear, incomplete or outdated. */
  reason?: string;
}

/** What a visitor is met with where a bot answers first. */
export interface Welcome {
  name?: string;
  greeting: string;
  questions: string[];
}

/** What the visitor thought of a conversation. */
export interface Rating {
  /** 1 to 5. */
  score: number;
  comment?: string;
  /** The server's time. */
  at?: string;
}

export interface Conversation {
  id: string;
  status: 'pending' | 'open' | 'snoozed' | 'resolved';
  seq: number;
  contact_read_seq: number;
  agent_read_seq: number;
  assignee?: { name?: string } | null;
  /** In the answers of session.open and message.list, and in conversation.rated. */
  rating?: Rating | null;
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
  /** Of the type queue. */
  queue?: QueuePlace;
}

/** Where the visitor stands among those who wait for a person. */
export interface QueuePlace {
  /** 1 is next; 0 is no place, where colleagues pick by hand. */
  position: number;
  /** In six of ten cases the wait ends between these, in seconds; missing when nobody can tell. */
  low_s?: number;
  high_s?: number;
  /** Nobody is there at the moment. */
  nobody?: boolean;
  /** When somebody will be, if the hours say. */
  opens_at?: string;
  /** What the visitor chose to do meanwhile; missing is to wait. */
  choice?: Exclude<WaitChoice, ''>;
}

/** What a waiting visitor does: waits, keeps the place while away, has left a message, wants to be called. */
export type WaitChoice = '' | 'keep' | 'message' | 'callback';

/** When and where to call; times are RFC 3339, missing ones are any. */
export interface CallbackWish {
  phone: string;
  note?: string;
  from?: string;
  to?: string;
}

export interface Page {
  url: string;
  title?: string;
}

/** A product whose page the visitor looks at. */
export interface Product {
  title: string;
  /** http or https. */
  url?: string;
  image_url?: string;
  price?: string;
}

/** Where a message was written. */
export interface MessageContext {
  page?: Page;
  product?: Product;
}

/** Words of the widget in one language; what is missing has a good default. */
export interface WidgetTexts {
  title?: string;
  subtitle?: string;
  greeting?: string;
  offline?: string;
  launcher?: string;
  placeholder?: string;
}

/** How the administrator wants the widget. Everything has a good default. */
export interface WidgetSettings {
  position?: 'right' | 'left';
  offset_x?: number;
  offset_y?: number;
  theme?: 'auto' | 'light' | 'dark';
  /** BCP 47, the first is the default. */
  languages?: string[];
  texts?: Record<string, WidgetTexts>;
  prechat?: { enabled?: boolean; title?: Record<string, string>; fields?: FormField[] };
  quick_replies?: Record<string, string[]>;
  sound?: boolean;
  rating?: boolean;
  transcript?: boolean;
  uploads?: boolean;
  voice?: boolean;
  /** Nothing is tracked, and nothing kept on this device, before the visitor agrees. */
  consent?: boolean;
  [other: string]: unknown;
}

/** What this desk can do for this visitor. */
export interface Features {
  uploads: boolean;
  voice: boolean;
  rating: boolean;
  transcript: boolean;
  max_upload_bytes: number;
}

export interface InboxResult {
  name: string;
  greeting?: string;
  primary?: string;
  /** Somebody is there to answer. */
  online?: boolean;
  widget?: WidgetSettings | null;
  features?: Features;
}

export interface VisitorResult {
  verified: boolean;
  name?: string;
  /** What the desk knows already and a form need not ask. */
  known?: { email: boolean; phone: boolean };
}

export interface SessionResult {
  token: string;
  expires_at?: string;
  visitor: VisitorResult;
  inbox: InboxResult;
  /** The server's clock, to which this machine's is compared. */
  now?: string;
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

/** Something that happened on the page. */
export interface TrackEvent {
  type: 'page' | 'dwell' | 'custom';
  url?: string;
  title?: string;
  /** Of a custom event: at most 64 characters. */
  name?: string;
  /** Of a custom event: at most 20 texts, numbers or booleans. */
  props?: Record<string, string | number | boolean>;
  /** How long ago it happened, in milliseconds; the sender's clock is not asked. */
  ago_ms?: number;
  /** Of a dwell: how long the page was looked at. */
  ms?: number;
}

/** Every method a visitor may call: its parameters and its result. */
export interface Methods {
  'session.open': {
    params: { channel_key: string; token?: string; identity?: string; locale?: string; page?: Page; consent?: boolean };
    result: SessionResult;
  };
  'message.send': {
    params: {
      client_id: string;
      parts: Part[];
      reply_to?: string;
      sent_at?: string;
      prechat?: Record<string, string>;
      context?: MessageContext;
    };
    result: SendResult;
  };
  'message.list': { params: { before_seq?: number; after_seq?: number; limit?: number }; result: ListResult };
  'message.read': { params: { seq: number }; result: Record<string, never> };
  'message.recall': { params: { id: string }; result: Record<string, never> };
  'message.feedback': { params: { message_id: string; helpful: boolean; reason?: string }; result: null };
  'bot.suggestions': { params: { url?: string; title?: string }; result: { bot: Welcome | null } };
  'conversation.rate': { params: { conversation_id: string; score: number; comment?: string }; result: { rating: Rating } };
  'conversation.transcript': { params: { conversation_id?: string; email: string }; result: Record<string, never> };
  track: { params: { events: TrackEvent[]; token?: string }; result: Record<string, never> };
  'consent.set': { params: { granted: boolean }; result: { token: string; expires_at?: string } };
  'queue.get': { params: Record<string, never>; result: { queue: QueuePlace | null } };
  'queue.choose': { params: { choice: WaitChoice } & Partial<CallbackWish>; result: { queue: QueuePlace | null } };
  'queue.leave': { params: Record<string, never>; result: { conversation: Conversation } };
  typing: { params: { on: boolean; text?: string }; result: Record<string, never> };
  'feed.fetch': { params: { epoch: string; since: number; wait?: number }; result: FeedBatch };
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]['params'];
export type Result<M extends Method> = Methods[M]['result'];
