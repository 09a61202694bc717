import { useStorage } from '@vueuse/core'
import type { NotifyPreferences } from '../notify/model.ts'

/** What a person sets for this browser. UI state only. */
export interface Preferences {
  /** Panel widths in pixels. */
  listWidth: number
  contextWidth: number
  contextOpen: boolean
  railOpen: boolean
  /** Single-key shortcuts can be turned off (WCAG 2.1.4). */
  shortcuts: boolean
  notify: NotifyPreferences
}

export const preferences = useStorage<Preferences>(
  'yingda.desk',
  { listWidth: 336, contextWidth: 288, contextOpen: true, railOpen: true, shortcuts: true, notify: { about: 'mine', desktop: false, sound: true, quietUntil: 0 } },
  undefined,
  { mergeDefaults: (stored, defaults) => ({ ...defaults, ...stored, notify: { ...defaults.notify, ...stored.notify } }) },
)
