import type { Role } from './api.ts'

/** Permissions in the order and groups in which the editor shows them. One that is not here lands in the last group. */
export const groups: { name: string; permissions: string[] }[] = [
  { name: 'conversations', permissions: ['conversations.read', 'conversations.reply', 'conversations.note', 'conversations.assign', 'conversations.resolve', 'conversations.snooze', 'messages.recall', 'search.read'] },
  { name: 'contacts', permissions: ['contacts.manage'] },
  { name: 'content', permissions: ['toolbox.manage', 'knowledge.read', 'knowledge.manage', 'bot.manage', 'bot.assist'] },
  { name: 'watching', permissions: ['live.read', 'queue.manage', 'metrics.read'] },
  { name: 'company', permissions: ['account.manage', 'people.read', 'people.manage', 'roles.manage', 'inboxes.read', 'inboxes.manage'] },
  { name: 'safety', permissions: ['tokens.manage', 'sessions.manage', 'audit.read', 'dead_letters.manage', 'keys.manage'] },
]

/** What needs what: without the second the first cannot be used. */
const needs: Record<string, string> = {
  'conversations.reply': 'conversations.read',
  'conversations.note': 'conversations.read',
  'conversations.assign': 'conversations.read',
  'conversations.resolve': 'conversations.read',
  'conversations.snooze': 'conversations.read',
  'messages.recall': 'conversations.read',
  'people.manage': 'people.read',
  'inboxes.manage': 'inboxes.read',
  'knowledge.manage': 'knowledge.read',
}

/** The groups with what the server knows and they do not, at the end. */
export function grouped(known: readonly string[]): { name: string; permissions: string[] }[] {
  const listed = new Set(groups.flatMap((g) => g.permissions))
  const others = known.filter((p) => !listed.has(p))
  const shown = groups.map((g) => ({ name: g.name, permissions: known.length ? g.permissions.filter((p) => known.includes(p)) : g.permissions }))
  return [...shown, { name: 'others', permissions: others }].filter((g) => g.permissions.length > 0)
}

/** The set after a switch was turned: what a permission needs comes with it, what needs it goes with it. */
export function turn(permissions: readonly string[], name: string, on: boolean): string[] {
  const next = new Set(permissions)
  if (on) {
    next.add(name)
    const needed = needs[name]
    if (needed) next.add(needed)
  } else {
    next.delete(name)
    for (const [dependent, needed] of Object.entries(needs)) if (needed === name) next.delete(dependent)
  }
  return [...next].sort()
}

/** What a role cannot do, of all there is. */
export function missing(role: Pick<Role, 'permissions'>, known: readonly string[]): string[] {
  const all = known.length ? known : groups.flatMap((g) => g.permissions)
  return grouped(all)
    .flatMap((g) => g.permissions)
    .filter((p) => !role.permissions.includes(p))
}

/** The key of a permission's text: names of texts hold no dots. */
export const textKey = (permission: string): string => permission.replaceAll('.', '_')
