import type { FullInbox, InboxSettings, Language, PrechatField, WidgetSettings } from '../inboxes/shapes.ts'
import { languages, textNames } from '../inboxes/shapes.ts'
import { copy } from '../draft.ts'

/** The server's limits, in characters. */
export const textLimits = { title: 60, subtitle: 200, greeting: 1000, offline: 500, launcher: 30, placeholder: 60 } as const
export const limits = { quickReplies: 8, quickReply: 80, fields: 10, label: 100, prechatTitle: 100, offset: 200 } as const

export const switches = ['sound', 'rating', 'transcript', 'uploads', 'voice'] as const
export const presets = ['#047857', '#0f766e', '#1d4ed8', '#4338ca', '#7e22ce', '#be185d', '#b91c1c', '#9a3412', '#334155'] as const
export const fieldKinds = ['text', 'textarea', 'email', 'phone', 'number', 'select', 'date'] as const
export const fieldPresets = ['name', 'email', 'phone', 'order', 'custom'] as const
export type FieldPreset = (typeof fieldPresets)[number]

/** Settings whose parts are all there, so that a form can bind to them. */
export type FullWidget = Required<Pick<WidgetSettings, 'texts' | 'prechat' | 'quick_replies' | 'languages'>> & WidgetSettings
export interface DesignedInbox extends FullInbox {
  settings: InboxSettings & { widget: FullWidget; allowed_origins: string[] }
}

/** A copy with every container in place. Containers that stay empty count as missing. */
export function prepare(inbox: FullInbox): DesignedInbox {
  const made = copy(inbox) as DesignedInbox
  made.settings ??= {} as DesignedInbox['settings']
  made.settings.allowed_origins ??= []
  const widget = (made.settings.widget ??= {} as FullWidget)
  widget.languages ??= []
  widget.texts ??= {}
  widget.quick_replies ??= {}
  widget.prechat ??= {}
  widget.prechat.title ??= {}
  widget.prechat.fields ??= []
  for (const language of languages) {
    widget.texts[language] ??= {}
    widget.quick_replies[language] ??= []
  }
  for (const field of widget.prechat.fields) {
    field.labels ??= {}
    for (const language of languages) field.labels[language] ??= field.label
  }
  return made
}

/** What is sent: without empty texts, lists and groups, labels for every language. */
export function tidy(settings: InboxSettings): InboxSettings {
  const made = copy(settings)
  for (const field of made.widget?.prechat?.fields ?? []) {
    field.label = field.labels?.['zh-CN']?.trim() || field.labels?.en?.trim() || field.label
    field.options = field.kind === 'select' ? (field.options ?? []).map((o) => o.trim()).filter(Boolean) : []
  }
  for (const language of languages) {
    const replies = made.widget?.quick_replies?.[language]
    if (replies) made.widget!.quick_replies![language] = replies.map((r) => r.trim()).filter(Boolean)
  }
  return (strip(made) ?? {}) as InboxSettings
}

function strip(value: unknown): unknown {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (Array.isArray(value)) return value.length ? value.map((v) => strip(v)).filter((v) => v !== undefined) : undefined
  if (value !== null && typeof value === 'object') {
    const rows = Object.entries(value).flatMap(([name, inner]) => {
      const kept = strip(inner)
      return kept === undefined ? [] : [[name, kept] as const]
    })
    return rows.length ? Object.fromEntries(rows) : undefined
  }
  return value ?? undefined
}

export function newField(preset: FieldPreset, label: string, taken: readonly PrechatField[]): PrechatField {
  const kind = preset === 'email' || preset === 'phone' ? preset : 'text'
  return { name: freeName(preset === 'custom' ? 'question' : preset === 'order' ? 'order_number' : preset, taken), label, labels: { 'zh-CN': label, en: label }, kind }
}

function freeName(wanted: string, taken: readonly PrechatField[]): string {
  const names = new Set(taken.map((f) => f.name))
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}_${n}`
    if (!names.has(name)) return name
  }
}

/** The list with the item at from moved to to, both within it. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const target = Math.min(Math.max(to, 0), list.length - 1)
  const rest = list.filter((_, i) => i !== from)
  const item = list[from]
  return item === undefined ? [...list] : [...rest.slice(0, target), item, ...rest.slice(target)]
}

export type FieldProblem = 'label' | 'options' | 'name'

/** What is wrong with a question; null when nothing is. */
export function fieldProblem(field: PrechatField, all: readonly PrechatField[]): FieldProblem | null {
  if (!Object.values(field.labels ?? { any: field.label }).some((l) => l?.trim())) return 'label'
  if (field.kind === 'select' && (field.options ?? []).filter((o) => o.trim()).length < 2) return 'options'
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(field.name) || all.filter((f) => f.name === field.name).length > 1) return 'name'
  return null
}

/** Whether the whole can be saved. */
export function valid(settings: DesignedInbox['settings']): boolean {
  const { prechat, texts, offset_x = 0, offset_y = 0 } = settings.widget
  const fields = prechat.fields ?? []
  return (
    fields.every((f) => fieldProblem(f, fields) === null) &&
    (!prechat.enabled || fields.length > 0) &&
    languages.every((l) => textNames.every((n) => Array.from(texts[l]?.[n] ?? '').length <= textLimits[n])) &&
    [offset_x, offset_y].every((o) => Number.isInteger(o) && o >= 0 && o <= limits.offset)
  )
}

/** The languages a visitor can choose; none named means all. */
export function spoken(widget: WidgetSettings): Language[] {
  return widget.languages?.length ? widget.languages : [...languages]
}

/** The chat's settings as they would be saved. */
export function tidyWidget(widget: WidgetSettings): WidgetSettings {
  return tidy({ widget }).widget ?? {}
}
