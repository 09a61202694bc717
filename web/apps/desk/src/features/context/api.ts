import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { Problem } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../server.ts'
import { keys } from '../conversations/keys.ts'
import type { Schemas } from '../conversations/shapes.ts'

export type Profile = Schemas['ContactDetail']
export type Identity = Schemas['ContactIdentity']
export type Visit = Schemas['ContactVisit']
export type MergePreview = Schemas['MergePreview']

export const contactKeys = {
  one: (id: string) => ['contacts', 'one', id] as const,
  notes: (id: string) => ['contacts', 'notes', id] as const,
  pages: (id: string) => ['contacts', 'pages', id] as const,
  merges: (id: string) => ['contacts', 'merges', id] as const,
  search: (q: string) => ['contacts', 'search', q] as const,
}

const enabled = (id: MaybeRefOrGetter<string>) => () => toValue(id) !== ''

export function useProfile(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => contactKeys.one(toValue(id))),
    queryFn: ({ queryKey }) => server.get<Profile>(`/contacts/${queryKey[2]}`),
    enabled: enabled(id),
    staleTime: 60_000,
    retry: false,
  })
}

export type ProfileChange = Partial<Pick<Profile, 'name' | 'email' | 'phone' | 'locale'>> & { attributes?: Record<string, string | null> }

/** Changes a profile as the person saw it. When somebody was quicker, it says so (a conflict) and shows theirs. */
export async function changeProfile(before: Profile, change: ProfileChange): Promise<void> {
  // Attributes are replaced as a whole; the version keeps what colleagues added meanwhile from being lost.
  const attributes = change.attributes && Object.fromEntries(Object.entries({ ...before.attributes, ...change.attributes }).filter(([, value]) => value !== null))
  try {
    const after = await server.command<Profile>('PATCH', `/contacts/${before.id}`, { ...change, ...(attributes ? { attributes } : {}), version: before.version })
    queries.setQueryData<Profile>(contactKeys.one(before.id), after)
    void queries.invalidateQueries({ queryKey: keys.items })
    void queries.invalidateQueries({ queryKey: keys.lists })
  } catch (error) {
    if (error instanceof Problem && error.kind === 'conflict') await queries.invalidateQueries({ queryKey: contactKeys.one(before.id) })
    throw error
  }
}

export async function block(id: string, blocked: boolean): Promise<void> {
  await server.command('POST', `/contacts/${id}/block`, { blocked })
  await queries.invalidateQueries({ queryKey: contactKeys.one(id) })
}

export function useNotes(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => contactKeys.notes(toValue(id))),
    queryFn: async ({ queryKey }) => (await server.get<Schemas['ContactNotePage']>(`/contacts/${queryKey[2]}/notes`)).items,
    enabled: enabled(id),
    staleTime: 60_000,
    retry: false,
  })
}

export async function addNote(contact: string, text: string): Promise<void> {
  await server.command('POST', `/contacts/${contact}/notes`, { text })
  await queries.invalidateQueries({ queryKey: contactKeys.notes(contact) })
}

export async function removeNote(contact: string, note: string): Promise<void> {
  await server.command('DELETE', `/contacts/${contact}/notes/${note}`)
  await queries.invalidateQueries({ queryKey: contactKeys.notes(contact) })
}

/** Where the customer went, the newest first. */
export function usePages(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => contactKeys.pages(toValue(id))),
    queryFn: async ({ queryKey }) => (await server.get<Schemas['ContactVisitPage']>(`/contacts/${queryKey[2]}/pages`)).items,
    enabled: enabled(id),
    staleTime: 30_000,
    retry: false,
  })
}

/** People by name, e-mail or phone. */
export function useContacts(words: MaybeRefOrGetter<string>, on: MaybeRefOrGetter<boolean> = true) {
  const q = computed(() => toValue(words).trim())
  const query = useInfiniteQuery({
    queryKey: computed(() => contactKeys.search(q.value)),
    queryFn: ({ pageParam, queryKey, signal }) => server.get<Schemas['ContactPage']>('/contacts', { q: queryKey[2], cursor: pageParam, limit: 10 }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Schemas['ContactPage']) => last.next_cursor || undefined,
    enabled: () => toValue(on) && q.value.length >= 1,
    staleTime: 10_000,
    gcTime: 60_000,
    retry: false,
  })
  return { query, people: computed(() => (query.data.value?.pages ?? []).flatMap((p) => p.items)) }
}

export function previewMerge(keep: string, other: string): Promise<MergePreview> {
  return server.command<MergePreview>('POST', `/contacts/${keep}/merge/preview`, { other_id: other })
}

/** force merges two for whom the site vouches as different people. */
export async function merge(keep: string, other: string, choices: Record<string, string>, force: boolean): Promise<string> {
  const { merge_id } = await server.command<Schemas['Merged']>('POST', `/contacts/${keep}/merge`, { other_id: other, choices, ...(force ? { force } : {}) })
  forgetPeople()
  return merge_id
}

export async function undoMerge(id: string): Promise<void> {
  await server.command('POST', `/merges/${id}/undo`, {})
  forgetPeople()
}

export function useMerges(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => contactKeys.merges(toValue(id))),
    queryFn: async ({ queryKey }) => (await server.get<Schemas['ContactMerges']>(`/contacts/${queryKey[2]}/merges`)).items,
    enabled: enabled(id),
    staleTime: 60_000,
    retry: false,
  })
}

/** A merge changes whose conversations are whose: everything about people is read again. */
export function forgetPeople(): void {
  void queries.invalidateQueries({ queryKey: ['contacts'] })
  void queries.invalidateQueries({ queryKey: keys.all })
}
