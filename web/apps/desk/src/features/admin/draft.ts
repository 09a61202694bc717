import { useEventListener } from '@vueuse/core'
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave, onBeforeRouteUpdate } from 'vue-router'
import { ask } from './ask.ts'

export function copy<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T)
}

/** Equal as JSON, whatever the order of names; a missing value and an empty one count as the same. */
export function same(a: unknown, b: unknown): boolean {
  return plain(a) === plain(b)
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => {
    if (v === '' || v === null || (Array.isArray(v) && v.length === 0)) return undefined
    if (v !== null && typeof v === 'object' && !Array.isArray(v)) {
      const rows = Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1))
      const kept = Object.fromEntries(rows.filter(([, inner]) => plain(inner) !== undefined && plain(inner) !== '{}'))
      return kept
    }
    return v
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Three ways: mine where I changed it since base, theirs everywhere else. Lists count as one value. */
export function merge(base: unknown, mine: unknown, theirs: unknown): unknown {
  if (isRecord(mine) && isRecord(theirs)) {
    const from = isRecord(base) ? base : {}
    const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
    return Object.fromEntries([...names].map((name) => [name, merge(from[name], mine[name], theirs[name])]))
  }
  return copy(same(base, mine) ? theirs : mine)
}

/**
 * A copy of server state to edit. It follows the source while nothing was changed, and keeps the person's changes when
 * something was: then stale says that somebody else saved meanwhile.
 */
export function useDraft<T>(source: Ref<T | undefined>, versionOf: (value: T) => unknown = () => 0) {
  const draft = ref<T>() as Ref<T | undefined>
  const base = ref<T>() as Ref<T | undefined>
  const dirty = computed(() => base.value !== undefined && !same(base.value, draft.value))
  const stale = ref(false)

  function take(value: T): void {
    base.value = copy(value)
    draft.value = copy(value)
    stale.value = false
  }

  watch(
    source,
    (value) => {
      if (value === undefined) return
      if (!dirty.value || same(value, draft.value)) take(value)
      else if (base.value !== undefined && versionOf(value) !== versionOf(base.value)) stale.value = true
    },
    { immediate: true },
  )

  return {
    draft,
    base,
    dirty,
    stale,
    take,
    /** Back to what the server has. */
    reset: (): void => {
      if (source.value !== undefined) take(source.value)
    },
    /** Keeps the person's changes and puts them upon the newest state; what only the other one changed stays theirs. */
    keepMine: (): void => {
      if (source.value !== undefined) {
        draft.value = merge(base.value, draft.value, source.value) as T
        base.value = copy(source.value)
      }
      stale.value = false
    },
  }
}

/** Asks before unsaved changes are left behind, inside the desk and at the browser's door. */
export function useUnsaved(dirty: Ref<boolean>): void {
  const { t } = useI18n()
  const leave = async (): Promise<boolean> =>
    !dirty.value || (await ask({ title: t('settings.leave.title'), body: t('settings.leave.body'), confirm: t('settings.leave.confirm'), danger: true }))
  onBeforeRouteLeave(leave)
  onBeforeRouteUpdate((to, from) => to.path === from.path || leave())
  useEventListener(window, 'beforeunload', (event: BeforeUnloadEvent) => {
    if (dirty.value) event.preventDefault()
  })
}
