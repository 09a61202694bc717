import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import type { Conversation } from '../conversations/shapes.ts'
import { useInboxes } from '../people/api.ts'
import { can } from '../session/model.ts'

/** Whether the conversation can be given back to the bot: it is with people, where a bot answers first. */
export function useGiveBack(conversation: MaybeRefOrGetter<Conversation | undefined>): ComputedRef<boolean> {
  const { data: inboxes } = useInboxes()
  return computed(() => {
    const c = toValue(conversation)
    if (!c || (c.status !== 'open' && c.status !== 'snoozed') || !can('conversations.assign')) return false
    const inbox = inboxes.value?.find((i) => i.id === c.inbox_id) as { settings?: { bot_first?: boolean } } | undefined
    return inbox?.settings?.bot_first === true
  })
}
