import { createLanguages, preferredLocale, rememberLocale, type Catalogue, type Locale } from '@yingda/shared/i18n'
import type { Texts } from './zh-CN.ts'

/** One language is read before the page is shown, the other when somebody chooses it. */
const catalogues: Record<Locale, () => Promise<Texts>> = {
  'zh-CN': async () => (await import('./zh-CN.ts')).chinese,
  en: async () => (await import('./en.ts')).english,
}
const admin: Record<Locale, () => Promise<Catalogue>> = {
  'zh-CN': async () => (await import('./zh-CN/admin.ts')).admin,
  en: async () => (await import('./en/admin.ts')).admin,
}
const loaded = new Set<Locale>()
let adminWanted = false

export const languages = createLanguages<Catalogue>({ 'zh-CN': {}, en: {} })

/** Reads the texts of a language. Call before the page is shown and before the language changes. */
export async function loadTexts(locale: Locale = preferredLocale()): Promise<void> {
  if (loaded.has(locale)) return
  languages.global.setLocaleMessage(locale, (await catalogues[locale]()) as unknown as Record<string, string>)
  if (adminWanted) languages.global.mergeLocaleMessage(locale, await admin[locale]())
  loaded.add(locale)
}

/** The texts of the administration pages; a route waits for them before it shows one. */
export async function loadAdminTexts(): Promise<void> {
  if (adminWanted) return
  adminWanted = true
  await Promise.all([...loaded].map(async (locale) => languages.global.mergeLocaleMessage(locale, await admin[locale]())))
}

/** A component that shows texts of the administration catalogue outside its pages: it comes with them. */
export function lateTexts<T>(component: () => Promise<T>): () => Promise<T> {
  return async () => (await Promise.all([component(), loadAdminTexts()]))[0]
}

export async function setLocale(locale: Locale): Promise<void> {
  await loadTexts(locale)
  languages.global.locale.value = locale
  document.documentElement.lang = locale
  rememberLocale(locale)
}

export function currentLocale(): Locale {
  return languages.global.locale.value
}
