import type { AlertRule, Callback, Status } from './shapes.ts'

/** The colour of a presence, always beside its name or for those who see it named elsewhere. */
export const statusFill: Record<Status, string> = { online: 'bg-success', busy: 'bg-error', break: 'bg-warning', offline: 'bg-accented' }

/** A span of waiting, short: 45 s, 3:07, 2 h 05. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number): string => String(n).padStart(2, '0')
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`
  return s < 360_000 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 86_400)} d`
}

/** When somebody wants to be called, as they said; empty for as soon as possible. */
export function callWindow(c: Pick<Callback, 'from' | 'to'>, locale: string): string {
  if (!c.from || !c.to) return ''
  const day = new Intl.DateTimeFormat(locale, { month: 'numeric', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hour12: false })
  return day.formatRange(new Date(c.from), new Date(c.to))
}

type Say = (key: string, values: Record<string, unknown>, plural: number) => string

/** An alert in words. */
export function alertText(t: Say, rule: AlertRule, value: number): string {
  return t(`staffing.alert.now.${rule}`, { n: rule === 'longest_wait' ? span(value) : value }, value)
}

/** Why a robot did not say it, by what the server wrote down. */
const refusals: [RegExp, string][] = [
  [/cannot be reached/, 'away'],
  [/did not answer/, 'broken'],
  [/too often/, 'often'],
  [/refused the message \((?:code|HTTP) (\d+)\)/, 'refused'],
  [/public network/, 'inside'],
  [/not a robot's/, 'stranger'],
]
export function robotProblem(t: Say, error: string): string {
  for (const [words, key] of refusals) {
    const found = words.exec(error)
    if (found) return t(`staffing.robot.why.${key}`, { code: found[1] ?? '' }, 1)
  }
  return error
}
