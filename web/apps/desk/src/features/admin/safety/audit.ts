import type { AuditRow } from './api.ts'

/** Acts that have words, as the filter offers them. */
export const acts = [
  'account.created', 'agent.created', 'agent.changed', 'agent.disabled', 'agent.enabled', 'agent.credentials_changed', 'invitation.created',
  'invitation.accepted', 'invitation.revoked', 'role.created', 'role.changed', 'role.deleted', 'team.created', 'team.changed', 'team.deleted',
  'inbox.created', 'inbox.changed', 'inbox.host_key_added', 'inbox.host_key_removed', 'token.created', 'token.revoked', 'session.ended',
  'second_factor.enabled', 'second_factor.disabled', 'second_factor.recovered',
  'skill.added', 'skill.renamed', 'skill.deleted', 'agent_work.changed', 'team_work.changed', 'queue_rules.changed',
  'account.changed', 'label.created', 'label.changed', 'label.deleted', 'canned_reply.created', 'canned_reply.changed', 'canned_reply.deleted',
  'keys.rotated', 'dead_letter.replayed', 'intent.created', 'intent.changed', 'intent.deleted', 'intent.restored', 'training.started', 'training.cancelled',
  'model.chosen', 'knowledge.created', 'knowledge.changed', 'knowledge.deleted', 'knowledge.imported', 'knowledge.categories_changed',
  'knowledge.synonyms_changed', 'knowledge.training_chosen',
  'knowledge.restored', 'proposal.accepted', 'proposal.refused', 'chats.read', 'flow_key.set', 'flow_key.deleted', 'bot_settings.changed',
  'flow.created', 'flow.published', 'flow.enabled', 'flow.disabled', 'flow.deleted',
  'robot.added', 'robot.changed', 'robot.deleted', 'robot.tested',
] as const

/** The key of an act's text: names of texts hold no dots. */
export const actKey = (action: string): string => action.replaceAll('.', '_')

/** An act in words; one that has none yet is shown by its name. */
export function sentence(t: (key: string) => string, row: Pick<AuditRow, 'action'>): string {
  return (acts as readonly string[]).includes(row.action) ? t(`settings.act.${actKey(row.action)}`) : row.action
}

/** What changed, one a line: "name: a → b". */
export function details(row: Pick<AuditRow, 'details'>): string {
  const plain = (value: unknown): string => (value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value))
  return Object.entries(row.details ?? {})
    .map(([name, value]) => {
      const change = value as { from?: unknown; to?: unknown } | null
      const both = change !== null && typeof change === 'object' && ('from' in change || 'to' in change)
      return both ? `${name}: ${plain(change.from)} → ${plain(change.to)}` : `${name}: ${plain(value)}`
    })
    .join('\n')
}
