import type { Conversation, Message } from '../conversations/shapes.ts'

/** What a person wants to be told of. */
export interface NotifyPreferences {
  about: 'mine' | 'everything' | 'nothing'
  /** Notifications of the system, where the browser may show them. */
  desktop: boolean
  sound: boolean
  /** Nothing is shown or heard until then; 0 is not quiet. */
  quietUntil: number
}

export interface Situation {
  me: string
  now: number
  /** The conversation on screen, on a visible page. */
  watching: string
}

/** Whether a message is worth a notice, and whether it calls this person by name. */
export function worth(message: Message, conversation: Pick<Conversation, 'assignee_id' | 'status'> | undefined, wants: NotifyPreferences, s: Situation): 'mention' | 'message' | null {
  if (s.now < wants.quietUntil || message.conversation_id === s.watching) return null
  if (message.author.kind === 'agent' && message.author.id === s.me) return null
  if ((message.mentions ?? []).includes(s.me)) return 'mention'
  if (message.author.kind !== 'visitor' || wants.about === 'nothing') return null
  if (wants.about === 'everything') return 'message'
  const assignee = conversation?.assignee_id ?? ''
  // A conversation that nobody has is everybody's.
  return conversation && (assignee === s.me || (assignee === '' && conversation.status === 'open')) ? 'message' : null
}
