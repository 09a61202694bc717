import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { keys } from '../conversations/keys.ts'
import type { Part } from '../conversations/shapes.ts'

export interface Scheduled {
  id: string
  parts: Part[]
  at: string
  cancel_on_reply: boolean
  state: 'pending' | 'sent' | 'cancelled' | 'failed'
  reason?: string
}

/** The messages of a conversation that are to be sent later, and those that could not be. */
export function useScheduled(conversation: MaybeRefOrGetter<string>) {
  const query = useQuery({
    queryKey: computed(() => keys.scheduled(toValue(conversation))),
    queryFn: async ({ queryKey }) => (await server.get<Page<Scheduled>>(`/conversations/${queryKey[2]}/scheduled`)).items,
    retry: false,
  })
  const waiting = computed(() => (query.data.value ?? []).filter((s) => s.state === 'pending' || s.state === 'failed' || !s.state))

  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: keys.scheduled(toValue(conversation)) })

  return {
    waiting,
    /** Whether the server can send later. */
    can: computed(() => query.isSuccess.value),
    add: async (parts: Part[], at: string, cancelOnReply: boolean): Promise<void> => {
      await server.command('POST', `/conversations/${toValue(conversation)}/scheduled`, { parts, at, cancel_on_reply: cancelOnReply })
      await again()
    },
    cancel: async (id: string): Promise<void> => {
      await server.command('DELETE', `/conversations/${toValue(conversation)}/scheduled/${id}`)
      await again()
    },
  }
}
