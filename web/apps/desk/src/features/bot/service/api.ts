import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import type { Part } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'
import type { Conversation, Schemas } from '../../conversations/shapes.ts'
import { draftsQuery, type Decision } from './waiting.ts'

export type Settings = Schemas['BotSettings']
export type Topic = Schemas['BotTopic']
export type { Decision }
export type Suggestion = Omit<Schemas['SuggestedReply'], 'parts'> & { parts: Part[] }
export type Figures = Schemas['BotFigures']
export type TopicFigures = Schemas['BotTopicFigures']
export type Health = Schemas['BotHealth']

/** Below ['bot', 'settings']: the desk's line reads it again when somebody has changed it. */
export const useSettings = () => useQuery({ queryKey: ['bot', 'settings'], queryFn: () => server.get<Settings>('/bot/settings') })
export const useHealth = () => useQuery({ queryKey: ['bot', 'health'], queryFn: () => server.get<Health>('/bot/health'), refetchInterval: 10_000 })
export const useFigures = () => useQuery({ queryKey: ['bot', 'figures'], queryFn: () => server.get<Figures>('/bot/figures', { days: 30 }) })

export async function saveSettings(s: Settings): Promise<Settings> {
  const saved = await server.command<Settings>('PUT', '/bot/settings', s)
  queries.setQueryData(['bot', 'settings'], saved)
  return saved
}

/** What the bot decided in a conversation; read again whenever the conversation has changed. */
export function useDecisionsOf(conversation: MaybeRefOrGetter<Conversation>) {
  return useQuery({
    queryKey: computed(() => ['bot', 'of', toValue(conversation).id, toValue(conversation).version]),
    queryFn: async () => (await server.get<{ items: Decision[] }>(`/conversations/${toValue(conversation).id}/bot`)).items,
    placeholderData: (before) => (before?.[0]?.conversation_id === toValue(conversation).id ? before : undefined),
  })
}

/** The same once, as it is now. */
export function useDecisions(conversation: MaybeRefOrGetter<string>, on: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => ['bot', 'of', toValue(conversation)]),
    queryFn: async () => (await server.get<{ items: Decision[] }>(`/conversations/${toValue(conversation)}/bot`)).items,
    enabled: computed(() => toValue(on)),
    staleTime: 0,
  })
}

/** Replies that may fit what the customer has written, or is writing. */
export function useSuggestions(conversation: MaybeRefOrGetter<Conversation>, text: MaybeRefOrGetter<string>, on: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => ['bot', 'suggest', toValue(conversation).id, toValue(conversation).seq, toValue(text)]),
    queryFn: async () => (await server.get<{ items: Suggestion[] }>(`/conversations/${toValue(conversation).id}/suggestions`, toValue(text) ? { text: toValue(text) } : {})).items,
    enabled: computed(() => toValue(on)),
    placeholderData: (before) => before,
  })
}

export const claimDraft = (id: string): Promise<Decision> => server.command<Decision>('POST', `/bot/drafts/${id}/claim`, {})
export const sendDraft = (id: string, text: string): Promise<Decision> => server.command<Decision>('POST', `/bot/drafts/${id}/send`, { text })
export const refuseDraft = (id: string): Promise<Decision> => server.command<Decision>('POST', `/bot/drafts/${id}/refuse`, {})
export const correct = (id: string, answer: string, question = ''): Promise<{ id: string }> => server.command<{ id: string }>('POST', `/bot/decisions/${id}/correct`, { answer, ...(question && { question }) })
export const check = (id: string, right: boolean): Promise<unknown> => server.command('POST', `/bot/decisions/${id}/check`, { right })
export const used = (conversation: string, what: { shown?: number; inserted?: number; edited?: number; ignored?: number }): void => void server.command('POST', `/conversations/${conversation}/suggestions/used`, what).catch(() => undefined)
/** Makes knowledge of what a colleague answered. */
export const learn = (conversation: string, message: string, question: string, answer: string): Promise<{ id: string }> =>
  server.command<{ id: string }>('POST', `/conversations/${conversation}/messages/${message}/learn`, { question, answer })

export const useDrafts = () => useQuery(draftsQuery)
/** The newest decisions, page by page. */
export const useLog = (topic: MaybeRefOrGetter<string>) =>
  useInfiniteQuery({
    queryKey: computed(() => ['bot', 'log', toValue(topic)]),
    queryFn: ({ pageParam }) => server.get<{ items: Decision[]; next_cursor?: string }>('/bot/decisions', { limit: 30, ...(toValue(topic) && { topic: toValue(topic) }), ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
  })
export const useSample = (topic: MaybeRefOrGetter<string>) =>
  useQuery({
    queryKey: computed(() => ['bot', 'sample', toValue(topic)]),
    queryFn: async () => (await server.get<{ items: Decision[] }>('/bot/sample', { limit: 5, ...(toValue(topic) && { topic: toValue(topic) }) })).items,
  })

export const textOf = (parts: Part[] | undefined): string => (parts ?? []).map((p) => p.text ?? p.card?.title ?? '').filter(Boolean).join('\n')
