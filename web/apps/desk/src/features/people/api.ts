import { useQuery } from '@tanstack/vue-query'
import type { Agent, Contact, ContactDetails, Inbox, Page, Team } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { server } from '../../server.ts'

export const peopleKeys = {
  agents: ['people', 'agents'] as const,
  teams: ['people', 'teams'] as const,
  inboxes: ['people', 'inboxes'] as const,
  contact: (id: string) => ['people', 'contact', id] as const,
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

/** What is known of a contact beyond the conversation: identities, first and last seen. */
export function useContact(contact: MaybeRefOrGetter<Contact | undefined>) {
  return useQuery({
    queryKey: computed(() => peopleKeys.contact(toValue(contact)?.id ?? '')),
    queryFn: () => server.get<ContactDetails>(`/contacts/${toValue(contact)?.id ?? ''}`),
    enabled: () => Boolean(toValue(contact)?.id),
    retry: false,
    ...slow,
  })
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
