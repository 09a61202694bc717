import { useQuery } from '@tanstack/vue-query'
import type { Page, Part } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'
import type { Schemas } from '../../conversations/shapes.ts'

export type Flow = Schemas['Scenario']
export type FlowVersion = Schemas['ScenarioVersion']
export type Secret = Schemas['ScenarioSecret']
export type Check = Schemas['ScenarioCheck']
export type FlowProblem = Schemas['ScenarioProblem']
export type FlowGraph = NonNullable<Check['graph']>
export type Rehearsal = Schemas['ScenarioRehearsal']
export type Effect = Omit<Schemas['ScenarioEffect'], 'parts'> & { parts?: Part[] }
export type Step = Omit<Schemas['ScenarioStep'], 'effects' | 'state'> & { effects: Effect[]; state: State }

/** What the debugger shows of the state that it hands back and forth. */
export interface State {
  v?: number
  frames?: { flow: string; at?: string; wait?: string; slot?: string; tries?: number; vars?: Record<string, unknown> }[]
}

export interface DebugInput {
  kind: 'begin' | 'message' | 'result' | 'timeout'
  text?: string
  form?: Record<string, string>
  result?: { call: string; status?: number; body?: unknown; failure?: string }
}

/** Below ['bot', 'flows']: the desk's line reads all of it again when somebody has changed something. */
const key = (...more: unknown[]): unknown[] => ['bot', 'flows', ...more]

async function changing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } finally {
    void queries.invalidateQueries({ queryKey: key() })
  }
}

export const useFlows = () => useQuery({ queryKey: key('list'), queryFn: async () => (await server.get<Page<Flow>>('/scenarios')).items ?? [], staleTime: 0 })

export function useFlow(id: MaybeRefOrGetter<string>) {
  return useQuery({ queryKey: computed(() => key('one', toValue(id))), queryFn: () => server.get<Flow>(`/scenarios/${toValue(id)}`), enabled: () => toValue(id) !== '', staleTime: 0 })
}

export function useVersions(id: MaybeRefOrGetter<string>) {
  return useQuery({ queryKey: computed(() => key('versions', toValue(id))), queryFn: async () => (await server.get<Page<FlowVersion>>(`/scenarios/${toValue(id)}/versions`)).items ?? [], enabled: () => toValue(id) !== '', staleTime: 0 })
}

export const useSecrets = () => useQuery({ queryKey: key('secrets'), queryFn: async () => (await server.get<Page<Secret>>('/scenarios/secrets')).items ?? [], staleTime: 0 })

export const createFlow = (source: string): Promise<Flow> => changing(server.command<Flow>('POST', '/scenarios', { source }))
export const saveFlow = (id: string, source: string, revision: number): Promise<Flow> => changing(server.command<Flow>('PUT', `/scenarios/${id}`, { source, revision }))
export const publishFlow = (id: string, revision: number): Promise<Flow> => changing(server.command<Flow>('POST', `/scenarios/${id}/publish`, { revision }))
export const enableFlow = (id: string, enabled: boolean): Promise<Flow> => changing(server.command<Flow>('POST', `/scenarios/${id}/enable`, { enabled }))
export const deleteFlow = (id: string): Promise<void> => changing(server.command<void>('DELETE', `/scenarios/${id}`))
export const versionOf = (id: string, n: number): Promise<FlowVersion> => server.get<FlowVersion>(`/scenarios/${id}/versions/${n}`)
export const putSecret = (name: string, value: string): Promise<void> => changing(server.command<void>('PUT', `/scenarios/secrets/${name}`, { value }))
export const deleteSecret = (name: string): Promise<void> => changing(server.command<void>('DELETE', `/scenarios/secrets/${name}`))
export const checkFlow = (source: string): Promise<Check> => server.command<Check>('POST', '/scenarios/check', { source })
export const debugFlow = (source: string, state: State | null, input: DebugInput, perform: boolean): Promise<Step> =>
  server.command<Step>('POST', '/scenarios/debug', { source, input, perform, ...(state && { state }) })
