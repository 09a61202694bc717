import { createLanguages, rememberLocale, type Catalogue, type Locale } from '@yingda/shared/i18n'
import { chinese } from './zh-CN.ts'
import { english } from './en.ts'

export const languages = createLanguages({ 'zh-CN': chinese, en: english })

/** Adds texts that the first screen does not need. Routes call it beside the page they load. */
export function addTexts(zh: Catalogue, en: Catalogue): void {
  languages.global.mergeLocaleMessage('zh-CN', zh)
  languages.global.mergeLocaleMessage('en', en)
}

/** The texts of the administration pages; a route waits for them before it shows one. */
export async function loadAdminTexts(): Promise<void> {
  const [zh, en] = await Promise.all([import('./zh-CN/admin.ts'), import('./en/admin.ts')])
  addTexts(zh.admin, en.admin)
}

export function setLocale(locale: Locale): void {
  languages.global.locale.value = locale
  document.documentElement.lang = locale
  rememberLocale(locale)
}

export function currentLocale(): Locale {
  return languages.global.locale.value
}
