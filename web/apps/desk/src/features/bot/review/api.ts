import { useInfiniteQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'
import type { Schemas } from '../../conversations/shapes.ts'

export type Proposal = Schemas['Proposal']
export type Entry = Schemas['ProposedEntry']
export type State = Proposal['state']
export type ChatsRead = Schemas['ChatsRead']

const key = (...more: unknown[]): unknown[] => ['bot', 'review', ...more]

async function changing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } finally {
    // Also after a conflict: then it shows what a colleague decided.
    void queries.invalidateQueries({ queryKey: key() })
  }
}

export function useProposals(state: MaybeRefOrGetter<State>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => key(toValue(state))),
    queryFn: ({ pageParam }) => server.get<Page<Proposal> & { next_cursor?: string }>('/review/proposals', { state: toValue(state), ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
    placeholderData: (before) => before,
    staleTime: 0,
  })
  return { ...query, proposals: computed(() => query.data.value?.pages.flatMap((p) => p.items) ?? []) }
}

export const accept = (p: Proposal, entry: Entry): Promise<Proposal> => changing(server.command<Proposal>('POST', `/review/proposals/${p.id}/accept`, { version: p.version, entry }))
export const refuse = (p: Proposal, reason: string): Promise<Proposal> =>
  changing(server.command<Proposal>('POST', `/review/proposals/${p.id}/refuse`, { version: p.version, ...(reason && { reason }) }))
export const gather = (): Promise<{ open: number }> => changing(server.command<{ open: number }>('POST', '/review/gather'))

/** A file as the commands take it, in base64. */
export async function fileBody(file: File): Promise<{ name: string; data: string }> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error('the file cannot be read'))
    reader.readAsDataURL(file)
  })
  return { name: file.name, data: url.slice(url.indexOf(',') + 1) }
}

export const readChats = async (file: File, command: string): Promise<ChatsRead> => changing(server.command<ChatsRead>('POST', '/review/chats', await fileBody(file), command))
