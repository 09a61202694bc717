import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { queries, server } from '../../../server.ts'

/** An administrative act. */
export interface AuditRow {
  id: string
  at: string
  actor?: { id?: string; name?: string } | undefined
  action: string
  target?: { kind?: string; id?: string; name?: string } | undefined
  details?: Record<string, unknown> | undefined
  addr?: string | undefined
}

export interface AuditFilter {
  actor?: string
  action?: string
}

export interface Token {
  id: string
  agent_id: string
  name: string
  permissions: string[]
  created_at: string
  expires_at: string
  used_at?: string
}

/** An event that a consumer could not handle. */
export interface DeadLetter {
  id: string
  consumer: string
  conversation_id?: string
  type: string
  error: string
  attempts: number
  at: string
}

/** How far the sealing under a new key is. */
export interface Rotation {
  state: '' | 'running' | 'done' | 'failed'
  done: number
  total: number
  unreadable: number
  started_at?: string
  updated_at?: string
}

/** How the installation is, seen from the node that answers. */
export interface System {
  version: string
  started_at: string
  database: 'sqlite' | 'postgres'
  writable: boolean
  fault?: string
  disk_free_bytes: number
  disk_total_bytes: number
  memory_bytes: number
  consumers: { name: string; lag: number; alive: boolean }[]
  dead_letters: number
  bot: { effort: 'full' | 'no_network' | 'plain_search'; waiting: number; queued: number; slowest_ms: number }
  intents: { model?: string; number?: number; kind?: string; training: boolean; last?: { state: string; reason?: string } }
  knowledge: { version?: string; items: number; training: boolean }
  failing: { flow: string; step: string; failure?: string; status?: number; times: number; last: string }[]
  warnings: string[]
}

export const useSystem = () => useQuery({ queryKey: ['settings', 'system'], queryFn: () => server.get<System>('/system'), staleTime: 0, refetchInterval: 10_000 })

export const safetyKeys = {
  audit: (filter: AuditFilter) => ['settings', 'audit', filter] as const,
  tokens: ['settings', 'tokens'] as const,
  letters: ['settings', 'letters'] as const,
  rotation: ['settings', 'rotation'] as const,
}

export function readAudit(query: { actor?: string | undefined; action?: string | undefined; cursor?: string | undefined; limit?: number }): Promise<Page<AuditRow>> {
  return server.get<Page<AuditRow>>('/audit', query)
}

export function useAudit(filter: MaybeRefOrGetter<AuditFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => safetyKeys.audit(toValue(filter))),
    queryFn: ({ pageParam, queryKey }) => readAudit({ ...queryKey[2], cursor: pageParam, limit: 50 }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<AuditRow>) => last.next_cursor || undefined,
    staleTime: 0,
  })
}

export function useTokens() {
  return useQuery({ queryKey: safetyKeys.tokens, queryFn: async () => (await server.get<Page<Token>>('/tokens')).items, staleTime: 0 })
}

export async function createToken(name: string, permissions: string[], expiresAt: string): Promise<string> {
  const answer = await server.command<{ secret: string }>('POST', '/tokens', { name, permissions, expires_at: expiresAt })
  await queries.invalidateQueries({ queryKey: safetyKeys.tokens })
  return answer.secret
}

export async function revokeToken(id: string): Promise<void> {
  await server.command('DELETE', `/tokens/${id}`)
  await queries.invalidateQueries({ queryKey: safetyKeys.tokens })
}

export function useLetters() {
  return useQuery({ queryKey: safetyKeys.letters, queryFn: async () => (await server.get<Page<DeadLetter>>('/dead-letters', { limit: 100 })).items, staleTime: 0 })
}

export async function replayLetter(id: string): Promise<void> {
  await server.command('POST', `/dead-letters/${id}/replay`)
  await queries.invalidateQueries({ queryKey: safetyKeys.letters })
}

export function useRotation() {
  return useQuery({
    queryKey: safetyKeys.rotation,
    queryFn: () => server.get<Rotation>('/keys/rotation'),
    staleTime: 0,
    refetchInterval: (query) => (query.state.data?.state === 'running' ? 2000 : false),
  })
}

export async function rotateKeys(): Promise<void> {
  queries.setQueryData(safetyKeys.rotation, await server.command<Rotation>('POST', '/keys/rotation'))
}
