/** Dates for people. All functions take the present, so tests and screens agree about it. */

const day = 86_400_000

function startOfDay(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime()
}

/** Whole calendar days between two moments in the reader's time zone; positive when the second is later. */
export function daysBetween(earlier: Date, later: Date): number {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / day)
}

/** "刚刚", "5分钟前", "14:02", "昨天", "3月4日": short enough for a list. A clock that runs ahead reads as now. */
export function relativeTime(locale: string, iso: string, now: number): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return ''
  const seconds = Math.round((now - time.getTime()) / 1000)
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'narrow' })
  if (seconds < 45) return relative.format(0, 'second')
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute')
  const days = daysBetween(time, new Date(now))
  if (days === 0) return clockTime(locale, iso)
  if (days < 7) return relative.format(-days, 'day')
  return shortDate(locale, time, new Date(now))
}

/** "5分钟", "3小时", "2天": how long something has lasted, in its largest whole unit; less than a minute is one. */
export function lapse(locale: string, ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000))
  const [value, unit] = minutes < 60 ? [minutes, 'minute'] : minutes < 1440 ? [Math.floor(minutes / 60), 'hour'] : [Math.floor(minutes / 1440), 'day']
  return new Intl.NumberFormat(locale, { style: 'unit', unit: String(unit), unitDisplay: 'long' }).format(Number(value))
}

export function clockTime(locale: string, iso: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso))
}

/** The full time, for hovering and for screen readers. */
export function exactTime(locale: string, iso: string): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return ''
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'medium', hourCycle: 'h23' }).format(time)
}

/** "今天", "昨天", "3月4日 星期三", with the year when it is another one. */
export function dayLabel(locale: string, iso: string, now: number): string {
  const time = new Date(iso)
  const days = daysBetween(time, new Date(now))
  if (days === 0 || days === 1) {
    const text = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day')
    return text.charAt(0).toUpperCase() + text.slice(1)
  }
  const sameYear = time.getFullYear() === new Date(now).getFullYear()
  return new Intl.DateTimeFormat(locale, {
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(time)
}

/** A moment to come, as in "snoozed until": "今天 18:00", "11月24日 09:00". */
export function momentLabel(locale: string, iso: string, now: number): string {
  const time = new Date(iso)
  const days = daysBetween(new Date(now), time)
  const clock = clockTime(locale, iso)
  if (days === 0 || days === 1) {
    return `${new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day')} ${clock}`
  }
  return `${shortDate(locale, time, new Date(now))} ${clock}`
}

function shortDate(locale: string, time: Date, now: Date): string {
  const sameYear = time.getFullYear() === now.getFullYear()
  return new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }) }).format(time)
}
