import type { DropdownMenuItem } from '@nuxt/ui'
import { useToast } from '@nuxt/ui/composables'
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { explain } from '../../shell/explain.ts'
import { setPresence, useOwnPresence } from './api.ts'
import { statuses, type Status } from './shapes.ts'

const icons: Record<Status, string> = { online: 'i-lucide-circle-check', busy: 'i-lucide-circle-minus', break: 'i-lucide-coffee', offline: 'i-lucide-circle-off' }

/** Where one is, for the person's menu: what is so, and what may be chosen. */
export function usePresenceMenu() {
  const { t } = useI18n()
  const toast = useToast()
  const own = useOwnPresence()
  /** The dialog that is asked for. */
  const asked = ref<'break' | 'shift' | ''>('')

  async function choose(status: Status | '', reason = ''): Promise<void> {
    try {
      await setPresence(status, reason)
    } catch (error) {
      toast.add({ title: t('error.failedTo'), description: explain(error), icon: 'i-lucide-circle-alert', color: 'error' })
    }
  }

  const name = computed(() => {
    const p = own.value
    if (!p) return t('queue.status.offline')
    const status = t(`queue.status.${p.status}`)
    if (p.reason) return `${status} · ${p.reason}`
    return p.chosen ? status : t('queue.automatically', { status })
  })

  const items = computed<DropdownMenuItem[][]>(() => {
    const now = own.value
    return [
      [
        { label: t('queue.follow'), icon: 'i-lucide-wand-sparkles', type: 'checkbox' as const, checked: !now?.chosen, onSelect: () => void choose('') },
        ...statuses
          .filter((s) => s !== 'break')
          .map((s) => ({ label: t(`queue.status.${s}`), icon: icons[s], type: 'checkbox' as const, checked: Boolean(now?.chosen) && now?.status === s, onSelect: () => void choose(s) })),
        { label: t('queue.takeBreak'), icon: icons.break, type: 'checkbox' as const, checked: now?.status === 'break', onSelect: () => void (asked.value = 'break') },
      ],
      [{ label: t('queue.endShift'), icon: 'i-lucide-moon', onSelect: () => void (asked.value = 'shift') }],
    ]
  })

  return { items, name, own, asked, choose }
}
