import { useInfiniteQuery } from '@tanstack/vue-query'
import type { Conversation, Message, Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { server } from '../../server.ts'

export interface Hit {
  message: Message
  conversation: Conversation
  /** A piece of the message around what was found. */
  snippet: string
}

export const searchKeys = { query: (q: string) => ['search', q] as const }

/** Messages that hold the words, newest first. A single character finds nothing and is not asked. */
export function useSearch(words: MaybeRefOrGetter<string>) {
  const q = computed(() => toValue(words).trim())
  const query = useInfiniteQuery({
    queryKey: computed(() => searchKeys.query(q.value)),
    queryFn: ({ pageParam, queryKey, signal }) => server.get<Page<Hit>>('/search', { q: queryKey[1], cursor: pageParam, limit: 20 }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<Hit>) => last.next_cursor || undefined,
    enabled: () => Array.from(q.value).length >= 2,
    staleTime: 10_000,
    gcTime: 60_000,
  })
  const hits = computed(() => (query.data.value?.pages ?? []).flatMap((p) => p.items))
  return { query, hits, q }
}

/** Cuts a snippet into plain and found pieces, for marking without HTML. */
export function marked(snippet: string, q: string): { text: string; found: boolean }[] {
  const words = q.split(/\s+/).filter(Boolean).sort((a, b) => b.length - a.length)
  if (words.length === 0) return [{ text: snippet, found: false }]
  const pattern = new RegExp(`(${words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'giu')
  return snippet
    .split(pattern)
    .map((text, i) => ({ text, found: i % 2 === 1 }))
    .filter((piece) => piece.text !== '')
}
