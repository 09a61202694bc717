import { queries, server } from '../../server.ts'
import { refreshConversation } from '../conversations/api.ts'
import { queueKeys } from './api.ts'

async function order(id: string, name: 'decline' | 'transfer' | 'escalate' | 'claim', body: object): Promise<void> {
  try {
    await server.command('POST', `/conversations/${id}/${name}`, body)
  } finally {
    void queries.invalidateQueries({ queryKey: queueKeys.waiting })
    // It may be out of sight now; the list then hears so from the feed.
    await refreshConversation(id).catch(() => undefined)
  }
}

export const claim = (id: string): Promise<void> => order(id, 'claim', {})
export const decline = (id: string): Promise<void> => order(id, 'decline', {})
export const transfer = (id: string, to: { agent_id?: string; team_id?: string; note?: string; version?: number }): Promise<void> => order(id, 'transfer', to)
export const escalate = (id: string, reason: string): Promise<void> => order(id, 'escalate', { reason })
