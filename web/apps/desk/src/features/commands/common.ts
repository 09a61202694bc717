import { useColorMode } from '@vueuse/core'
import { localeNames, locales } from '@yingda/shared/i18n'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { setLocale } from '../../i18n/index.ts'
import { places } from '../../shell/places.ts'
import { viewIcons, views } from '../conversations/model.ts'
import { session } from '../session/model.ts'
import { provideCommands } from './registry.ts'

/** The commands that are there on every page: where to go, and how the desk looks. */
export function useCommonCommands(help: () => void): void {
  const { t, locale } = useI18n()
  const router = useRouter()
  const { store: theme } = useColorMode()
  provideCommands(() => [
    ...views.map((view) => ({ id: `go-${view}`, group: 'go' as const, title: t(`view.${view}`), icon: viewIcons[view], words: [view], run: () => void router.push(`/inbox/${view}`) })),
    ...places
      .filter((p) => p.allowed(session.value?.permissions ?? []))
      .map((p) => ({ id: `place-${p.name}`, group: 'settings' as const, title: t(p.label), icon: p.icon, words: [p.name], run: () => void router.push(p.to) })),
    { id: 'help', group: 'settings' as const, title: t('help.title'), icon: 'i-lucide-keyboard', words: ['help', 'shortcuts'], keys: ['?'], run: help },
    ...(['light', 'dark', 'auto'] as const)
      .filter((mode) => mode !== theme.value)
      .map((mode) => ({ id: `theme-${mode}`, group: 'settings' as const, title: `${t('preferences.theme')} · ${t(`preferences.${mode}`)}`, icon: 'i-lucide-sun-moon', words: ['theme', mode], quiet: true, run: () => void (theme.value = mode) })),
    ...locales
      .filter((l) => l !== locale.value)
      .map((l) => ({ id: `locale-${l}`, group: 'settings' as const, title: `${t('preferences.language')} · ${localeNames[l]}`, icon: 'i-lucide-languages', words: ['language', l], quiet: true, run: () => void setLocale(l) })),
  ])
}
