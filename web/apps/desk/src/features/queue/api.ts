import { useQuery } from '@tanstack/vue-query'
import type { FeedEvent, Page } from '@yingda/shared/api'
import { computed } from 'vue'
import { queries, server } from '../../server.ts'
import { refreshConversation } from '../conversations/api.ts'
import { can, me } from '../session/model.ts'
import type { AgentWork, Presence, QueueRules, Skill, Staffing, Status, TeamWork, Waiting } from './shapes.ts'

const keys = {
  all: ['queue'] as const,
  presence: ['queue', 'presence'] as const,
  waiting: ['queue', 'waiting'] as const,
  staffing: ['queue', 'staffing'] as const,
  skills: ['queue', 'skills'] as const,
}

export function usePresence() {
  return useQuery({ queryKey: keys.presence, queryFn: async () => (await server.get<Page<Presence>>('/presence')).items, enabled: () => can('people.read') })
}

/** Where one is oneself. */
export function useOwnPresence() {
  const { data } = usePresence()
  return computed(() => data.value?.find((p) => p.agent_id === me()))
}

/** Who waits, in the order of service. */
export function useWaiting() {
  return useQuery({ queryKey: keys.waiting, queryFn: async () => (await server.get<Page<Waiting>>('/queue')).items, staleTime: 0 })
}

export function useStaffing() {
  return useQuery({ queryKey: keys.staffing, queryFn: () => server.get<Staffing>('/staffing'), staleTime: 0 })
}

export function useSkills() {
  return useQuery({ queryKey: keys.skills, queryFn: async () => (await server.get<Page<Skill>>('/skills')).items, staleTime: 0 })
}

function putPresence(p: Presence): void {
  queries.setQueryData<Presence[]>(keys.presence, (old) => old && [...old.filter((o) => o.agent_id !== p.agent_id), { ...old.find((o) => o.agent_id === p.agent_id), reason: '', chosen: false, ...p }])
}

let watchers = 0

/** Loads are kept fresh while somebody watches them. Answers how to stop. */
export function watchLoads(): () => void {
  watchers++
  void queries.invalidateQueries({ queryKey: keys.presence })
  return () => void watchers--
}

let timer: ReturnType<typeof setTimeout> | undefined

/** What the feed tells of the queue. The place of those who wait is the server's: it is read again, at most twice a second, while somebody looks. */
export function hearQueue(event: FeedEvent): void {
  const { presence, agent_id } = event as FeedEvent & { presence?: Omit<Presence, 'agent_id'> }
  if (event.type === 'presence.changed' && agent_id && presence) putPresence({ ...presence, agent_id })
  if (event.type === 'staffing.changed') {
    void queries.invalidateQueries({ queryKey: keys.staffing })
    void queries.invalidateQueries({ queryKey: keys.skills })
  }
  if (event.type === 'message.status_changed' || event.type === 'messages.read' || event.type === 'note.added') return
  timer ??= setTimeout(() => {
    timer = undefined
    void queries.invalidateQueries({ queryKey: keys.waiting })
    // Loads change with every change of hands; only the wall shows them.
    if (watchers > 0) void queries.invalidateQueries({ queryKey: keys.presence })
  }, 500)
}

/** Reads what is on screen again: the feed could not say what happened. */
export function resetQueue(): void {
  void queries.invalidateQueries({ queryKey: keys.all })
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
  void queries.invalidateQueries({ queryKey: keys.presence })
  return returned
}

async function order(id: string, name: 'decline' | 'transfer' | 'escalate' | 'claim', body: object): Promise<void> {
  try {
    await server.command('POST', `/conversations/${id}/${name}`, body)
  } finally {
    void queries.invalidateQueries({ queryKey: keys.waiting })
    // It may be out of sight now; the list then hears so from the feed.
    await refreshConversation(id).catch(() => undefined)
  }
}

export const claim = (id: string): Promise<void> => order(id, 'claim', {})
export const decline = (id: string): Promise<void> => order(id, 'decline', {})
export const transfer = (id: string, to: { agent_id?: string; team_id?: string; note?: string; version?: number }): Promise<void> => order(id, 'transfer', to)
export const escalate = (id: string, reason: string): Promise<void> => order(id, 'escalate', { reason })

async function staffed(work: Promise<unknown>): Promise<void> {
  await work
  await Promise.all([queries.invalidateQueries({ queryKey: keys.staffing }), queries.invalidateQueries({ queryKey: keys.skills })])
}

export const saveSkill = (skill: Skill): Promise<void> => staffed(server.command(skill.id ? 'PUT' : 'POST', skill.id ? `/skills/${skill.id}` : '/skills', { name: skill.name }))
export const deleteSkill = (id: string): Promise<void> => staffed(server.command('DELETE', `/skills/${id}`))
export const saveAgentWork = (id: string, work: AgentWork): Promise<void> => staffed(server.command('PUT', `/staffing/agents/${id}`, work))
export const saveTeamWork = (id: string, work: TeamWork): Promise<void> => staffed(server.command('PUT', `/staffing/teams/${id}`, work))
export const saveRules = (rules: QueueRules): Promise<void> => staffed(server.command('PUT', '/staffing/rules', rules))
