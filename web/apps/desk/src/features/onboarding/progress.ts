import { useStorage } from '@vueuse/core'
import { me } from '../session/model.ts'

/** The guide's steps, in order. */
export const steps = ['look', 'install', 'first', 'team'] as const
export type Step = (typeof steps)[number]

interface Progress {
  step: Step
  /** What this person has been through in this browser; whether the first message came is the server's to say. */
  done: Step[]
}

/** Where this person left the guide. */
export function useProgress() {
  const progress = useStorage<Progress>(`yingda.start.${me()}`, { step: 'look', done: [] }, undefined, { mergeDefaults: true })
  function finish(step: Step): void {
    if (!progress.value.done.includes(step)) progress.value.done.push(step)
  }
  return {
    progress,
    finish,
    /** Ends a step and opens the next; false after the last. */
    forward(): boolean {
      finish(progress.value.step)
      const next = steps[steps.indexOf(progress.value.step) + 1]
      if (next) progress.value.step = next
      return next !== undefined
    },
    back(): void {
      const before = steps[steps.indexOf(progress.value.step) - 1]
      if (before) progress.value.step = before
    },
  }
}
