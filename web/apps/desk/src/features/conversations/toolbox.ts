import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed } from 'vue'
import { queries, server } from '../../server.ts'

export interface Label {
  id: string
  name: string
  color: string
  description?: string
}

/** What a team keeps at hand, in the cache. */
export const toolboxKeys = { labels: ['toolbox', 'labels'] as const, canned: ['toolbox', 'canned'] as const }

/** The labels of the account, and one by its id. */
export function useLabels() {
  const query = useQuery({ queryKey: toolboxKeys.labels, queryFn: async () => (await server.get<Page<Label>>('/labels')).items, staleTime: 60_000 })
  const byId = computed(() => new Map((query.data.value ?? []).map((l) => [l.id, l])))
  return { labels: computed(() => query.data.value ?? []), byId }
}

const fills: Record<string, string> = { emerald: 'bg-success', green: 'bg-success', teal: 'bg-label-teal', amber: 'bg-warning', orange: 'bg-warning', yellow: 'bg-warning', red: 'bg-error', pink: 'bg-label-pink', rose: 'bg-error', blue: 'bg-info', sky: 'bg-info', cyan: 'bg-label-teal', violet: 'bg-note', purple: 'bg-note' }

/** The fill of a label's dot; what is not known is neutral. */
export function labelFill(color: string): string {
  return fills[color] ?? 'bg-accented'
}

export function forgetLabels(): void {
  void queries.invalidateQueries({ queryKey: toolboxKeys.labels })
}
