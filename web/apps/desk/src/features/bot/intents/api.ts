import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, type Ref } from 'vue'
import { queries, server } from '../../../server.ts'

export interface Confused {
  name: string
  count: number
}

export interface IntentLine {
  id: string
  name: string
  title: string
  topic?: string
  enabled: boolean
  builtin: boolean
  version: number
  examples: number
  clashes: number
  judged: number
  right: number
  confused: Confused[]
}

export type Action = Record<string, unknown> & { type: string }

export interface Doubt {
  text: string
  kind: 'clash' | 'miss'
  intents: string[]
  confidence?: number
}

export interface Intent extends IntentLine {
  texts: string[]
  actions: Action[]
  doubts: Doubt[]
}

export interface CurvePoint {
  threshold: number
  coverage: number
  precision: number
}

export interface Report {
  examples: number
  intents: number
  judged: number
  contradictions: number
  skipped: number
  accuracy: number
  macro_f1: number
  ece: number
  coverage_at_90: number
  precision_at_90: number
  coverage_at_70: number
  precision_at_70: number
  curve: CurvePoint[]
  per_intent: { name: string; examples: number; judged: number; right: number; guessed: number }[]
  confusions: { intent: string; guess: string; count: number }[]
  seconds: number
}

export interface Model {
  id: string
  number: number
  kind: 'linear' | 'mixed'
  seed: string
  hash: string
  size: number
  created_at: string
  fresh: boolean
  serves: boolean
  report: Report
}

export interface Job {
  id: string
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  origin: 'change' | 'hand' | 'repair'
  stage?: string
  done: number
  total: number
  left_seconds: number
  reason?: string
  due?: string
  ended_at?: string
}

export interface Training {
  models: Model[]
  job?: Job
  last?: Job
}

export interface Tried {
  number: number
  confidence: number
  guesses: { name: string; title: string; p: number }[]
}

export interface Imported {
  rows: number
  added: number
  duplicates: number
  created: string[]
  errors: { line: number; reason: string; message: string; text?: string }[]
  error_count: number
  clashes: { text: string; intents: string[] }[]
  clash_count: number
  done: boolean
}

// The feed makes ['bot', 'intents'] and ['bot', 'model'] old when they are; health is of both.
const keys = { list: ['bot', 'intents', 'list'] as const, one: (id: string) => ['bot', 'intents', 'one', id] as const, training: ['bot', 'model', 'training'] as const }

export function useIntents(on: () => boolean = () => true) {
  return useQuery({ queryKey: keys.list, queryFn: async () => (await server.get<Page<IntentLine>>('/bot/intents')).items, staleTime: 0, enabled: computed(on) })
}

export function useIntent(id: Ref<string>) {
  return useQuery({ queryKey: ['bot', 'intents', 'one', id], queryFn: () => server.get<Intent>(`/bot/intents/${id.value}`), enabled: () => id.value !== 'new', staleTime: 0 })
}

/** Asked for each second while something is trained: progress is not told by the feed. */
export function useTraining() {
  return useQuery({
    queryKey: keys.training,
    queryFn: async () => {
      const before = queries.getQueryData<Training>(keys.training)
      const now = await server.get<Training>('/bot/training')
      // Another model serves: what is understood how well has changed with it.
      if (before && before.models.find((m) => m.serves)?.id !== now.models.find((m) => m.serves)?.id) void queries.invalidateQueries({ queryKey: ['bot', 'intents'] })
      return now
    },
    staleTime: 0,
    refetchInterval: (query) => (query.state.data?.job ? 1000 : false),
  })
}

async function renewed<T>(work: Promise<T>, what: 'intents' | 'model' = 'intents'): Promise<T> {
  try {
    return await work
  } finally {
    // Also after a conflict: then it shows what somebody else saved.
    await queries.invalidateQueries({ queryKey: ['bot', what] })
    if (what === 'intents') void queries.invalidateQueries({ queryKey: keys.training })
  }
}

export function saveIntent(i: Intent): Promise<Intent> {
  const { id, name, title, topic, enabled, texts, actions, version } = i
  const body = { ...(name ? { name } : {}), title, ...(topic ? { topic } : {}), enabled, texts, actions, ...(id ? { version } : {}) }
  return renewed(server.command<Intent>(id ? 'PUT' : 'POST', id ? `/bot/intents/${id}` : '/bot/intents', body))
}

export const deleteIntent = (id: string): Promise<void> => renewed(server.command<void>('DELETE', `/bot/intents/${id}`))
export const importIntents = (text: string, look: boolean, partly = false): Promise<Imported> =>
  look ? server.command<Imported>('POST', '/bot/intents/import', { text, look }) : renewed(server.command<Imported>('POST', '/bot/intents/import', { text, partly }))
export const exportIntents = async (): Promise<string> => (await server.get<{ text: string }>('/bot/intents/export')).text
export const tryText = (text: string): Promise<Tried> => server.command<Tried>('POST', '/bot/intents/try', { text })
export const startTraining = (seed: string): Promise<void> => renewed(server.command<void>('POST', '/bot/training', seed ? { seed } : {}), 'model')
export const cancelTraining = (): Promise<void> => renewed(server.command<void>('POST', '/bot/training/cancel'), 'model')
export const serveModel = (id: string): Promise<void> => renewed(server.command<void>('POST', `/bot/models/${id}/serve`), 'model')
