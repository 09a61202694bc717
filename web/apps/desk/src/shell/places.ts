import { administers } from '../features/admin/places.ts'

/** Places of the desk beside the conversations. The rail lists them above the person, the bottom bar before. */
export interface Place {
  /** The name of its first route; the place is current on every route whose meta.place is this name. */
  name: string
  to: string
  icon: string
  /** The key of its name on screen. */
  label: string
  /** Whether the person signed in may enter. */
  allowed: (permissions: readonly string[]) => boolean
  /** Shows how many drafts of the bot wait. */
  drafts?: boolean
}

export const places: Place[] = [
  { name: 'queue', to: '/queue', icon: 'i-lucide-list-ordered', label: 'rail.queue', allowed: (p) => p.includes('conversations.read') },
  { name: 'wall', to: '/wall', icon: 'i-lucide-monitor', label: 'rail.wall', allowed: (p) => p.includes('live.read') },
  { name: 'bot', to: '/bot', icon: 'i-lucide-bot', label: 'rail.bot', allowed: (p) => p.some((q) => /^(bot|knowledge)\./.test(q)), drafts: true },
  { name: 'settings', to: '/settings', icon: 'i-lucide-settings', label: 'rail.settings', allowed: administers },
]
