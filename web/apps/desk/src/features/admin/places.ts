/** The pages of the settings, in the order of the menu. */
export interface SettingsPlace {
  name: string
  path: string
  icon: string
  /** What one needs to see it; none means everybody. */
  permission?: string
}

export interface PlaceGroup {
  name: 'mine' | 'company' | 'channels' | 'toolbox' | 'safety'
  places: SettingsPlace[]
}

export const placeGroups: PlaceGroup[] = [
  {
    name: 'mine',
    places: [
      { name: 'account', path: '/settings/account', icon: 'i-lucide-circle-user-round' },
      { name: 'security', path: '/settings/security', icon: 'i-lucide-shield-check' },
    ],
  },
  {
    name: 'company',
    places: [
      { name: 'company', path: '/settings/company', icon: 'i-lucide-building-2', permission: 'account.manage' },
      { name: 'people', path: '/settings/people', icon: 'i-lucide-users', permission: 'people.manage' },
      { name: 'teams', path: '/settings/teams', icon: 'i-lucide-users-round', permission: 'people.manage' },
      { name: 'skills', path: '/settings/skills', icon: 'i-lucide-sparkles', permission: 'queue.manage' },
      { name: 'hours', path: '/settings/hours', icon: 'i-lucide-calendar-clock', permission: 'queue.manage' },
      { name: 'queue', path: '/settings/queue', icon: 'i-lucide-route', permission: 'queue.manage' },
      { name: 'alerts', path: '/settings/alerts', icon: 'i-lucide-siren', permission: 'queue.manage' },
      { name: 'roles', path: '/settings/roles', icon: 'i-lucide-badge-check', permission: 'roles.manage' },
    ],
  },
  {
    name: 'channels',
    places: [
      { name: 'inboxes', path: '/settings/inboxes', icon: 'i-lucide-message-circle', permission: 'inboxes.manage' },
      { name: 'start', path: '/start', icon: 'i-lucide-rocket', permission: 'inboxes.manage' },
    ],
  },
  {
    name: 'toolbox',
    places: [
      { name: 'canned', path: '/settings/canned', icon: 'i-lucide-message-square-quote' },
      { name: 'labels', path: '/settings/labels', icon: 'i-lucide-tags', permission: 'toolbox.manage' },
    ],
  },
  {
    name: 'safety',
    places: [
      { name: 'tokens', path: '/settings/tokens', icon: 'i-lucide-key-round', permission: 'tokens.manage' },
      { name: 'audit', path: '/settings/audit', icon: 'i-lucide-scroll-text', permission: 'audit.read' },
      { name: 'status', path: '/settings/status', icon: 'i-lucide-activity', permission: 'metrics.read' },
      { name: 'letters', path: '/settings/letters', icon: 'i-lucide-inbox', permission: 'dead_letters.manage' },
      { name: 'rotation', path: '/settings/rotation', icon: 'i-lucide-lock-keyhole', permission: 'keys.manage' },
    ],
  },
]

/** What a person with these permissions sees; empty groups are left out. */
export function visiblePlaces(permissions: readonly string[]): PlaceGroup[] {
  return placeGroups
    .map((group) => ({ ...group, places: group.places.filter((p) => !p.permission || permissions.includes(p.permission)) }))
    .filter((group) => group.places.length > 0)
}

/** Whether there is anything to administer, so that the rail leads there. */
export function administers(permissions: readonly string[]): boolean {
  return placeGroups.some((group) => group.places.some((p) => p.permission && permissions.includes(p.permission)))
}
