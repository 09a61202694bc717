import { computed, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { sendMessage } from './api.ts'
import { outboxStorage } from './drafts.ts'
import { onMessage, patchMessage } from './feed.ts'
import type { Outgoing, OutboxItem } from './model.ts'
import { Outbox } from './outbox.ts'
import type { Message } from './shapes.ts'
import { stopTyping } from './typing.ts'

const items = shallowRef<OutboxItem[]>([])
let outbox: Outbox | null = null

/** Begins sending for the person who just signed in. Returns how to stop. */
export function startOutbox(explain: (problem: unknown) => string): () => void {
  const box = new Outbox({
    send: sendMessage,
    sent: (_, message) => message && patchMessage(message),
    changed: (all) => {
      items.value = all
    },
    explain,
    storage: outboxStorage(),
  })
  outbox = box
  const stopListening = onMessage((message: Message) => {
    if (message.author.kind === 'agent') box.confirmed(message.client_id)
    else stopTyping(message.conversation_id)
  })
  box.kick()
  return () => {
    stopListening()
    box.close()
    outbox = null
    items.value = []
  }
}

export function useOutbox(conversation: MaybeRefOrGetter<string>) {
  return computed(() => items.value.filter((i) => i.conversation === toValue(conversation)))
}

export const sending = {
  add: (message: Outgoing): void => void outbox?.add(message),
  /** Everything that was written and is not sent, for the question at log-out. */
  left: (): OutboxItem[] => items.value,
  resend: (key: string): void => outbox?.resend(key),
  drop: (key: string): void => outbox?.drop(key),
  kick: (): void => outbox?.kick(),
  /** Nothing is sent or stored from now on: the person is logging out. */
  close: (): void => outbox?.close(),
}
