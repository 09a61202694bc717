import type { Exception, Period, TeamWork } from '../shapes.ts'

const day = 24 * 60
const two = (n: number): string => String(n).padStart(2, '0')

/** "09:30" of minutes; those of the next day count from its midnight. */
export function clock(minutes: number): string {
  const m = ((minutes % day) + day) % day
  return `${two(Math.floor(m / 60))}:${two(m % 60)}`
}

/** Minutes of "09:30"; NaN of anything else. */
export function minutes(text: string): number {
  const parts = /^(\d{1,2}):(\d{2})/.exec(text)
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : Number.NaN
}

/** A period from one clock to another: an end that is not after the beginning is on the next day. */
export function period(from: string, to: string): Period {
  const [a, b] = [minutes(from), minutes(to)]
  return { from: a, to: b > a ? b : b + day }
}

export const overnight = (p: Period): boolean => p.to > day

/** Whether the periods of a day make sense: real clocks, none over another. */
export function fit(periods: readonly Period[]): boolean {
  const sorted = [...periods].sort((a, b) => a.from - b.from)
  return sorted.every((p, i) => p.from >= 0 && p.from < day && p.to > p.from && p.to <= p.from + day && (i === 0 || p.from >= sorted[i - 1]!.to))
}

/** What the editor holds: every list is there, and whether hours are kept at all is a choice of its own. */
export interface Edited {
  zone: string
  always: boolean
  week: Period[][]
  exceptions: Required<Exception>[]
  senior: boolean
  answer: number
  priority: number
  /** What was seen of it, so that nothing else is overwritten. */
  revision: string
}

/** Office hours, Sunday first. */
export const usual = (): Period[][] => [0, 1, 2, 3, 4, 5, 6].map((d) => (d >= 1 && d <= 5 ? [{ from: 9 * 60, to: 18 * 60 }] : []))

export function edit(work: TeamWork | undefined): Edited {
  const week = Array.from({ length: 7 }, (_, d) => [...(work?.hours.week[d] ?? [])])
  const exceptions = (work?.hours.exceptions ?? []).map((e) => ({ date: e.date, name: e.name ?? '', periods: e.periods ?? [] }))
  return {
    zone: work?.zone || 'Asia/Shanghai',
    always: exceptions.length === 0 && week.every((d) => d.length === 0),
    week,
    exceptions,
    senior: work?.senior ?? false,
    answer: work?.answer_within_s ?? 0,
    priority: work?.priority ?? 0,
    revision: work?.revision ?? '',
  }
}

/** As the server keeps it; without hours there are no exceptions either. */
export function written(e: Edited): TeamWork {
  const sorted = (periods: Period[]): Period[] => [...periods].sort((a, b) => a.from - b.from)
  return {
    zone: e.zone,
    hours: {
      week: e.week.map((d) => (e.always ? [] : sorted(d))),
      exceptions: e.always ? [] : [...e.exceptions].sort((a, b) => a.date.localeCompare(b.date)).map((x) => ({ date: x.date, name: x.name, periods: sorted(x.periods) })),
    },
    senior: e.senior,
    answer_within_s: e.answer,
    ...(e.priority ? { priority: e.priority } : {}),
    ...(e.revision ? { revision: e.revision } : {}),
  }
}

/** Whether it can be saved. */
export function valid(e: Edited): boolean {
  if (e.always) return true
  const dates = e.exceptions.map((x) => x.date)
  return (
    e.week.every(fit) &&
    e.exceptions.every((x) => /^\d{4}-\d{2}-\d{2}$/.test(x.date) && fit(x.periods)) &&
    new Set(dates).size === dates.length &&
    (e.exceptions.length > 0 || e.week.some((d) => d.length > 0))
  )
}
