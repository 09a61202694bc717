import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import type { Page, Part } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'
import type { Schemas } from '../../conversations/shapes.ts'
import { fileBody } from '../review/api.ts'

export type Answer = Omit<Schemas['KnowledgeAnswer'], 'parts'> & { parts: Part[] }
export type Body = Omit<Schemas['KnowledgeBody'], 'answers'> & { answers?: Answer[] }
export type Entry = Omit<Schemas['KnowledgeEntry'], 'answers'> & { answers?: Answer[] }
export type Version = Omit<Schemas['KnowledgeVersion'], 'entry'> & { entry: Body }
export type Category = Schemas['KnowledgeCategory']
export type Categories = Schemas['KnowledgeCategories']
export type Synonyms = Schemas['Synonyms']
export type Training = Schemas['KnowledgeTraining']
export type Report = Schemas['TrainingReport']
export type Preview = Schemas['ImportPreview']
export type Hit = Omit<Schemas['KnowledgeHit'], 'answer'> & { answer: Part[] }
export type Found = Omit<Schemas['KnowledgeFound'], 'hits'> & { hits: Hit[] }

export interface Filter {
  kind: '' | 'faq' | 'article'
  /** A category's id, '-' for none, '' for all. */
  category: string
  state: '' | Entry['state']
  q: string
}

/** Below ['bot', 'knowledge']: the desk's line reads all of it again when somebody has changed something. */
const key = (...more: unknown[]): unknown[] => ['bot', 'knowledge', ...more]

async function changing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } finally {
    // Also after a conflict: then it shows what somebody else saved.
    void queries.invalidateQueries({ queryKey: key() })
  }
}

/** The categories that a filter means: one with those below it. */
export function within(category: string, all: Category[]): string[] {
  if (!category || category === '-') return category ? [category] : []
  return [category, ...all.filter((c) => c.parent_id === category).map((c) => c.id)]
}

export function useEntries(filter: MaybeRefOrGetter<Filter>, categories: MaybeRefOrGetter<Category[]>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => key('list', toValue(filter), within(toValue(filter).category, toValue(categories)))),
    queryFn: ({ pageParam }) => {
      const f = toValue(filter)
      const category = within(f.category, toValue(categories)).join(',')
      return server.get<Page<Entry> & { next_cursor?: string }>('/knowledge/entries', {
        limit: 50,
        ...(f.kind && { kind: f.kind }),
        ...(f.state && { state: f.state }),
        ...(f.q && { q: f.q }),
        ...(category && { category }),
        ...(pageParam && { cursor: pageParam }),
      })
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
    placeholderData: (before) => before,
    staleTime: 0,
  })
  return { ...query, entries: computed(() => query.data.value?.pages.flatMap((p) => p.items) ?? []) }
}

export function useEntry(id: MaybeRefOrGetter<string>) {
  return useQuery({ queryKey: computed(() => key('entry', toValue(id))), queryFn: () => server.get<Entry>(`/knowledge/entries/${toValue(id)}`), enabled: () => toValue(id) !== '', staleTime: 0 })
}

export function useVersions(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => key('versions', toValue(id))),
    queryFn: async () => (await server.get<Page<Version>>(`/knowledge/entries/${toValue(id)}/versions`)).items,
    enabled: () => toValue(id) !== '',
    staleTime: 0,
  })
}

export function useCategories() {
  return useQuery({ queryKey: key('categories'), queryFn: () => server.get<Categories>('/knowledge/categories'), staleTime: 0 })
}

export function useSynonyms() {
  return useQuery({ queryKey: key('synonyms'), queryFn: () => server.get<Synonyms>('/knowledge/synonyms'), staleTime: 0 })
}

/** How learning goes. While it goes on it is asked for again each second. */
export function useTraining() {
  return useQuery({
    queryKey: key('training'),
    queryFn: () => server.get<Training>('/knowledge/training'),
    staleTime: 0,
    refetchInterval: (q) => (q.state.data?.waiting || q.state.data?.running ? 1000 : false),
  })
}

export const saveEntry = (id: string, body: Body, version: number): Promise<Entry> =>
  changing(id ? server.command<Entry>('PUT', `/knowledge/entries/${id}`, { ...body, version }) : server.command<Entry>('POST', '/knowledge/entries', body))
export const deleteEntry = (id: string): Promise<void> => changing(server.command<void>('DELETE', `/knowledge/entries/${id}`))
export const changeMany = (ids: string[], action: 'enable' | 'disable' | 'move' | 'delete', category = ''): Promise<void> =>
  changing(server.command<void>('POST', '/knowledge/entries/bulk', { ids, action, ...(category && { category_id: category }) }))
export const restore = (id: string, version: number, expect: number): Promise<Entry> =>
  changing(server.command<Entry>('POST', `/knowledge/entries/${id}/restore`, { version, expect_version: expect }))
export const saveCategories = (items: Category[], version: number): Promise<Categories> => changing(server.command<Categories>('PUT', '/knowledge/categories', { items, version }))
export const saveSynonyms = (groups: string[][], version: number): Promise<Synonyms> => changing(server.command<Synonyms>('PUT', '/knowledge/synonyms', { groups, version }))
export const find = (text: string, channel: string, locale: string): Promise<Found> =>
  server.command<Found>('POST', '/knowledge/find', { text, limit: 5, ...(channel && { channel }), ...(locale && { locale }) })
export const train = (): Promise<void> => changing(server.command<void>('POST', '/knowledge/training'))
export const serve = (id: string): Promise<void> => changing(server.command<void>('PUT', '/knowledge/training', { id }))
export const preview = (csv: string): Promise<Preview> => server.command<Preview>('POST', '/knowledge/import/preview', { csv })
export const importTable = (csv: string, key: string): Promise<{ created: number; changed: number }> =>
  changing(server.command<{ created: number; changed: number }>('POST', '/knowledge/import', { csv }, key))
/** What a file says: Markdown, or a table. Nothing is stored. */
export const readFile = async (file: File): Promise<Schemas['FileRead']> => server.command('POST', '/review/files', await fileBody(file))
export const addArticle = (title: string, text: string, key: string): Promise<Entry> =>
  changing(server.command<Entry>('POST', '/knowledge/entries', { kind: 'article', title, text, enabled: true }, key))
export const exportTable = (): Promise<{ name: string; csv: string }> => server.get('/knowledge/export')
