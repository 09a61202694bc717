import type { Role } from './api.ts'

const builtins = ['administrator', 'supervisor', 'agent']

/** A role's name for people. The server calls a built-in role by its id, which is translated; others carry the name they were given. */
export function roleName(t: (key: string) => string, role: Pick<Role, 'id' | 'name'>): string {
  return builtins.includes(role.id) ? t(`settings.roles.builtinName.${role.id}`) : role.name
}
