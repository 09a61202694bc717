import { useQuery } from '@tanstack/vue-query'
import type { Session } from '@yingda/shared/api'
import { queries, server } from '../../server.ts'
import { session } from '../session/model.ts'

export interface Me {
  agent: { id: string; name: string; email: string; role_id?: string; role_name?: string; locale?: string }
  account: { id: string; name: string; locale: string; require_totp: boolean }
  totp?: { enabled: boolean; recovery_left: number }
}

const key = ['settings', 'me'] as const

export function useMe() {
  return useQuery({ queryKey: key, queryFn: () => server.get<Me>('/me'), staleTime: 0 })
}

export async function changeMe(change: { name?: string; locale?: string }): Promise<void> {
  await server.command('PATCH', '/me', change)
  // The rail shows the name.
  if (session.value) session.value = { ...session.value, agent: { ...session.value.agent, ...change } } satisfies Session
  await queries.invalidateQueries({ queryKey: key })
}

export async function changePassword(old: string, next: string): Promise<void> {
  await server.command('POST', '/me/password', { old, new: next })
  await queries.invalidateQueries({ queryKey: ['settings', 'sessions'] })
}

export function beginTotp(): Promise<{ secret: string; uri: string }> {
  return server.command<{ secret: string; uri: string }>('POST', '/me/totp')
}

export async function confirmTotp(code: string): Promise<string[]> {
  const answer = await server.command<{ recovery_codes: string[] }>('POST', '/me/totp/confirm', { code })
  await queries.invalidateQueries({ queryKey: key })
  return answer.recovery_codes
}

export async function disableTotp(password: string): Promise<void> {
  await server.command('POST', '/me/totp/disable', { password })
  await queries.invalidateQueries({ queryKey: key })
}

/** Changes the company; needs account.manage. */
export async function changeCompany(change: { name?: string; locale?: string; require_totp?: boolean }): Promise<void> {
  await server.command('PATCH', '/account', change)
  if (session.value) session.value = { ...session.value, account: { ...session.value.account, ...change } } satisfies Session
  await queries.invalidateQueries({ queryKey: key })
}
