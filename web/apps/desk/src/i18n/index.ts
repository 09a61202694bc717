import { createLanguages, rememberLocale, type Locale } from '@yingda/shared/i18n'
import { chinese } from './zh-CN.ts'
import { english } from './en.ts'

export const languages = createLanguages({ 'zh-CN': chinese, en: english })

export function setLocale(locale: Locale): void {
  languages.global.locale.value = locale
  document.documentElement.lang = locale
  rememberLocale(locale)
}

export function currentLocale(): Locale {
  return languages.global.locale.value
}
