import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { can } from '../session/model.ts'
import type { Callback, QueueDay, Robot } from './shapes.ts'

/** What of the queue is watched beside who waits: the day's outcome, callbacks, alerts and who is told of them. */
const keys = { day: ['queue', 'day'] as const, callbacks: ['queue', 'callbacks'] as const, robots: ['queue', 'robots'] as const }

/** The day since midnight here, and which alerts are on. */
export function useQueueDay() {
  return useQuery({
    queryKey: keys.day,
    queryFn: () => {
      const midnight = new Date()
      midnight.setHours(0, 0, 0, 0)
      return server.get<QueueDay>('/queue/day', { since: midnight.toISOString() })
    },
    staleTime: 0,
    enabled: () => can('conversations.read'),
  })
}

/** Callbacks that are open, or all of one conversation. */
export function useCallbacks(conversation: MaybeRefOrGetter<string> = '') {
  return useQuery({
    queryKey: computed(() => [...keys.callbacks, toValue(conversation)]),
    queryFn: async ({ queryKey }) => (await server.get<Page<Callback>>('/callbacks', queryKey[2] ? { conversation_id: queryKey[2] } : {})).items ?? [],
    staleTime: 0,
  })
}

export async function tick(callback: Callback, done: boolean): Promise<void> {
  try {
    await server.command('POST', `/callbacks/${callback.id}/${done ? 'done' : 'reopen'}`, {})
  } finally {
    await queries.invalidateQueries({ queryKey: keys.callbacks })
  }
}

export function useRobots() {
  return useQuery({ queryKey: keys.robots, queryFn: async () => (await server.get<Page<Robot>>('/robots')).items, staleTime: 0 })
}

export interface RobotDraft extends Pick<Robot, 'id' | 'name' | 'kind' | 'rules' | 'enabled'> {
  url: string
  secret: string
}

async function changed<T>(work: Promise<T>): Promise<T> {
  const done = await work
  await queries.invalidateQueries({ queryKey: keys.robots })
  return done
}

export const saveRobot = ({ id, url, secret, ...rest }: RobotDraft): Promise<Robot> =>
  changed(server.command<Robot>(id ? 'PUT' : 'POST', id ? `/robots/${id}` : '/robots', { ...rest, ...(url ? { url } : {}), ...(secret ? { secret } : {}) }))
export const deleteRobot = (id: string): Promise<unknown> => changed(server.command('DELETE', `/robots/${id}`))
export const testRobot = (id: string): Promise<Robot> => changed(server.command<Robot>('POST', `/robots/${id}/test`, {}))
