import { useToast } from '@nuxt/ui/composables'
import { Problem, type ProblemKind } from '@yingda/shared/api'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { server } from '../../server.ts'
import type { Conversation, Schemas } from '../conversations/shapes.ts'

export type BulkAction =
  | { action: 'resolve' | 'reopen' | 'read' }
  | { action: 'assign'; agent_id: string; team_id: string }
  | { action: 'snooze'; until: string }
  | { action: 'label'; add: string[]; remove: string[] }

/** The most the server takes at once. */
const together = 100

/** One request for all that get the same; giving it to a person leaves each in its team. */
function requests(all: Conversation[], what: BulkAction): { ids: string[]; [field: string]: unknown }[] {
  const groups = new Map<string, string[]>()
  for (const c of all) {
    const team = what.action === 'assign' && what.agent_id !== '' ? what.team_id || (c.team_id ?? '') : 'team_id' in what ? what.team_id : ''
    groups.set(team, [...(groups.get(team) ?? []), c.id])
  }
  const asked = []
  for (const [team, ids] of groups) {
    for (let from = 0; from < ids.length; from += together) asked.push({ ...what, ...(what.action === 'assign' ? { team_id: team } : {}), ids: ids.slice(from, from + together) })
  }
  return asked
}

/** Does one thing to many conversations and tells how many it was done to, and why not to the others. */
export function useBulk() {
  const { t } = useI18n()
  const toast = useToast()
  const busy = ref(false)

  async function run(all: Conversation[], what: BulkAction): Promise<boolean> {
    if (busy.value || all.length === 0) return false
    busy.value = true
    const reasons = new Map<ProblemKind, number>()
    const failing = (kind: ProblemKind, n: number): unknown => reasons.set(kind, (reasons.get(kind) ?? 0) + n)
    for (const body of requests(all, what)) {
      try {
        const { results } = await server.command<Schemas['BulkResults']>('POST', '/conversations/bulk', body)
        for (const r of results) if (!r.ok) failing(r.problem?.kind ?? 'internal', 1)
      } catch (error) {
        failing(error instanceof Problem ? error.kind : 'internal', body.ids.length)
      }
    }
    busy.value = false
    const failed = [...reasons.values()].reduce((sum, n) => sum + n, 0)
    toast.add({
      title: failed === 0 ? t('bulk.done', { n: all.length }) : t('bulk.partly', { n: all.length - failed, failed }),
      ...(failed > 0 ? { description: [...reasons.keys()].map((kind) => t(`error.${kind}`)).join(' ') } : {}),
      icon: failed === 0 ? 'i-lucide-check' : 'i-lucide-circle-alert',
      color: failed === 0 ? 'success' : 'warning',
    })
    return failed < all.length
  }

  return { run, busy }
}
