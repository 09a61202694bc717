import { computed, shallowRef, watch, type Ref } from 'vue'
import type { Conversation } from '../conversations/shapes.ts'

/** As many as are done at once. */
export const most = 100

/** Which rows are marked for a bulk action. A row that leaves the list is no longer marked. */
export function useSelection(rows: Ref<Conversation[]>) {
  const marked = shallowRef<ReadonlySet<string>>(new Set())
  let anchor = ''

  function set(ids: Iterable<string>): void {
    marked.value = new Set([...ids].slice(0, most))
  }

  /** Marks or unmarks a row; with range, everything between the last one and it. */
  function toggle(id: string, range = false): void {
    const next = new Set(marked.value)
    const from = rows.value.findIndex((c) => c.id === anchor)
    const to = rows.value.findIndex((c) => c.id === id)
    if (range && from >= 0 && to >= 0) for (const c of rows.value.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(c.id)
    else if (!next.delete(id)) next.add(id)
    anchor = id
    set(next)
  }

  function all(): void {
    set(rows.value.map((c) => c.id))
  }

  function clear(): void {
    if (marked.value.size > 0) marked.value = new Set()
    anchor = ''
  }

  watch(rows, (now) => {
    if (marked.value.size === 0) return
    const there = new Set(now.map((c) => c.id))
    const left = [...marked.value].filter((id) => there.has(id))
    if (left.length < marked.value.size) set(left)
  })

  return { marked, count: computed(() => marked.value.size), toggle, all, clear }
}
