import { toValue, type MaybeRefOrGetter } from 'vue'
import { sendTyping } from '../conversations/api.ts'

const repeat = 3000

/** Tells the other side, at most every three seconds, that an answer is being written, and when it no longer is. */
export function useTypingTold(conversation: MaybeRefOrGetter<string>) {
  let told = 0
  return {
    tell: (): void => {
      if (Date.now() - told < repeat) return
      told = Date.now()
      sendTyping(toValue(conversation), true).catch(() => undefined) // fleeting: not worth a word
    },
    stop: (): void => {
      if (told === 0) return
      told = 0
      sendTyping(toValue(conversation), false).catch(() => undefined)
    },
  }
}
