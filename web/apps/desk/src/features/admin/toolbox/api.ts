import { useQuery } from '@tanstack/vue-query'
import type { Page, Part } from '@yingda/shared/api'
import { queries, server } from '../../../server.ts'

export const labelColors = ['emerald', 'slate', 'amber', 'red', 'blue', 'violet', 'teal', 'pink'] as const

export interface Label {
  id: string
  name: string
  color: string
  description?: string
  revision: string
}

export type Scope = 'personal' | 'team' | 'all'

export interface CannedReply {
  id: string
  shortcut: string
  title: string
  parts: Part[]
  scope: Scope
  team_id?: string
  agent_id?: string
  revision: string
}

const keys = { labels: ['labels'] as const, canned: ['canned-replies'] as const }

export function useLabels() {
  return useQuery({ queryKey: keys.labels, queryFn: async () => (await server.get<Page<Label>>('/labels')).items, staleTime: 0 })
}

export async function saveLabel(label: Label): Promise<void> {
  const { id, name, color, description, revision } = label
  try {
    await server.command(id ? 'PUT' : 'POST', id ? `/labels/${id}` : '/labels', { name, color, description, ...(id ? { revision } : {}) })
  } finally {
    // Also after a conflict: then it shows what somebody else saved.
    await queries.invalidateQueries({ queryKey: keys.labels })
  }
}

export async function deleteLabel(id: string): Promise<void> {
  await server.command('DELETE', `/labels/${id}`)
  await queries.invalidateQueries({ queryKey: keys.labels })
}

export function useCanned() {
  return useQuery({ queryKey: [...keys.canned, 'settings'], queryFn: async () => (await server.get<Page<CannedReply>>('/canned-replies')).items, staleTime: 0 })
}

export async function saveCanned(reply: CannedReply): Promise<void> {
  const { id, shortcut, title, parts, scope, team_id, revision } = reply
  const body = { shortcut, title, parts, scope, ...(scope === 'team' ? { team_id } : {}), ...(id ? { revision } : {}) }
  try {
    await server.command(id ? 'PUT' : 'POST', id ? `/canned-replies/${id}` : '/canned-replies', body)
  } finally {
    await queries.invalidateQueries({ queryKey: keys.canned })
  }
}

export async function deleteCanned(id: string): Promise<void> {
  await server.command('DELETE', `/canned-replies/${id}`)
  await queries.invalidateQueries({ queryKey: keys.canned })
}
