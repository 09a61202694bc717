import type { Part } from '@yingda/shared/api'
import type { Answer, Body, Entry } from './api.ts'

/** An entry as it is edited: every field is there. */
export interface Form {
  kind: 'faq' | 'article'
  category_id: string
  title: string
  ways: string[]
  answers: Answer[]
  text: string
  locale: string
  source: { title: string; url: string }
  topic: string
  valid_from: string
  valid_until: string
  enabled: boolean
  version: number
}

export const blankAnswer = (channel = '', locale = ''): Answer => ({ channel, locale, parts: [{ type: 'text', text: '' }] })

export function formOf(e: Entry | { kind: 'faq' | 'article' }): Form {
  const from = e as Partial<Entry> & { kind: 'faq' | 'article' }
  return {
    kind: from.kind,
    category_id: from.category_id ?? '',
    title: from.title ?? '',
    ways: from.ways ?? [],
    answers: (from.answers ?? (from.kind === 'faq' ? [blankAnswer()] : [])).map((a) => ({ channel: a.channel ?? '', locale: a.locale ?? '', parts: a.parts })),
    text: from.text ?? '',
    locale: from.locale ?? '',
    source: { title: from.source?.title ?? '', url: from.source?.url ?? '' },
    topic: from.topic ?? '',
    valid_from: from.valid_from ?? '',
    valid_until: from.valid_until ?? '',
    enabled: from.enabled ?? true,
    version: from.version ?? 0,
  }
}

/** What the server takes: nothing that is empty. */
export function bodyOf(f: Form): Body {
  const body: Body = { kind: f.kind, title: f.title.trim(), enabled: f.enabled }
  if (f.category_id) body.category_id = f.category_id
  if (f.topic.trim()) body.topic = f.topic.trim()
  if (f.valid_from) body.valid_from = f.valid_from
  if (f.valid_until) body.valid_until = f.valid_until
  const source = { ...(f.source.title.trim() && { title: f.source.title.trim() }), ...(f.source.url.trim() && { url: f.source.url.trim() }) }
  if (Object.keys(source).length) body.source = source
  if (f.kind === 'article') return { ...body, text: f.text, ...(f.locale && { locale: f.locale }) }
  const ways = f.ways.map((w) => w.trim()).filter(Boolean)
  return {
    ...body,
    ...(ways.length && { ways }),
    answers: f.answers.map((a) => ({ parts: usefulParts(a.parts), ...(a.channel && { channel: a.channel }), ...(a.locale && { locale: a.locale }) })),
  }
}

export const usefulParts = (parts: Part[]): Part[] => parts.filter((p) => p.type !== 'text' || p.text?.trim())

/** Why it cannot be saved: the key of a text, or '' if it can. */
export function lacks(f: Form): '' | 'title' | 'answer' | 'text' | 'twice' | 'until' {
  if (!f.title.trim()) return 'title'
  if (f.kind === 'article') return f.text.trim() ? '' : 'text'
  if (f.answers.some((a) => usefulParts(a.parts).length === 0)) return 'answer'
  if (new Set(f.answers.map((a) => `${a.channel}/${a.locale}`)).size < f.answers.length) return 'twice'
  if (f.valid_from && f.valid_until && f.valid_until <= f.valid_from) return 'until'
  return ''
}

/** An entry in words, one thing a line, to compare versions by. */
export function wordsOf(b: Body, name: (what: string) => string): string {
  const lines = [b.title, ...(b.ways ?? []).map((w) => `· ${w}`)]
  for (const a of b.answers ?? []) {
    const where = [a.channel, a.locale].filter(Boolean).join(' ')
    lines.push('', `${name('answer')}${where ? ` (${where})` : ''}:`)
    for (const p of a.parts) {
      lines.push(...(p.text ? p.text.split('\n') : []), ...(p.media ? [`[${p.media.name ?? p.type}]`] : []), ...(p.card ? [`[${p.card.title}]`] : []), ...(p.buttons ?? []).map((x) => `[${x.label}]`))
    }
  }
  if (b.text) lines.push('', ...b.text.split('\n'))
  for (const [what, value] of [['topic', b.topic], ['source', [b.source?.title, b.source?.url].filter(Boolean).join(' ')], ['from', b.valid_from], ['until', b.valid_until]] as const) {
    if (value) lines.push(`${name(what)}: ${value}`)
  }
  lines.push(b.enabled ? name('on') : name('off'))
  return lines.join('\n')
}

/** A time as the browser's field for dates writes it, and back. */
export function toField(iso: string): string {
  if (!iso) return ''
  const d = new Date(iso)
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
export const fromField = (value: string): string => (value ? new Date(value).toISOString() : '')
