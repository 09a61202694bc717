import { shallowRef } from 'vue'

/** A question before something that cannot be taken back. */
export interface Question {
  title: string
  body: string
  confirm: string
  danger?: boolean
}

interface Open extends Question {
  answer: (yes: boolean) => void
}

/** The question on screen; AskDialog shows it. */
export const question = shallowRef<Open | null>(null)

/** Asks and waits. A question that is replaced by another counts as answered with no. */
export function ask(q: Question): Promise<boolean> {
  question.value?.answer(false)
  return new Promise((resolve) => {
    question.value = {
      ...q,
      answer: (yes) => {
        question.value = null
        resolve(yes)
      },
    }
  })
}
