import { useInfiniteQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { server } from '../../server.ts'
import type { Conversation, Message } from '../conversations/shapes.ts'

export interface Hit {
  message: Message
  conversation: Conversation
  snippet: Snippet
}

/** One line around the first place found; from and to are counted in characters, not in UTF-16 units. */
export interface Snippet {
  text: string
  from: number
  to: number
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
  // A page may be empty and still have a next one, because the work of one call is bounded.
  watch([hits, query.hasNextPage, query.isFetching], () => {
    if (hits.value.length === 0 && query.hasNextPage.value && !query.isFetching.value && !query.isError.value) void query.fetchNextPage()
  })
  return { query, hits, q }
}

/** Cuts a snippet into plain and found pieces, for marking without HTML. */
export function marked({ text, from, to }: Snippet): { text: string; found: boolean }[] {
  const characters = Array.from(text)
  const pieces = [
    { text: characters.slice(0, from).join(''), found: false },
    { text: characters.slice(from, to).join(''), found: true },
    { text: characters.slice(to).join(''), found: false },
  ]
  return pieces.filter((piece) => piece.text !== '')
}
