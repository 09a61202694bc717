import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { can } from '../../session/model.ts'
import { useIntents } from '../intents/api.ts'
import { useFigures, type Settings, type Topic } from './api.ts'

/** Who answers a topic: the bot by the account's thresholds, by its own ones, or always a person. */
export type Who = 'usual' | 'own' | 'person'

export function whoOf(t: Topic): Who {
  if (t.person) return 'person'
  return t.answer_at || t.review_at ? 'own' : 'usual'
}

/** The topic answered by who. Its own thresholds begin where the account's are. */
export function answeredBy(t: Topic, who: Who, usual: { answer_at: number; review_at: number }): Topic {
  const team = t.team_id ? { team_id: t.team_id } : {}
  if (who === 'person') return { ...team, person: true }
  return who === 'own' ? { ...team, answer_at: t.answer_at || usual.answer_at, review_at: t.review_at || usual.review_at } : team
}

/** From which confidence on a topic is answered, and looked at by a person: its own thresholds, or the account's. */
export function thresholds(settings: Settings | undefined, topic: string): { answer_at: number; review_at: number } {
  const own = settings?.topics?.[topic]
  if (own?.answer_at || own?.review_at) return { answer_at: own.answer_at ?? 0, review_at: own.review_at ?? 0 }
  return { answer_at: settings?.answer_at ?? 0.9, review_at: settings?.review_at ?? 0.7 }
}

/** A topic with nothing of its own need not be kept. */
export const plain = (t: Topic): boolean => whoOf(t) === 'usual' && !t.team_id

/** The topics that are known of: asked about, of intents, or with settings of their own. */
export function useTopics(settings: MaybeRefOrGetter<Settings | undefined>) {
  const { data: figures } = useFigures()
  const { data: intents } = useIntents(() => can('knowledge.read'))
  return computed(() => {
    const all = [...(figures.value?.topics ?? []).map((x) => x.topic), ...(intents.value ?? []).map((i) => i.topic ?? ''), ...Object.keys(toValue(settings)?.topics ?? {})]
    return [...new Set(all.filter(Boolean))].sort((a, b) => a.localeCompare(b))
  })
}
