import { describe, expect, it } from 'vitest'
import { lapse, dayLabel, momentLabel, relativeTime } from './format.ts'

const now = new Date(2026, 2, 4, 15, 0).getTime()
const at = (minutes: number): string => new Date(now - minutes * 60_000).toISOString()

describe('times for people', () => {
  it.each([
    [-30, '现在', 'now'],
    [0.2, '现在', 'now'],
    [5, '5分钟前', '5m ago'],
    [59, '59分钟前', '59m ago'],
    [120, '13:00', '13:00'],
    [60 * 20, '昨天', 'yesterday'],
    [60 * 24 * 3, '3天前', '3d ago'],
    [60 * 24 * 30, '2月2日', 'Feb 2'],
    [60 * 24 * 90, '2025年12月4日', 'Dec 4, 2025'],
  ])('%d minutes ago is %s or %s', (minutes, zh, en) => {
    expect(relativeTime('zh-CN', at(minutes), now).replace(/\s/g, '')).toBe(zh)
    expect(relativeTime('en', at(minutes), now)).toBe(en)
  })

  it('names days and moments', () => {
    expect(dayLabel('zh-CN', at(0), now)).toBe('今天')
    expect(dayLabel('en', at(60 * 24), now)).toBe('Yesterday')
    expect(momentLabel('zh-CN', at(-60 * 3), now)).toBe('今天 18:00')
    expect(momentLabel('en', at(-60 * 18), now)).toBe('tomorrow 09:00')
  })

  it('shows nothing for what is no time', () => {
    expect(relativeTime('en', 'soon', now)).toBe('')
  })
})

it.each([
  [10_000, '1分钟', '1 minute'],
  [5 * 60_000, '5分钟', '5 minutes'],
  [119 * 60_000, '1小时', '1 hour'],
  [50 * 3_600_000, '2天', '2 days'],
])('%i ms last %s', (ms, zh, en) => expect([lapse('zh-CN', ms).replace(/\s/g, ''), lapse('en', ms)]).toEqual([zh, en]))
