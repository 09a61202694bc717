import { createI18n } from 'vue-i18n'
import { compileText } from './compile.ts'

export { compileText } from './compile.ts'
export * from './format.ts'

export const locales = ['zh-CN', 'en'] as const
export type Locale = (typeof locales)[number]

export const localeNames: Record<Locale, string> = { 'zh-CN': '简体中文', en: 'English' }

const storageKey = 'yingda.locale'

/** The language chosen before, else the browser's, else Chinese. */
export function preferredLocale(): Locale {
  const stored = read()
  if (stored) return stored
  const wanted = typeof navigator === 'undefined' ? [] : navigator.languages
  for (const tag of wanted) {
    if (tag.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (tag.toLowerCase().startsWith('en')) return 'en'
  }
  return 'zh-CN'
}

function read(): Locale | null {
  try {
    const value = localStorage.getItem(storageKey)
    return locales.find((l) => l === value) ?? null
  } catch {
    return null // storage is blocked: the choice lives as long as the page
  }
}

export function rememberLocale(locale: Locale): void {
  try {
    localStorage.setItem(storageKey, locale)
  } catch {
    // see read
  }
}

/** A catalogue: names grouped by feature, texts at the leaves. */
export interface Catalogue {
  [name: string]: string | Catalogue
}

export function createLanguages<T extends Catalogue>(catalogues: Record<Locale, T>, locale: Locale = preferredLocale()) {
  return createI18n({
    legacy: false,
    messageCompiler: compileText,
    locale,
    fallbackLocale: false,
    messages: catalogues as unknown as Record<Locale, Record<string, string>>,
    missingWarn: true,
    warnHtmlMessage: true,
  })
}

/** All names of a catalogue with dots between: "thread.retry". */
export function catalogueKeys(catalogue: Catalogue, prefix = ''): string[] {
  return Object.entries(catalogue).flatMap(([name, value]) =>
    typeof value === 'string' ? [prefix + name] : catalogueKeys(value, `${prefix}${name}.`),
  )
}
