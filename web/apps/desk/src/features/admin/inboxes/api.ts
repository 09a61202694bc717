import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'
import { peopleKeys } from '../../people/api.ts'
import type { FullInbox, HostKey, InboxSettings } from './shapes.ts'

const keys = {
  all: ['settings', 'inboxes'] as const,
  one: (id: string) => ['settings', 'inboxes', id] as const,
}

export function useFullInboxes() {
  return useQuery({ queryKey: keys.all, queryFn: async () => (await server.get<Page<FullInbox>>('/inboxes')).items, staleTime: 0 })
}

/** One inbox with its secrets' names. everyMs says, of what is known, how often to look again. */
export function useInbox(id: MaybeRefOrGetter<string>, everyMs: (known: FullInbox | undefined) => number | false = () => false) {
  return useQuery({
    queryKey: computed(() => keys.one(toValue(id))),
    queryFn: ({ queryKey }) => server.get<FullInbox>(`/inboxes/${queryKey[2]}`),
    enabled: () => toValue(id) !== '',
    staleTime: 0,
    refetchInterval: (query) => everyMs(query.state.data),
  })
}

async function changed(): Promise<void> {
  await Promise.all([queries.invalidateQueries({ queryKey: keys.all }), queries.invalidateQueries({ queryKey: peopleKeys.inboxes })])
}

export async function createInbox(name: string, settings: InboxSettings = {}): Promise<FullInbox> {
  const made = await server.command<FullInbox>('POST', '/inboxes', { channel: 'webchat', name, settings })
  await changed()
  return made
}

export async function saveInbox(inbox: FullInbox): Promise<FullInbox> {
  const { id, name, enabled, settings, version } = inbox
  try {
    return await server.command<FullInbox>('PUT', `/inboxes/${id}`, { name, enabled, settings, ...(version === undefined ? {} : { version }) })
  } finally {
    await changed()
  }
}

export async function addHostKey(inbox: string): Promise<{ id: string; secret: string }> {
  const made = await server.command<HostKey & { secret: string }>('POST', `/inboxes/${inbox}/host-keys`)
  await changed()
  return made
}

export async function removeHostKey(inbox: string, key: string): Promise<void> {
  await server.command('DELETE', `/inboxes/${inbox}/host-keys/${key}`)
  await changed()
}
