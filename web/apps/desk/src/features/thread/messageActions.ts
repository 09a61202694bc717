import { useToast } from '@nuxt/ui/composables'
import { computed, ref, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { explain } from '../../shell/explain.ts'
import { useNow } from '../../shell/useNow.ts'
import { recallMessage, resendMessage } from '../conversations/api.ts'
import { plainText } from '../conversations/model.ts'
import type { Message } from '../conversations/shapes.ts'
import { can, me } from '../session/model.ts'

/** How long an own message may be taken back. The server has the last word. */
export const recallFor = 2 * 60_000

/** What can be done with one message of a thread. */
export function useMessageActions(message: MaybeRefOrGetter<Message>) {
  const { t } = useI18n()
  const toast = useToast()
  const now = useNow()
  const busy = ref(false)

  const canRecall = computed(() => {
    const m = toValue(message)
    if (m.author.kind === 'visitor' || m.recalled_at) return false
    return can('messages.recall') || (m.author.kind === 'agent' && m.author.id === me() && now.value - Date.parse(m.at) < recallFor)
  })

  async function run(work: () => Promise<void>, done: string): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      await work()
      toast.add({ title: done, icon: 'i-lucide-check', color: 'success', duration: 2500 })
    } catch (error) {
      toast.add({ title: t('error.failedTo'), description: explain(error), icon: 'i-lucide-circle-alert', color: 'error' })
    } finally {
      busy.value = false
    }
  }

  return {
    busy,
    canRecall,
    recall: () => run(() => recallMessage(toValue(message)), t('thread.recalledNow')),
    resend: () => run(() => resendMessage(toValue(message)), t('thread.resent')),
    copy: () => run(() => navigator.clipboard.writeText(plainText(toValue(message).parts)), t('thread.copied')),
  }
}
