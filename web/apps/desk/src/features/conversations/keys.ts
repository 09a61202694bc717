import type { InfiniteData } from '@tanstack/vue-query'
import type { Conversation, Counts, Message, Page } from '@yingda/shared/api'
import type { View } from './model.ts'

/** Names of the conversations' server state in the cache. */
export const keys = {
  all: ['conversations'] as const,
  counts: ['conversations', 'counts'] as const,
  lists: ['conversations', 'list'] as const,
  list: (view: View) => ['conversations', 'list', view] as const,
  items: ['conversations', 'item'] as const,
  item: (id: string) => ['conversations', 'item', id] as const,
  messages: (id: string) => ['conversations', 'messages', id] as const,
  activity: (id: string) => ['conversations', 'activity', id] as const,
  ofContact: (contact: string) => ['conversations', 'of-contact', contact] as const,
}

export interface ConversationPage extends Page<Conversation> {
  counts?: Counts
}

export interface MessagePage {
  /** Ascending by seq. */
  items: Message[]
  /** Whether there are older ones. */
  more: boolean
}

export type ConversationPages = InfiniteData<ConversationPage, string | undefined>
/** Pages from the newest to the oldest; the param is the before_seq that was asked for. */
export type MessagePages = InfiniteData<MessagePage, number | undefined>
