import { useEventListener, useIntervalFn } from '@vueuse/core'
import type { Signal } from '@yingda/shared/api'
import { onBeforeUnmount, reactive, toValue, type MaybeRefOrGetter } from 'vue'
import { server } from '../../server.ts'
import { me } from '../session/model.ts'

export interface Viewer {
  id: string
  name: string
  typing?: boolean
}

/** Colleagues who have the same conversation open, by conversation. Fleeting: told again every 20 s, forgotten after 30. */
export const viewers = reactive(new Map<string, { agents: Viewer[]; until: number }>())
const shownFor = 35_000
const repeatEvery = 20_000
/** As long as the server believes that somebody types without hearing of it again. */
const typesFor = 8_000

export function hearViewing(signal: Signal): void {
  if (signal.type !== 'viewing') return
  const agents = ((signal as Signal & { agents?: Viewer[] }).agents ?? []).filter((a) => a.id !== me())
  const id = signal.conversation_id
  if (agents.length === 0) {
    viewers.delete(id)
    return
  }
  const told = { agents, until: Date.now() + shownFor }
  viewers.set(id, told)
  if (agents.some((a) => a.typing)) {
    // The server does not tell that somebody stopped.
    setTimeout(() => {
      const now = viewers.get(id)
      if (now?.until === told.until) viewers.set(id, { ...now, agents: agents.map(({ typing: _, ...a }) => a) })
    }, typesFor)
  }
  setTimeout(() => {
    if ((viewers.get(id)?.until ?? Infinity) <= Date.now()) viewers.delete(id)
  }, shownFor + 50)
}

/** Tells colleagues that this page has the conversation open and visible. */
export function useViewing(id: MaybeRefOrGetter<string>): void {
  const conversation = toValue(id)
  const tell = (on: boolean): void => {
    server.command('POST', `/conversations/${conversation}/viewing`, { on }).catch(() => undefined) // fleeting: not worth a word
  }
  const visible = (): boolean => document.visibilityState === 'visible'
  if (visible()) tell(true)
  useIntervalFn(() => visible() && tell(true), repeatEvery)
  useEventListener(document, 'visibilitychange', () => tell(visible()))
  onBeforeUnmount(() => tell(false))
}
