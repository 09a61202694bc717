import type { Author, FeedEvent } from '@yingda/shared/api'

/** Something that happened to a conversation beside messages, as the trail keeps it. */
export interface Trace {
  at: string
  actor?: Author
  type: string
  details: TraceDetails
}

export interface TraceDetails {
  agent_id?: string
  team_id?: string
  previous_agent_id?: string
  until?: string
  added?: string[]
  removed?: string[]
  score?: number
  reason?: string
  [name: string]: unknown
}

const byReason: Record<string, string> = {
  resolved: 'resolved',
  reopened: 'reopened',
  snoozed: 'snoozed',
  snooze_ended: 'woke',
  customer_wrote: 'customer_wrote',
  customer_left: 'customer_left',
  agent_replied: 'agent_replied',
  given_to_bot: 'given_to_bot',
  handed_over: 'handed_over',
}

/** What a feed event adds to the trail; null when it adds nothing. */
export function traceOf(event: FeedEvent): Trace | null {
  const more = event as FeedEvent & TraceDetails
  const trace = (type: string, details: TraceDetails = {}): Trace => ({ at: event.at, type, details, ...(event.actor ? { actor: event.actor } : {}) })
  const id = <K extends string>(name: K, value: string | undefined): Record<string, string> => (value ? { [name]: value } : {})
  switch (event.type) {
    case 'conversation.status_changed':
      return trace(byReason[event.reason ?? ''] ?? 'taken_over', id('until', event.until))
    case 'conversation.assigned':
      return trace('assigned', { ...id('agent_id', event.agent_id), ...id('team_id', event.team_id), ...id('previous_agent_id', event.previous_agent_id), ...id('reason', event.reason), ...(more.detail ? { detail: more.detail } : {}) })
    case 'conversation.escalated':
      return trace('escalated', id('reason', event.reason))
    case 'conversation.wait_chosen': {
      const choice = (more.wait as { choice?: string } | undefined)?.choice ?? more.choice
      return trace('wait_chosen', typeof choice === 'string' ? { choice } : {})
    }
    case 'callback.changed': {
      const state = (more.wait as { state?: string } | undefined)?.state ?? more.state
      return state === 'done' ? trace('called') : null
    }
    case 'conversation.labelled':
      return trace('labelled', { added: more.added ?? [], removed: more.removed ?? [] })
    case 'contact.merged':
      return trace('merged')
    case 'contact.unmerged':
      return trace('unmerged')
    case 'conversation.rated':
      return trace('rated', typeof more.score === 'number' ? { score: more.score } : {})
    default:
      return null
  }
}
