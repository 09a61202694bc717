import type { Session } from '@yingda/shared/api'
import { shallowRef } from 'vue'

/** Who is signed in; null before log-in. */
export const session = shallowRef<Session | null>(null)

export function me(): string {
  return session.value?.agent.id ?? ''
}

/** Whether this installation shows the demo company's log-in. The server says so in the page. */
export function isDemo(): boolean {
  return document.querySelector('meta[name="yingda-demo"]')?.getAttribute('content') === '1'
}

export const demoLogin = { email: 'demo@yingda.dev', password: 'yingda-demo' }

/** Where to go after log-in: the wanted path if it is one of ours. */
export function safeTarget(wanted: unknown): string {
  return typeof wanted === 'string' && /^\/(?![/\\])/.test(wanted) && !wanted.startsWith('/login') ? wanted : '/'
}

/** Whether the person signed in may do something. */
export function can(permission: string): boolean {
  return session.value?.permissions.includes(permission) ?? false
}
