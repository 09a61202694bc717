import type { InfiniteData } from '@tanstack/vue-query'
import type { Counts, Page } from '@yingda/shared/api'
import type { ListQuery } from './lists.ts'
import type { Conversation, Message } from './shapes.ts'

/** Names of the conversations' server state in the cache. */
export const keys = {
  all: ['conversations'] as const,
  counts: ['conversations', 'counts'] as const,
  lists: ['conversations', 'list'] as const,
  list: (list: ListQuery) => ['conversations', 'list', list] as const,
  items: ['conversations', 'item'] as const,
  item: (id: string) => ['conversations', 'item', id] as const,
  messages: (id: string) => ['conversations', 'messages', id] as const,
  /** A run of messages around one, apart from the newest. */
  around: (id: string, seq: number) => ['conversations', 'messages', id, seq] as const,
  activity: (id: string) => ['conversations', 'activity', id] as const,
  scheduled: (id: string) => ['conversations', 'scheduled', id] as const,
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
/** Which messages a page was asked for: those before a seq or those after one; with neither, the newest. */
export interface MessageParam {
  before?: number
  after?: number
}

/** Pages from the newest to the oldest. */
export type MessagePages = InfiniteData<MessagePage, MessageParam>
