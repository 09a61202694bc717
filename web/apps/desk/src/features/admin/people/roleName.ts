import type { Role } from './api.ts'

const builtins = ['administrator', 'supervisor', 'agent']

/** A role's name for people: built-in ones are translated, others carry the name they were given. */
export function roleName(t: (key: string) => string, role: Pick<Role, 'id' | 'name' | 'builtin'>): string {
  const known = builtins.find((b) => b === role.name.toLowerCase() || b === role.id)
  return role.builtin && known ? t(`settings.roles.builtinName.${known}`) : role.name
}
