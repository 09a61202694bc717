import { createLanguages, preferredLocale, rememberLocale, type Catalogue, type Locale } from '@yingda/shared/i18n'
import type { Texts } from './zh-CN.ts'

/** One language is read before the page is shown, the other when somebody chooses it. */
const catalogues: Record<Locale, () => Promise<Texts>> = {
  'zh-CN': async () => (await import('./zh-CN.ts')).chinese,
  en: async () => (await import('./en.ts')).english,
}
/** Texts that come with pages and not with the desk. */
const late: Record<'admin' | 'bot', Record<Locale, () => Promise<Catalogue>>> = {
  admin: { 'zh-CN': async () => (await import('./zh-CN/admin.ts')).admin, en: async () => (await import('./en/admin.ts')).admin },
  bot: { 'zh-CN': async () => (await import('./zh-CN/bot.ts')).bot, en: async () => (await import('./en/bot.ts')).bot },
}
const loaded = new Set<Locale>()
const wanted = new Set<keyof typeof late>()

export const languages = createLanguages<Catalogue>({ 'zh-CN': {}, en: {} })

/** Reads the texts of a language. Call before the page is shown and before the language changes. */
export async function loadTexts(locale: Locale = preferredLocale()): Promise<void> {
  if (loaded.has(locale)) return
  languages.global.setLocaleMessage(locale, (await catalogues[locale]()) as unknown as Record<string, string>)
  for (const name of wanted) languages.global.mergeLocaleMessage(locale, await late[name][locale]())
  loaded.add(locale)
}

async function loadLate(name: keyof typeof late): Promise<void> {
  if (wanted.has(name)) return
  wanted.add(name)
  await Promise.all([...loaded].map(async (locale) => languages.global.mergeLocaleMessage(locale, await late[name][locale]())))
}

/** The texts of the administration pages; a route waits for them before it shows one. */
export const loadAdminTexts = (): Promise<void> => loadLate('admin')

/** The texts of the bot's pages, which use words of the administration too. */
export const loadBotTexts = async (): Promise<void> => void (await Promise.all([loadLate('admin'), loadLate('bot')]))

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
