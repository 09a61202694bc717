import { expect, it } from 'vitest'
import { clock, edit, fit, minutes, overnight, period, usual, valid, written } from './hours.ts'

it('reads and writes clocks, and puts an end before the beginning on the next day', () => {
  expect(minutes('09:30')).toBe(570)
  expect(minutes('nine')).toBeNaN()
  expect(clock(1440 + 120)).toBe('02:00')
  expect(period('09:00', '18:00')).toEqual({ from: 540, to: 1080 })
  expect(period('22:00', '02:00')).toEqual({ from: 1320, to: 1560 })
  expect(period('00:00', '00:00')).toEqual({ from: 0, to: 1440 })
  expect(overnight(period('18:00', '00:00'))).toBe(false)
  expect(overnight(period('22:00', '02:00'))).toBe(true)
})

it('refuses periods over one another and clocks that are none', () => {
  expect(fit([period('14:00', '18:00'), period('09:00', '12:00')])).toBe(true)
  expect(fit([period('09:00', '13:00'), period('12:00', '18:00')])).toBe(false)
  expect(fit([period('', '18:00')])).toBe(false)
})

it('edits what the server keeps and gives the same back', () => {
  const work = { zone: 'Europe/Berlin', hours: { week: [null, [period('09:00', '12:00')], [], [], [], [], null], exceptions: [{ date: '2026-10-01', name: '国庆' }] }, senior: true, answer_within_s: 60 }
  const e = edit(work)
  expect(e.always).toBe(false)
  expect(written(e)).toEqual({ ...work, hours: { week: [[], [period('09:00', '12:00')], [], [], [], [], []], exceptions: [{ date: '2026-10-01', name: '国庆', periods: [] }] } })
  expect(edit(undefined).always).toBe(true)
  expect(written({ ...edit(undefined), priority: 2 }).priority).toBe(2)
  expect(valid({ ...e, exceptions: [...e.exceptions, ...e.exceptions] })).toBe(false)
  expect(valid({ ...edit(undefined), always: false })).toBe(false)
  expect(valid({ ...edit(undefined), always: false, week: usual() })).toBe(true)
})
