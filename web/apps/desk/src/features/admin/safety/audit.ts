import type { AuditRow } from './api.ts'

/** Kinds of things that acts are about, as the filter offers them. */
export const auditKinds = ['agent', 'role', 'team', 'inbox', 'invitation', 'token', 'session', 'label', 'canned_reply', 'totp', 'password', 'host_key', 'key', 'account', 'dead_letter', 'contact'] as const

const verbs: [RegExp, string][] = [
  [/\.(created|added|invited|enabled_totp)$/, 'created'],
  [/\.(deleted|removed|revoked|withdrawn)$/, 'deleted'],
  [/\.(changed|updated|saved|renamed)$/, 'changed'],
]

/** "修改了角色": an act in words. What has none yet is shown by its name. */
export function sentence(t: (key: string, values?: Record<string, string>) => string, te: (key: string) => boolean, row: Pick<AuditRow, 'action'>): string {
  const kind = row.action.split('.')[0] ?? ''
  const what = te(`settings.auditKind.${kind}`) ? t(`settings.auditKind.${kind}`) : kind
  const verb = verbs.find(([pattern]) => pattern.test(row.action))?.[1]
  return verb ? t(`settings.audit.verbs.${verb}`, { what }) : t('settings.audit.verbs.other', { what, action: row.action.split('.').slice(1).join(' ').replaceAll('_', ' ') })
}
