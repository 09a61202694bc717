import { useQuery } from '@tanstack/vue-query'
import type { Author, FeedEvent, Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { keys } from '../conversations/keys.ts'
import type { Activity } from '../conversations/model.ts'
import { traceOf } from './trace.ts'

/** As the feed tells of it: the type of an event, and what events of that type say. */
interface Kept {
  id: string
  at: string
  actor?: Author
  type: string
  details?: Record<string, unknown>
}

/** What happened to a conversation beside messages: the server's trail, and what the feed told since it was read. */
export function useActivity(id: MaybeRefOrGetter<string>) {
  const query = useQuery({
    queryKey: computed(() => keys.activity(toValue(id))),
    queryFn: async ({ queryKey, signal }) => {
      const { items } = await server.get<Page<Kept>>(`/conversations/${queryKey[2]}/activity`, { limit: 100 }, signal)
      const kept = items.flatMap((k): Activity[] => {
        const trace = traceOf({ ...k.details, type: k.type, at: k.at, ...(k.actor ? { actor: k.actor } : {}) } as FeedEvent)
        return trace ? [{ seq: numberOf(k.id), event: trace }] : []
      })
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
