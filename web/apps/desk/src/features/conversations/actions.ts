import { useToast } from '@nuxt/ui/composables'
import { Problem } from '@yingda/shared/api'
import { momentLabel } from '@yingda/shared/i18n'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { queries } from '../../server.ts'
import { explain } from '../../shell/explain.ts'
import { refreshConversation, runCommand, type Command } from './api.ts'
import { keys } from './keys.ts'
import { differences, type Activity } from './model.ts'
import { useCalled } from './names.ts'
import type { Conversation } from './shapes.ts'

/** Runs commands on conversations and tells what became of them. */
export function useActions() {
  const toast = useToast()
  const { t, locale } = useI18n()
  const called = useCalled()
  const busy = ref(false)

  async function run(conversation: Conversation, command: Command): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    try {
      await runCommand(conversation, command)
      const until = command.name === 'snooze' ? momentLabel(locale.value, command.until, Date.now()) : ''
      toast.add({ title: t(`action.done.${command.name}`, { until }), icon: 'i-lucide-check', color: 'success', duration: 2500 })
      return true
    } catch (error) {
      if (error instanceof Problem && error.kind === 'conflict') await tellConflict(conversation)
      else toast.add({ title: t('error.failedTo'), description: explain(error), icon: 'i-lucide-circle-alert', color: 'error' })
      return false
    } finally {
      busy.value = false
    }
  }

  /** One wins, the other is told: who changed what, and that the page now shows it. */
  async function tellConflict(before: Conversation): Promise<void> {
    let changes: string[] = []
    try {
      const after = await refreshConversation(before.id)
      const last = queries.getQueryData<Activity[]>(keys.activity(before.id))?.at(-1)
      const actor = last?.event.actor ? called.author(last.event.actor, after.contact) : t('activity.someone')
      changes = differences(before, after).map((d) => {
        if (d.field === 'status' && d.status) return t('action.conflictStatus', { actor, status: t(`status.${d.status}`) })
        if (d.field === 'assignee') {
          return d.assignee ? t('action.conflictAssignee', { actor, name: called.agent(d.assignee) }) : t('action.conflictNobody', { actor })
        }
        return t('action.conflictTeam', { actor, name: called.team(d.team) || t('contact.nobody') })
      })
    } catch {
      // The reason is told without its details.
    }
    toast.add({
      title: t('action.conflict'),
      description: t('action.conflictHint', { changes: changes.join(locale.value === 'en' ? '; ' : '；') || t('action.conflictOther') }),
      icon: 'i-lucide-users-round',
      color: 'warning',
      duration: 8000,
    })
  }

  return { run, busy }
}
