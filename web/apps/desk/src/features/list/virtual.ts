import { useElementSize, useEventListener } from '@vueuse/core'
import { computed, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'

export interface Run {
  first: number
  /** One past the last. */
  end: number
}

/** Which rows of equal height are near the view. Multiples of step, so that scrolling a little changes nothing. */
export function visibleRun(count: number, rowHeight: number, top: number, height: number, spare = 8): Run {
  const step = 4
  const first = Math.max(0, Math.floor((top / rowHeight - spare) / step) * step)
  const end = Math.min(count, Math.ceil(((top + height) / rowHeight + spare) / step) * step)
  return { first: Math.min(first, Math.max(0, count - 1)), end: Math.max(end, Math.min(count, first + 1)) }
}

/** Keeps only the rows near the view in the page; padding stands for the others. Rows are all rowHeight high. */
export function useVirtual(scroller: Ref<HTMLElement | null>, count: MaybeRefOrGetter<number>, rowHeight: MaybeRefOrGetter<number>) {
  const { height } = useElementSize(scroller)
  const top = ref(0)
  let asked = 0
  useEventListener(
    scroller,
    'scroll',
    () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0
        top.value = scroller.value?.scrollTop ?? 0
      })
    },
    { passive: true },
  )
  const near = ref<Run>({ first: 0, end: 0 })
  // An equal run stays the same object, so that nothing is drawn anew.
  watch(
    () => visibleRun(toValue(count), toValue(rowHeight), top.value, height.value || 900),
    (run) => {
      if (run.first !== near.value.first || run.end !== near.value.end) near.value = run
    },
    { immediate: true },
  )
  const before = computed(() => near.value.first * toValue(rowHeight))
  const after = computed(() => Math.max(0, toValue(count) - near.value.end) * toValue(rowHeight))

  /** Brings a row into view with the least movement. */
  function reveal(index: number): void {
    const box = scroller.value
    if (!box || index < 0) return
    const from = index * toValue(rowHeight)
    const to = from + toValue(rowHeight)
    if (from < box.scrollTop) box.scrollTop = from
    else if (to > box.scrollTop + box.clientHeight) box.scrollTop = to - box.clientHeight
    top.value = box.scrollTop
  }

  function toTop(): void {
    if (scroller.value) scroller.value.scrollTop = 0
    top.value = 0
  }

  return { near, before, after, reveal, toTop }
}
