import { useQuery } from '@tanstack/vue-query'
import type { Author, Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { keys } from '../conversations/keys.ts'
import type { Activity } from '../conversations/model.ts'
import type { TraceDetails } from './trace.ts'

interface Kept {
  id: string
  at: string
  actor?: Author
  type: string
  details?: TraceDetails
}

/** What is not a line of its own: the message itself tells of it. */
const told = new Set(['recalled'])

/** What happened to a conversation beside messages: the server's trail, and what the feed told since it was read. */
export function useActivity(id: MaybeRefOrGetter<string>) {
  const query = useQuery({
    queryKey: computed(() => keys.activity(toValue(id))),
    queryFn: async ({ queryKey, signal }) => {
      const { items } = await server.get<Page<Kept>>(`/conversations/${queryKey[2]}/activity`, { limit: 100 }, signal)
      const kept = items
        .filter((k) => !told.has(k.type))
        .map((k): Activity => ({ seq: numberOf(k.id), event: { at: k.at, type: k.type, details: k.details ?? {}, ...(k.actor ? { actor: k.actor } : {}) } }))
      // What the feed told while this was read is newer than what was read.
      const newest = Math.max(0, ...kept.map((k) => Date.parse(k.event.at)))
      const since = (queries.getQueryData<Activity[]>(queryKey) ?? []).filter((a) => a.seq > 0 && Date.parse(a.event.at) > newest)
      return [...kept, ...since]
    },
    retry: false,
  })
  return { activities: computed(() => query.data.value ?? []) }
}

/** A number for a kept id, below zero so that it is no position in the feed. */
function numberOf(id: string): number {
  let n = 7
  for (const c of id) n = (n * 31 + c.charCodeAt(0)) % 2_147_483_647
  return -n - 1
}
