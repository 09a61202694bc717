import { useQuery } from '@tanstack/vue-query'
import type { FeedEvent, Page } from '@yingda/shared/api'
import { computed } from 'vue'
import { queries, server } from '../../server.ts'
import { can, me } from '../session/model.ts'
import type { Presence, Status, Waiting } from './shapes.ts'

export const queueKeys = {
  all: ['queue'] as const,
  presence: ['queue', 'presence'] as const,
  waiting: ['queue', 'waiting'] as const,
  staffing: ['queue', 'staffing'] as const,
  skills: ['queue', 'skills'] as const,
}

export function usePresence() {
  return useQuery({ queryKey: queueKeys.presence, queryFn: async () => (await server.get<Page<Presence>>('/presence')).items, enabled: () => can('people.read') })
}

/** Where one is oneself. */
export function useOwnPresence() {
  const { data } = usePresence()
  return computed(() => data.value?.find((p) => p.agent_id === me()))
}

/** Who waits, in the order of service. */
export function useWaiting() {
  return useQuery({ queryKey: queueKeys.waiting, queryFn: async () => (await server.get<Page<Waiting>>('/queue')).items, staleTime: 0 })
}

function putPresence(p: Presence): void {
  queries.setQueryData<Presence[]>(queueKeys.presence, (old) => old && [...old.filter((o) => o.agent_id !== p.agent_id), { ...old.find((o) => o.agent_id === p.agent_id), reason: '', chosen: false, ...p }])
}

let watchers = 0

/** Loads are kept fresh while somebody watches them. Answers how to stop. */
export function watchLoads(): () => void {
  watchers++
  void queries.invalidateQueries({ queryKey: queueKeys.presence })
  return () => void watchers--
}

let timer: ReturnType<typeof setTimeout> | undefined

/** What the feed tells of the queue. The place of those who wait is the server's: it is read again, at most twice a second, while somebody looks. */
export function hearQueue(event: FeedEvent): void {
  const { presence, agent_id } = event as FeedEvent & { presence?: Omit<Presence, 'agent_id'> }
  if (event.type === 'presence.changed' && agent_id && presence) putPresence({ ...presence, agent_id })
  if (event.type === 'staffing.changed') {
    void queries.invalidateQueries({ queryKey: queueKeys.staffing })
    void queries.invalidateQueries({ queryKey: queueKeys.skills })
  }
  if (event.type === 'queue.alert' || event.type === 'conversation.status_changed' || event.type === 'conversation.assigned') void queries.invalidateQueries({ queryKey: ['queue', 'day'] })
  if (event.type === 'callback.changed' || event.type === 'conversation.wait_chosen') void queries.invalidateQueries({ queryKey: ['queue', 'callbacks'] })
  if (event.type === 'message.status_changed' || event.type === 'messages.read' || event.type === 'note.added') return
  timer ??= setTimeout(() => {
    timer = undefined
    void queries.invalidateQueries({ queryKey: queueKeys.waiting })
    // Loads change with every change of hands; only the wall shows them.
    if (watchers > 0) void queries.invalidateQueries({ queryKey: queueKeys.presence })
  }, 500)
}

/** Reads what is on screen again: the feed could not say what happened. */
export function resetQueue(): void {
  void queries.invalidateQueries({ queryKey: queueKeys.all })
}

/** Says where one is; an empty status follows connections and hands again. */
export async function setPresence(status: Status | '', reason = ''): Promise<void> {
  putPresence(await server.command<Presence>('PUT', '/presence', { ...(status ? { status } : {}), ...(reason ? { reason } : {}) }))
}

export async function setIdle(idle: boolean): Promise<void> {
  await server.command('POST', '/presence/idle', { idle })
}

/** Ends the shift. Answers how many conversations went back to the queue. */
export async function endShift(): Promise<number> {
  const { returned } = await server.command<{ returned: number }>('POST', '/presence/shift-end', {})
  void queries.invalidateQueries({ queryKey: queueKeys.presence })
  return returned
}
