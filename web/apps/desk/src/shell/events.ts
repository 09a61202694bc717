import type { FeedEvent } from '@yingda/shared/api'

type Listener = (event: FeedEvent) => void
const listeners = new Set<Listener>()

/** Hears committed facts as they come in, beside the cache. Answers how to stop. */
export function hear(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Passes a fact on. The line calls it after the cache is true. */
export function tell(event: FeedEvent): void {
  for (const listener of listeners) listener(event)
}
