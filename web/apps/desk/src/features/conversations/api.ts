import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import type { Conversation, Message } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { patchConversation, readConversation } from './feed.ts'
import { keys, type ConversationPage, type ConversationPages, type MessagePage } from './keys.ts'
import { views, type Activity, type View } from './model.ts'

const listSize = 30
const messageSize = 40

/** One list, page by page. Rows are unique even while rows move between pages. */
export function useList(view: MaybeRefOrGetter<View>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => keys.list(toValue(view))),
    queryFn: async ({ pageParam, queryKey, signal }) => {
      const page = await server.get<ConversationPage>('/conversations', { view: queryKey[2], cursor: pageParam, limit: listSize }, signal)
      if (page.counts) queries.setQueryData(keys.counts, page.counts)
      return page
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: ConversationPage) => last.next_cursor || undefined,
  })
  const rows = computed(() => {
    const seen = new Set<string>()
    return (query.data.value?.pages ?? []).flatMap((p) => p.items).filter((c) => !seen.has(c.id) && seen.add(c.id))
  })
  return { query, rows }
}

export function useCounts() {
  return useQuery({
    queryKey: keys.counts,
    queryFn: async () => (await server.get<ConversationPage>('/conversations', { view: 'mine', limit: 1 })).counts ?? null,
  })
}

/** One conversation; shown at once when a list holds it. */
export function useConversation(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.item(toValue(id))),
    queryFn: ({ queryKey }) => readConversation(queryKey[2]),
    enabled: () => toValue(id) !== '',
    placeholderData: () => findInLists(toValue(id)),
  })
}

function findInLists(id: string): Conversation | undefined {
  for (const view of views) {
    const found = queries.getQueryData<ConversationPages>(keys.list(view))?.pages.flatMap((p) => p.items).find((c) => c.id === id)
    if (found) return found
  }
  return undefined
}

/** The messages of a conversation, ascending, from the newest page backwards. */
export function useMessages(id: MaybeRefOrGetter<string>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => keys.messages(toValue(id))),
    queryFn: ({ pageParam, queryKey, signal }) =>
      server.get<MessagePage>(`/conversations/${queryKey[2]}/messages`, { before_seq: pageParam, limit: messageSize }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (oldest: MessagePage) => (oldest.more ? oldest.items[0]?.seq : undefined),
    enabled: () => toValue(id) !== '',
  })
  const messages = computed(() => [...(query.data.value?.pages ?? [])].reverse().flatMap((p) => p.items))
  return { query, messages }
}

/** What happened to a conversation beside messages. The feed fills it while the desk is open. */
export function useActivity(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.activity(toValue(id))),
    queryFn: ({ queryKey }): Activity[] => queries.getQueryData<Activity[]>(queryKey) ?? [],
    initialData: (): Activity[] => [],
  })
}

/** Earlier and parallel conversations of the same contact, newest first. */
export function useConversationsOf(contact: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.ofContact(toValue(contact))),
    queryFn: async ({ queryKey }) =>
      (await server.get<ConversationPage>('/conversations', { contact: queryKey[2], limit: 10 })).items,
    enabled: () => toValue(contact) !== '',
    staleTime: 60_000,
  })
}

export type Command =
  | { name: 'assign'; agent_id?: string; team_id?: string }
  | { name: 'claim' }
  | { name: 'resolve' }
  | { name: 'reopen' }
  | { name: 'snooze'; until: string }

/** Answers of commands hold the conversation, alone or beside the message. */
interface CommandAnswer {
  conversation?: Conversation
  id?: string
  status?: string
}

/** Sends a command on the version the person was looking at, so nobody's change is overwritten unseen. */
export async function runCommand(conversation: Conversation, command: Command): Promise<void> {
  const { name, ...fields } = command
  const versioned = name === 'assign' || name === 'resolve' || name === 'snooze' ? { version: conversation.version } : {}
  const answer = await server.command<CommandAnswer | undefined>('POST', `/conversations/${conversation.id}/${name}`, { ...fields, ...versioned })
  const after = answer?.conversation ?? (answer?.id === conversation.id ? (answer as Conversation) : undefined)
  if (after?.version) patchConversation(after)
  else await refreshConversation(conversation.id)
}

/** Reads a conversation again and puts it where it belongs. */
export async function refreshConversation(id: string): Promise<Conversation> {
  const fresh = await readConversation(id)
  patchConversation(fresh)
  return fresh
}

export async function markRead(conversation: Conversation, seq: number): Promise<void> {
  await server.command('POST', `/conversations/${conversation.id}/read`, { seq })
}

export async function sendTyping(id: string, on: boolean): Promise<void> {
  await server.command('POST', `/conversations/${id}/typing`, { on })
}

/** Sends an own message under its key. */
export async function sendMessage(item: { key: string; conversation: string; mode: 'reply' | 'note'; text: string }): Promise<Message | undefined> {
  const path = `/conversations/${item.conversation}/${item.mode === 'note' ? 'notes' : 'replies'}`
  const body = item.mode === 'note' ? { text: item.text, client_id: item.key } : { parts: [{ type: 'text', text: item.text }], client_id: item.key }
  const answer = await server.command<{ message?: Message; id?: string } | undefined>('POST', path, body, item.key)
  return answer?.message ?? (answer?.id ? (answer as Message) : undefined)
}

