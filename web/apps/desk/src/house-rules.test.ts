import { catalogueKeys } from '@yingda/shared/i18n'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { admin as adminEnglish } from './i18n/en/admin.ts'
import { admin as adminChinese } from './i18n/zh-CN/admin.ts'
import { bot as botEnglish } from './i18n/en/bot.ts'
import { bot as botChinese } from './i18n/zh-CN/bot.ts'
import { chinese as firstChinese } from './i18n/zh-CN.ts'
import { english as firstEnglish } from './i18n/en.ts'

const chinese = { ...firstChinese, ...adminChinese, ...botChinese }
const english = { ...firstEnglish, ...adminEnglish, ...botEnglish }

const root = import.meta.dirname
const icons = JSON.parse(readFileSync(join(root, '../../../node_modules/@iconify-json/lucide/icons.json'), 'utf8')) as {
  icons: Record<string, unknown>
  aliases?: Record<string, unknown>
}

const generated = new Set(['components.d.ts', 'openapi.ts'])

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return files(path)
    return /\.(vue|ts|css)$/.test(entry.name) && !generated.has(entry.name) ? [path] : []
  })
}

const sources = [...files(root), ...files(join(root, '../../../shared/src'))].map((path) => ({ name: relative(root, path), text: readFileSync(path, 'utf8') }))
const components = sources.filter((s) => s.name.endsWith('.vue'))

/** Every place that matches, as "file: match". */
function offences(where: typeof sources, pattern: RegExp): string[] {
  return where.flatMap((s) => [...s.text.matchAll(pattern)].map((m) => `${s.name}: ${m[0]}`))
}

describe('house rules', () => {
  it('finds its files', () => expect(components.length).toBeGreaterThan(20))

  it('never renders HTML from data', () => {
    expect(offences(sources.filter((s) => !s.name.endsWith('.test.ts')), /v-html|innerHTML|insertAdjacentHTML|document\.write/g)).toEqual([])
  })

  it('names colours only in the tokens', () => {
    const palette = /\b(?:text|bg|border|ring|from|to|fill|stroke|outline|decoration)-(?:slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose|white|black)(?:-\d+)?\b/g
    expect(offences(components, palette)).toEqual([])
    expect(offences(components, /#[0-9a-f]{6}\b|\brgba?\(|\boklch\(/gi)).toEqual([])
    expect(offences(components, /\b(?:text|bg|border)-\[[^\]]+\]/g)).toEqual([])
  })

  it('keeps files short', () => {
    const long = sources.filter((s) => !s.name.endsWith('.test.ts') && !s.name.includes('i18n/') && s.text.split('\n').length > 300).map((s) => s.name)
    expect(long).toEqual([])
  })

  it('loads nothing from another host', () => {
    expect(offences(sources.filter((s) => !/\.test\.ts$|samples\.ts$/.test(s.name)), /(?:import|src|href|url)\s*[=(]\s*["'](?:https?:)?\/\/[^"']+/g)).toEqual([])
  })

  it('uses only icons that exist, so that none is looked for at run time', () => {
    const missing = sources.flatMap((s) => [...s.text.matchAll(/\bi-lucide-([a-z0-9-]+)/g)].map((m) => m[1]!)).filter((name) => !icons.icons[name] && !icons.aliases?.[name])
    expect([...new Set(missing)]).toEqual([])
  })

  it('has every text in both languages', () => {
    expect(catalogueKeys(english).sort()).toEqual(catalogueKeys(chinese).sort())
    // A set: the forms of a number repeat them.
    const placeholders = (text: string): string[] => [...new Set([...text.matchAll(/\{\w+\}/g)].map((m) => m[0]))].sort()
    for (const key of catalogueKeys(chinese)) expect([key, placeholders(read(english, key))]).toEqual([key, placeholders(read(chinese, key))])
  })

  it('uses every text, and only texts that exist', () => {
    const known = catalogueKeys(chinese)
    const used = sources.flatMap((s) => [...s.text.matchAll(/\bt\((?:'([\w.]+)'|`([\w.]+)\.\$\{)/g)].map((m) => m[1] ?? `${m[2]}.*`))
    const matches = (pattern: string, key: string): boolean => (pattern.endsWith('.*') ? key.startsWith(pattern.slice(0, -1)) : pattern === key)
    expect(used.filter((u) => !known.some((k) => matches(u, k)))).toEqual([])
    const literal = sources.map((s) => s.text).join('\n')
    expect(known.filter((k) => !used.some((u) => matches(u, k)) && !literal.includes(`'${k}'`))).toEqual([])
  })

  it('has no Chinese or English words in templates outside the catalogues', () => {
    const templates = components.filter((s) => !s.name.includes('devtest')).map((s) => ({ name: s.name, text: s.text.slice(s.text.indexOf('<template>')).replace(/<!--[\s\S]*?-->/g, '') }))
    expect(offences(templates, /\p{Script=Han}+/gu)).toEqual([])
    expect(offences(templates, />\s*[A-Z][a-z]{2,}[^<>{}]*</g)).toEqual([])
  })
})

function read(catalogue: object, key: string): string {
  return key.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], catalogue) as string
}
