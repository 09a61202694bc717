import type { YingdaError } from './error.ts';
import type { Host } from './host.ts';
import type { Transport } from './link.ts';
import type { Author, Conversation, Message, Page, QueuePlace, Rating, SessionResult } from './protocol.ts';
import type { ShownMessage } from './shown.ts';
import type { Consent } from './tracker.ts';

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
  /** False keeps pages, dwell times and custom events to yourself; default true. */
  tracking?: boolean;
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
  /** The conversation was rated, here or on another device. */
  rated: { conversationID: string; rating: Rating };
  consent: Consent;
  /** The visitor's place in the queue; null when they wait no more. */
  queue: QueuePlace | null;
}
