import type { DropdownMenuItem } from '@nuxt/ui'
import { useToast } from '@nuxt/ui/composables'
import { momentLabel } from '@yingda/shared/i18n'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useNow } from '../../shell/useNow.ts'
import { preferences } from '../preferences/model.ts'
import { chime } from './sound.ts'

/** The settings of notices, for the person's menu. */
export function useNotifyMenu() {
  const { t, locale } = useI18n()
  const toast = useToast()
  const now = useNow()
  const quiet = computed(() => preferences.value.notify.quietUntil > now.value)

  async function desktop(on: boolean): Promise<void> {
    if (on && 'Notification' in window && Notification.permission !== 'granted') {
      const answer = await Notification.requestPermission()
      if (answer !== 'granted') {
        toast.add({ title: t('notify.denied'), description: t('notify.deniedHint'), icon: 'i-lucide-bell-off', color: 'warning' })
        return
      }
    }
    preferences.value.notify.desktop = on
  }

  return computed<DropdownMenuItem>(() => ({
    label: quiet.value ? t('notify.quietUntil', { until: momentLabel(locale.value, new Date(preferences.value.notify.quietUntil).toISOString(), now.value) }) : t('notify.title'),
    icon: quiet.value ? 'i-lucide-bell-off' : 'i-lucide-bell',
    children: [
      (['mine', 'everything', 'nothing'] as const).map((about) => ({
        label: t(`notify.about.${about}`),
        type: 'checkbox' as const,
        checked: preferences.value.notify.about === about,
        onSelect: () => void (preferences.value.notify.about = about),
      })),
      [
        { label: t('notify.desktop'), icon: 'i-lucide-app-window', type: 'checkbox' as const, checked: preferences.value.notify.desktop, disabled: !('Notification' in window), onUpdateChecked: (on: boolean) => void desktop(on) },
        {
          label: t('notify.sound'),
          icon: 'i-lucide-volume-2',
          type: 'checkbox' as const,
          checked: preferences.value.notify.sound,
          onUpdateChecked: (on: boolean) => {
            preferences.value.notify.sound = on
            if (on) chime()
          },
        },
      ],
      [
        quiet.value
          ? { label: t('notify.loud'), icon: 'i-lucide-bell', onSelect: () => void (preferences.value.notify.quietUntil = 0) }
          : { label: t('notify.quiet'), icon: 'i-lucide-bell-off', onSelect: () => void (preferences.value.notify.quietUntil = Date.now() + 3_600_000) },
      ],
    ],
  }))
}
