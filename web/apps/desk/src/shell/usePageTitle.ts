import { toValue, watchEffect, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { unseen } from '../features/notify/unseen.ts'

/** Names the page in the tab, so that tabs and screen readers can tell pages apart. */
export function usePageTitle(title: MaybeRefOrGetter<string>): void {
  const { t } = useI18n()
  watchEffect(() => {
    const own = toValue(title)
    const count = unseen.value > 0 ? `(${unseen.value}) ` : ''
    document.title = count + (own ? `${own} · ${t('app.name')}` : t('app.name'))
  })
}
