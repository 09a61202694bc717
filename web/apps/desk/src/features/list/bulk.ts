import { useToast } from '@nuxt/ui/composables'
import { Problem, type ProblemKind } from '@yingda/shared/api'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { changeLabels, markRead, refreshConversation, runCommand } from '../conversations/api.ts'
import type { Conversation } from '../conversations/shapes.ts'

export type BulkAction =
  | { action: 'resolve' | 'reopen' | 'read' }
  | { action: 'assign'; agent_id: string; team_id: string }
  | { action: 'snooze'; until: string }
  | { action: 'label'; add: string[]; remove: string[] }

/** How many are on their way at once: quick, and no burst that the server would refuse. */
const together = 4

/** One of many: each is its own command, on the version that was on screen, so nobody's change is overwritten unseen. */
function perform(c: Conversation, what: BulkAction): Promise<void> {
  switch (what.action) {
    case 'assign':
      return runCommand(c, { name: 'assign', agent_id: what.agent_id, team_id: what.team_id || (c.team_id ?? '') })
    case 'snooze':
      return runCommand(c, { name: 'snooze', until: what.until })
    case 'label':
      return changeLabels(c, what.add, what.remove)
    case 'read':
      return c.unread > 0 ? markRead(c, c.seq) : Promise.resolve()
    default:
      return runCommand(c, { name: what.action })
  }
}

/** Does one thing to many conversations and tells how many it was done to, and why not to the others. */
export function useBulk() {
  const { t } = useI18n()
  const toast = useToast()
  const busy = ref(false)

  async function run(all: Conversation[], what: BulkAction): Promise<boolean> {
    if (busy.value || all.length === 0) return false
    busy.value = true
    const waiting = [...all]
    const reasons = new Map<ProblemKind, number>()
    const work = async (): Promise<void> => {
      for (let c = waiting.shift(); c; c = waiting.shift()) {
        try {
          await perform(c, what)
        } catch (error) {
          const kind = error instanceof Problem ? error.kind : 'internal'
          reasons.set(kind, (reasons.get(kind) ?? 0) + 1)
          if (kind === 'conflict') await refreshConversation(c.id).catch(() => undefined)
        }
      }
    }
    await Promise.all(Array.from({ length: together }, work))
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
