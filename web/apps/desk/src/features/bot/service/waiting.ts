import { useQuery } from '@tanstack/vue-query'
import type { FeedEvent, Part } from '@yingda/shared/api'
import { computed } from 'vue'
import { queries, server } from '../../../server.ts'
import type { Schemas } from '../../conversations/shapes.ts'
import { can } from '../../session/model.ts'

export type Decision = Omit<Schemas['BotDecision'], 'parts'> & { parts?: Part[] }

/** The drafts that wait for somebody to look at. Facts keep it true: nothing is asked for again and again. */
export const draftsQuery = { queryKey: ['bot', 'drafts'], queryFn: async () => (await server.get<{ items: Decision[] }>('/bot/drafts')).items }

/** How many wait, for the rail; 0 for those who do not look at drafts. */
export function useWaitingDrafts() {
  const { data } = useQuery({ ...draftsQuery, enabled: computed(() => can('bot.assist')) })
  return computed(() => data.value?.length ?? 0)
}

/** One that somebody decided on is gone at once, wherever it is shown; one that waits is read. */
export function hearDraft(event: FeedEvent): void {
  const draft = (event as FeedEvent & { draft?: { id: string; state: string } }).draft
  if (event.type !== 'bot.drafted' || !draft || !can('bot.assist')) return
  if (draft.state === 'waiting') void queries.invalidateQueries({ queryKey: draftsQuery.queryKey })
  else queries.setQueryData<Decision[]>(draftsQuery.queryKey, (all) => all?.filter((d) => d.id !== draft.id))
}
