import { useQuery } from '@tanstack/vue-query'
import type { Agent, components, Page, Team } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'
import { peopleKeys } from '../../people/api.ts'

type Schemas = components['schemas']
export type Person = Agent
export type Role = Schemas['Role']
export type Visibility = Role['visibility']
export type Invitation = Schemas['Invitation']

export interface LoginSession {
  id: string
  created_at: string
  seen_at: string
  addr?: string
  device?: string
  current?: boolean
}

const keys = {
  permissions: ['settings', 'permissions'] as const,
  roles: ['settings', 'roles'] as const,
  invitations: ['settings', 'invitations'] as const,
  sessions: (agent: string) => ['settings', 'sessions', agent] as const,
}

export function usePeople() {
  return useQuery({ queryKey: ['settings', 'people'], queryFn: async () => (await server.get<Page<Person>>('/agents')).items, staleTime: 0 })
}

async function peopleChanged(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['settings', 'people'] }),
    queries.invalidateQueries({ queryKey: peopleKeys.agents }),
    queries.invalidateQueries({ queryKey: keys.roles }),
  ])
}

export async function changePerson(id: string, change: { name?: string; role_id?: string; disabled?: boolean; locale?: string }): Promise<void> {
  try {
    await server.command('PATCH', `/agents/${id}`, change)
  } finally {
    await peopleChanged()
  }
}

/** Takes the second factor away from a colleague who lost the device. */
export async function resetTotp(id: string): Promise<void> {
  await server.command('DELETE', `/agents/${id}/totp`)
  await peopleChanged()
}

export function useRoles() {
  return useQuery({ queryKey: keys.roles, queryFn: async () => (await server.get<Page<Role>>('/roles')).items, staleTime: 0 })
}

/** Every permission there is. */
export function usePermissions() {
  return useQuery({ queryKey: keys.permissions, queryFn: async () => (await server.get<Page<Schemas['PermissionGroup']>>('/permissions')).items.flatMap((g) => g.permissions) })
}

export async function saveRole(role: Pick<Role, 'id' | 'name' | 'permissions' | 'visibility' | 'revision'>): Promise<string> {
  const { id, revision, ...rest } = role
  const body = { ...rest, ...(id ? { revision } : {}) }
  try {
    if (id) {
      await server.command('PUT', `/roles/${id}`, body)
      return id
    }
    return (await server.command<Role>('POST', '/roles', body)).id
  } finally {
    await queries.invalidateQueries({ queryKey: keys.roles })
  }
}

export async function deleteRole(id: string): Promise<void> {
  await server.command('DELETE', `/roles/${id}`)
  await queries.invalidateQueries({ queryKey: keys.roles })
}

export function useInvitations(enabled: MaybeRefOrGetter<boolean> = true) {
  return useQuery({
    queryKey: keys.invitations,
    queryFn: async () => (await server.get<Page<Invitation>>('/invitations')).items,
    staleTime: 0,
    enabled: () => toValue(enabled),
  })
}

export async function invite(body: { email?: string; role_id: string; team_ids: string[] }): Promise<Schemas['NewInvitation']> {
  const made = await server.command<Schemas['NewInvitation']>('POST', '/invitations', body)
  await queries.invalidateQueries({ queryKey: keys.invitations })
  return made
}

export async function withdraw(id: string): Promise<void> {
  await server.command('DELETE', `/invitations/${id}`)
  await queries.invalidateQueries({ queryKey: keys.invitations })
}

/** The log-ins of a colleague; of oneself when agent is "". */
export function useSessions(agent: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.sessions(toValue(agent))),
    queryFn: async ({ queryKey }) => (await server.get<Page<LoginSession>>(queryKey[2] ? `/agents/${queryKey[2]}/sessions` : '/me/sessions')).items,
    staleTime: 0,
  })
}

export async function revokeSession(id: string): Promise<void> {
  await server.command('DELETE', `/sessions/${id}`)
  await queries.invalidateQueries({ queryKey: ['settings', 'sessions'] })
}

export async function saveTeam(team: { id: string; name: string; member_ids: string[]; revision: string }): Promise<void> {
  const { id, revision, ...body } = team
  try {
    await server.command(id ? 'PUT' : 'POST', id ? `/teams/${id}` : '/teams', { ...body, ...(id ? { revision } : {}) })
  } finally {
    // Also after a conflict: then it shows what somebody else saved.
    await queries.invalidateQueries({ queryKey: peopleKeys.teams })
  }
}

export async function deleteTeam(team: Team): Promise<void> {
  await server.command('DELETE', `/teams/${team.id}`)
  await queries.invalidateQueries({ queryKey: peopleKeys.teams })
}
