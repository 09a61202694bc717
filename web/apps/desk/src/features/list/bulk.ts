import { useToast } from '@nuxt/ui/composables'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { queries, server } from '../../server.ts'
import { explain } from '../../shell/explain.ts'
import { keys } from '../conversations/keys.ts'

export type BulkAction =
  | { action: 'resolve' | 'reopen' | 'read' }
  | { action: 'assign'; agent_id: string; team_id: string }
  | { action: 'snooze'; until: string }
  | { action: 'label'; add: string[]; remove: string[] }

interface Result {
  id: string
  ok: boolean
  problem?: { kind?: string; detail?: string }
}

/** Does one thing to many conversations and tells how many it was done to, and why not to the others. */
export function useBulk() {
  const { t } = useI18n()
  const toast = useToast()
  const busy = ref(false)

  async function run(ids: string[], what: BulkAction): Promise<boolean> {
    if (busy.value || ids.length === 0) return false
    busy.value = true
    try {
      const { results } = await server.command<{ results: Result[] }>('POST', '/conversations/bulk', { ids, ...what })
      const failed = results.filter((r) => !r.ok)
      const done = results.length - failed.length
      const reasons = new Set(failed.map((r) => t(`error.${kindOf(r)}`)))
      toast.add({
        title: failed.length === 0 ? t('bulk.done', { n: done }) : t('bulk.partly', { n: done, failed: failed.length }),
        ...(failed.length > 0 ? { description: [...reasons].join(' ') } : {}),
        icon: failed.length === 0 ? 'i-lucide-check' : 'i-lucide-circle-alert',
        color: failed.length === 0 ? 'success' : 'warning',
      })
      // The feed tells of most of it; the lists are read again for what it does not tell.
      void queries.invalidateQueries({ queryKey: keys.lists })
      return true
    } catch (error) {
      toast.add({ title: t('error.failedTo'), description: explain(error), icon: 'i-lucide-circle-alert', color: 'error' })
      return false
    } finally {
      busy.value = false
    }
  }

  return { run, busy }
}

const kinds = new Set(['invalid', 'not_found', 'conflict', 'denied', 'limited', 'unavailable', 'unsupported'])

function kindOf(r: Result): string {
  const kind = r.problem?.kind ?? ''
  return kinds.has(kind) ? kind : 'internal'
}
