import { useEventListener, useResizeObserver } from '@vueuse/core'
import { nextTick, ref, watch, type Ref } from 'vue'

interface Shown {
  /** The seq of the oldest message on screen. */
  first: () => number | undefined
  /** Whether the thread's end is the newest message, so that the end is worth keeping to. */
  whole: () => boolean
}

/**
 * How a thread moves: it keeps to the newest message while the reader is at the end, keeps still otherwise, and keeps
 * the reader's place when older messages are put above.
 */
export function useThreadScroll(scroller: Ref<HTMLElement | null>, content: Ref<HTMLElement | null>, shown: Shown) {
  const atEnd = ref(true)

  function toEnd(smooth = false): void {
    const box = scroller.value
    if (box) box.scrollTo({ top: box.scrollHeight, behavior: smooth ? 'smooth' : 'instant' })
  }

  useEventListener(
    scroller,
    'scroll',
    () => {
      const box = scroller.value
      if (box) atEnd.value = shown.whole() && box.scrollHeight - box.scrollTop - box.clientHeight < 48
    },
    { passive: true },
  )

  // Whatever changes the heights (a picture, the composer growing, the keyboard of a phone): stay at the end.
  useResizeObserver([scroller, content], () => {
    if (atEnd.value) toEnd()
  })

  watch(
    shown.first,
    async (seq, before) => {
      const box = scroller.value
      if (!box || before === undefined || seq === undefined || seq >= before || atEnd.value) return
      const below = box.scrollHeight - box.scrollTop
      await nextTick()
      box.scrollTop = box.scrollHeight - below
    },
    { flush: 'pre' },
  )

  /** Brings a message into the middle of the view and lets it stand out. False when it is not on screen. */
  function toMessage(seq: number): boolean {
    const row = scroller.value?.querySelector<HTMLElement>(`[data-seq="${seq}"]`)
    if (!row) return false
    atEnd.value = false
    row.scrollIntoView({ block: 'center' })
    row.classList.remove('animate-hit')
    void row.offsetWidth
    row.classList.add('animate-hit')
    return true
  }

  return { atEnd, toEnd, toMessage }
}
