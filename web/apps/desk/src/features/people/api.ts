import { useQuery } from '@tanstack/vue-query'
import type { Agent, Inbox, Page, Team } from '@yingda/shared/api'
import { server } from '../../server.ts'

export const peopleKeys = {
  agents: ['people', 'agents'] as const,
  teams: ['people', 'teams'] as const,
  inboxes: ['people', 'inboxes'] as const,
}

const slow = { staleTime: 5 * 60_000 }

export function useAgents() {
  return useQuery({ queryKey: peopleKeys.agents, queryFn: async () => (await server.get<Page<Agent>>('/agents')).items, ...slow })
}

export function useTeams() {
  return useQuery({ queryKey: peopleKeys.teams, queryFn: async () => (await server.get<Page<Team>>('/teams')).items, ...slow })
}

export function useInboxes() {
  return useQuery({ queryKey: peopleKeys.inboxes, queryFn: async () => (await server.get<Page<Inbox>>('/inboxes')).items, ...slow })
}

/** Names by id, for texts such as "assigned to Lin". */
export function useNames() {
  const agents = useAgents()
  const teams = useTeams()
  const inboxes = useInboxes()
  return {
    agent: (id: string | undefined): string => agents.data.value?.find((a) => a.id === id)?.name ?? '',
    team: (id: string | undefined): string => teams.data.value?.find((t) => t.id === id)?.name ?? '',
    inbox: (id: string | undefined): string => inboxes.data.value?.find((i) => i.id === id)?.name ?? '',
  }
}
