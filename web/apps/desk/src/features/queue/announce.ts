import { useToast } from '@nuxt/ui/composables'
import type { FeedEvent } from '@yingda/shared/api'
import { onScopeDispose } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { hear } from '../../shell/events.ts'
import { loadAdminTexts } from '../../i18n/index.ts'
import { can, me } from '../session/model.ts'
import { alertText } from './looks.ts'
import type { AlertRule } from './shapes.ts'

/** Tells supervisors of alerts and escalations at once, wherever they are in the desk. */
export function announceQueue(): void {
  if (!can('live.read')) return
  const { t } = useI18n()
  const toast = useToast()
  const router = useRouter()
  onScopeDispose(
    hear((event) => {
      const { alert } = event as FeedEvent & { alert?: { rule: AlertRule; on: boolean; value?: number } }
      const escalated = event.type === 'conversation.escalated' && event.actor?.id !== me()
      if (!escalated && !(event.type === 'queue.alert' && alert)) return
      void loadAdminTexts().then(() => {
        if (alert && !alert.on) return toast.remove(`alert-${alert.rule}`)
        if (alert && router.currentRoute.value.path === '/wall') return // it stands there
        const to = alert ? '/wall' : `/inbox/all/${event.conversation_id ?? ''}`
        toast.add({
          id: alert ? `alert-${alert.rule}` : `escalated-${event.conversation_id ?? ''}`,
          title: alert ? alertText(t, alert.rule, alert.value ?? 0) : t('staffing.alert.escalatedNow'),
          ...(event.reason ? { description: event.reason } : {}),
          icon: 'i-lucide-siren',
          color: 'warning',
          duration: 15_000,
          actions: [{ label: t(alert ? 'staffing.wall.title' : 'staffing.alert.open'), color: 'neutral', variant: 'outline', onClick: () => void router.push(to) }],
        })
      })
    }),
  )
}
