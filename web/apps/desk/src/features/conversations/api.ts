import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import type { Counts } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { known, patchConversation, readConversation } from './feed.ts'
import { keys, type ConversationPage, type MessagePage, type MessageParam } from './keys.ts'
import { writeList, type ListQuery } from './lists.ts'
import { partsOf, type OutboxItem } from './model.ts'
import type { Conversation, Message } from './shapes.ts'

const listSize = 50
const messageSize = 40

/** One list, page by page. Rows are unique even while rows move between pages. */
export function useList(list: MaybeRefOrGetter<ListQuery>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => keys.list(toValue(list))),
    queryFn: async ({ pageParam, queryKey, signal }) => {
      const asked = queryKey[2]
      const page = await server.get<ConversationPage>('/conversations', { view: asked.view, ...writeList(asked), ...(asked.unread ? { unread: true } : {}), cursor: pageParam, limit: listSize }, signal)
      if (page.counts) queries.setQueryData(keys.counts, page.counts)
      return page
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: ConversationPage) => last.next_cursor || undefined,
    // Another filter of the same view keeps its rows until the new ones are there.
    placeholderData: (before, query) => ((query?.queryKey[2] as ListQuery | undefined)?.view === toValue(list).view ? before : undefined),
  })
  const rows = computed(() => {
    const seen = new Set<string>()
    const all: Conversation[] = []
    for (const page of query.data.value?.pages ?? []) {
      for (const c of page.items) {
        if (seen.has(c.id)) continue
        seen.add(c.id)
        all.push(c)
      }
    }
    return all
  })
  return { query, rows }
}

export function useCounts() {
  return useQuery({
    queryKey: keys.counts,
    queryFn: () => server.get<Counts>('/conversations/counts'),
  })
}

/** One conversation; shown at once when a list holds it. */
export function useConversation(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.item(toValue(id))),
    queryFn: ({ queryKey }) => readConversation(queryKey[2]),
    enabled: () => toValue(id) !== '',
    placeholderData: () => known(toValue(id)),
  })
}

/**
 * The messages of a conversation, ascending: from the newest page backwards, or, when around is a seq, the run around
 * it, which grows in both directions until it meets the newest (last, the conversation's seq).
 */
export function useMessages(id: MaybeRefOrGetter<string>, around: MaybeRefOrGetter<number> = 0, last: MaybeRefOrGetter<number> = 0) {
  const query = useInfiniteQuery({
    queryKey: computed(() => (toValue(around) > 0 ? keys.around(toValue(id), toValue(around)) : keys.messages(toValue(id)))),
    queryFn: ({ pageParam, queryKey, signal }) =>
      server.get<MessagePage>(`/conversations/${queryKey[2]}/messages`, { before_seq: pageParam.before, after_seq: pageParam.after, limit: messageSize }, signal),
    // A getter, because the same component shows the newest first and a hit later.
    get initialPageParam(): MessageParam {
      return toValue(around) > 0 ? { before: toValue(around) + messageSize / 2 } : {}
    },
    getNextPageParam: (oldest: MessagePage, _, asked: MessageParam): MessageParam | undefined => {
      const first = oldest.items[0]?.seq ?? 0
      // A page that was asked for forwards tells of newer ones only; seq counts from 1.
      return (asked.after === undefined ? oldest.more : first > 1) ? { before: first } : undefined
    },
    getPreviousPageParam: (newest: MessagePage): MessageParam | undefined => {
      const end = newest.items.at(-1)?.seq ?? 0
      return toValue(around) > 0 && end < toValue(last) ? { after: end } : undefined
    },
    enabled: () => toValue(id) !== '',
  })
  const messages = computed(() => [...(query.data.value?.pages ?? [])].reverse().flatMap((p) => p.items))
  /** Whether the newest message is among them. */
  const whole = computed(() => toValue(around) === 0 || (messages.value.at(-1)?.seq ?? 0) >= toValue(last))
  return { query, messages, whole }
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
  | { name: 'give-to-bot' }

/** Answers of commands hold the conversation, alone or beside the message. */
interface CommandAnswer {
  conversation?: Conversation
  id?: string
  status?: string
}

/** Sends a command on the version the person was looking at, so nobody's change is overwritten unseen. */
export async function runCommand(conversation: Conversation, command: Command): Promise<void> {
  const { name, ...fields } = command
  const versioned = name === 'assign' || name === 'resolve' || name === 'snooze' || name === 'give-to-bot' ? { version: conversation.version } : {}
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
export async function sendMessage(item: OutboxItem): Promise<Message | undefined> {
  const note = item.mode === 'note'
  const files = (item.files ?? []).map((p) => ({ type: p.type, media: { id: p.media?.id, ...(p.media?.duration_ms ? { duration_ms: p.media.duration_ms } : {}) } }))
  const body = note
    ? { ...(files.length > 0 ? { parts: [...partsOf({ text: item.text }), ...files] } : { text: item.text }), client_id: item.key, ...(item.mentions?.length ? { mentions: item.mentions } : {}) }
    : { parts: [...partsOf({ text: item.text }), ...files], client_id: item.key, ...(item.reply_to ? { reply_to: item.reply_to } : {}) }
  const answer = await server.command<{ message?: Message; id?: string } | undefined>('POST', `/conversations/${item.conversation}/${note ? 'notes' : 'replies'}`, body, item.key)
  return answer?.message ?? (answer?.id ? (answer as Message) : undefined)
}

/** Takes an own message back. */
export async function recallMessage(message: Message): Promise<void> {
  await server.command('POST', `/conversations/${message.conversation_id}/messages/${message.id}/recall`, {})
}

/** Sends a message again that the channel refused. */
export async function resendMessage(message: Message): Promise<void> {
  await server.command('POST', `/conversations/${message.conversation_id}/messages/${message.id}/resend`, {})
}

export async function changeLabels(conversation: Conversation, add: string[], remove: string[]): Promise<void> {
  const after = await server.command<Conversation | undefined>('POST', `/conversations/${conversation.id}/labels`, { add, remove })
  if (after?.id) patchConversation(after)
  else await refreshConversation(conversation.id)
}

export async function readMentions(id: string): Promise<void> {
  await server.command('POST', `/conversations/${id}/mentions/read`, {})
}
