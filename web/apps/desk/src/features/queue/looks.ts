import type { Status } from './shapes.ts'

/** The colour of a presence, always beside its name or for those who see it named elsewhere. */
export const statusFill: Record<Status, string> = { online: 'bg-success', busy: 'bg-error', break: 'bg-warning', offline: 'bg-accented' }

/** A span of waiting, short: 45 s, 3:07, 2 h 05. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number): string => String(n).padStart(2, '0')
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`
  return s < 360_000 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 86_400)} d`
}
