import { useQuery } from '@tanstack/vue-query'
import { useLocalStorage } from '@vueuse/core'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { me } from '../session/model.ts'
import { keys } from '../conversations/keys.ts'
import type { Part, Schemas } from '../conversations/shapes.ts'

export type Scheduled = Omit<Schemas['Scheduled'], 'parts'> & { parts: Part[] }

/** The messages of a conversation that are to be sent later, and those that could not be. */
export function useScheduled(conversation: MaybeRefOrGetter<string>) {
  const query = useQuery({
    queryKey: computed(() => keys.scheduled(toValue(conversation))),
    queryFn: async ({ queryKey }) => (await server.get<{ items: Scheduled[] }>(`/conversations/${queryKey[2]}/scheduled`)).items,
    retry: false,
  })
  // What will not be sent any more is told to its author once; only what waits can be cancelled at the server.
  const told = useLocalStorage<string[]>(`yingda.scheduled-told.${me()}`, [])
  const wentWrong = (s: Scheduled): boolean => s.state === 'failed' || s.reason === 'agent_disabled' || (s.state === 'cancelled' && s.reason === 'customer_wrote' && s.agent_id === me())
  const waiting = computed(() =>
    (query.data.value ?? []).filter((s) => s.state === 'pending' || (wentWrong(s) && !told.value.includes(s.id))).sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
  )

  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: keys.scheduled(toValue(conversation)) })

  return {
    waiting,
    /** Whether the server can send later. */
    can: computed(() => query.isSuccess.value),
    add: async (parts: Part[], at: string, cancelOnReply: boolean): Promise<void> => {
      await server.command('POST', `/conversations/${toValue(conversation)}/scheduled`, { parts, at, cancel_on_reply: cancelOnReply })
      await again()
    },
    /** Puts away what was told. */
    forget: (id: string): void => void (told.value = [...told.value, id].slice(-200)),
    cancel: async (id: string): Promise<void> => {
      await server.command('DELETE', `/conversations/${toValue(conversation)}/scheduled/${id}`)
      await again()
    },
  }
}
