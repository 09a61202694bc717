import type { Author, Signal } from '@yingda/shared/api'
import { reactive } from 'vue'
import { me } from '../session/model.ts'

export interface Typist {
  by: Author
  /** What a visitor has typed so far, when the widget tells. */
  text: string
  until: number
}

const shownFor = 6000

/** Who types, by conversation. Fleeting: an entry ends by itself when nothing is heard for six seconds. */
export const typists = reactive(new Map<string, Typist>())

export function hearTyping(signal: Signal): void {
  if (signal.type !== 'typing' || (signal.by.kind === 'agent' && signal.by.id === me())) return
  const id = signal.conversation_id
  if (!signal.on) {
    typists.delete(id)
    return
  }
  typists.set(id, { by: signal.by, text: signal.text ?? '', until: Date.now() + shownFor })
  setTimeout(() => {
    const typist = typists.get(id)
    if (typist && typist.until <= Date.now()) typists.delete(id)
  }, shownFor + 50)
}

/** Somebody's message is there: they no longer type it. */
export function stopTyping(conversation: string): void {
  typists.delete(conversation)
}
