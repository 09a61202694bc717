import type { ComputedRef, Ref, ShallowRef } from 'vue';
import type { CallbackWish, ChatState, Consent, Conversation, Part, Product, QueuePlace, Rating, ShownMessage, Uploaded, UploadOptions, WaitChoice, Welcome, YingdaError } from '@yingda/sdk';

/**
 * Everything the components read and do. Two things are one: useChat, which
 * talks through the SDK, and usePreview, which plays for the designer.
 */
export interface Desk {
  key: string;
  messages: ShallowRef<readonly ShownMessage[]>;
  conversation: ShallowRef<Conversation | null>;
  state: Ref<ChatState>;
  problem: ShallowRef<YingdaError | null>;
  typing: { on: boolean; name: string; bot: boolean };
  /** There are older messages than those shown. */
  older: Ref<boolean>;
  /** The first messages are there, or there are none. */
  loaded: Ref<boolean>;
  /** Whether the visitor can see the chat: read marks follow it. */
  visible: Ref<boolean>;
  /** Counts openings, so that the composer can take the focus. */
  openings: Ref<number>;
  /** Text that the page wants in the composer. */
  prefill: Ref<string>;
  /** The newest message of the other side, for the screen reader. */
  arrived: ShallowRef<ShownMessage | null>;
  agentName: ComputedRef<string>;
  /** The message that the next one answers. */
  replyTo: ShallowRef<ShownMessage | null>;
  /** The product of the page that is looked at; null once it was sent or put away. */
  product: ShallowRef<Product | null>;
  consent: Ref<Consent>;
  /** The place in the queue; null for who does not wait. */
  queue: ShallowRef<QueuePlace | null>;
  /** Who answers first, and what is likely to be asked; null where people do. */
  welcome: ShallowRef<Welcome | null>;
  /** The form before the chat is still to be answered. */
  asking: ComputedRef<boolean>;
  now(): Date;
  send(content: string | Part[]): void;
  resend(clientID: string): void;
  discard(clientID: string): void;
  canRecall(m: ShownMessage): boolean;
  recall(m: ShownMessage): Promise<void>;
  markRead(): void;
  type(on: boolean, text?: string): void;
  loadOlder(): Promise<unknown>;
  upload(file: Blob, options: UploadOptions): Promise<Uploaded>;
  /** The answers go along with the first message; null for none. */
  answerForm(values: Record<string, string> | null): void;
  sendProduct(): void;
  hideProduct(): void;
  rate(score: number, comment: string): Promise<Rating>;
  /** Whether an answer of the bot has helped. */
  feedback(messageID: string, helpful: boolean, reason?: string): Promise<void>;
  transcript(email: string): Promise<void>;
  chooseWait(choice: WaitChoice, wish?: CallbackWish): Promise<void>;
  leaveQueue(): Promise<void>;
  setConsent(granted: boolean): void;
  close(): void;
}

/** A product as the message that sends it. */
export function productPart(p: Product): Part {
  return { type: 'card', card: { title: p.title, ...(p.url ? { url: p.url } : {}), ...(p.image_url ? { image_url: p.image_url } : {}), ...(p.price ? { price: p.price } : {}) } };
}
