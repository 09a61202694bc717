import type { FormField } from '@yingda/shared/api'

/** Languages a visitor can be spoken to. */
export const languages = ['zh-CN', 'en'] as const
export type Language = (typeof languages)[number]

export const textNames = ['title', 'subtitle', 'greeting', 'offline', 'launcher', 'placeholder'] as const
export type TextName = (typeof textNames)[number]

export type PerLanguage<T> = Partial<Record<Language, T>>

/** One question before the first message. */
export interface PrechatField extends FormField {
  /** The question by language; label is for every other. */
  labels?: PerLanguage<string>
}

/** How the widget looks and what it offers. Everything may be missing; missing means the default. */
export interface WidgetSettings {
  position?: 'right' | 'left'
  offset_x?: number
  offset_y?: number
  theme?: 'auto' | 'light' | 'dark'
  languages?: Language[]
  texts?: PerLanguage<Partial<Record<TextName, string>>>
  prechat?: { enabled?: boolean; title?: PerLanguage<string>; fields?: PrechatField[] }
  quick_replies?: PerLanguage<string[]>
  /** Switches: missing means on. */
  sound?: boolean
  rating?: boolean
  transcript?: boolean
  uploads?: boolean
  voice?: boolean
  /** Missing means off. */
  consent?: boolean
}

export interface InboxSettings {
  allowed_origins?: string[]
  greeting?: string
  primary?: string
  thread_per_conversation?: boolean
  bot_first?: boolean
  widget?: WidgetSettings
  [other: string]: unknown
}

export interface HostKey {
  id: string
  created_at?: string
}

export interface FullInbox {
  id: string
  channel: string
  name: string
  key: string
  settings: InboxSettings
  enabled: boolean
  version?: number
  first_message_at?: string
  host_keys?: HostKey[]
}
