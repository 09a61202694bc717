import { describe, expect, it } from 'vitest'
import { beliefs, curve, outcome, table } from './curve.ts'

const bins = (of: Record<number, [number, number, number]>) => Array.from({ length: 50 }, (_, i) => ({ asked: of[i]?.[0] ?? 0, good: of[i]?.[1] ?? 0, bad: of[i]?.[2] ?? 0 }))
const topics = [{ topic: 'a', checked: 0, wrong: 0, bins: bins({ 48: [6, 3, 1], 40: [3, 1, 1], 5: [1, 0, 0] }) }]

describe('the risk-coverage curve', () => {
  it('counts what a threshold answers, and how much of that is wrong', () => {
    const points = curve(topics)
    expect(points[45]).toMatchObject({ coverage: 0.6, risk: 0.25, answered: 6, known: 4 })
    expect(points[40]).toMatchObject({ coverage: 0.9, answered: 9, known: 6 })
    expect(points[49]?.risk).toBeNull()
    expect(points[0]?.coverage).toBe(1)
  })
  it('sorts questions by two thresholds', () => {
    expect(outcome(topics, 0.9, 0.7)).toEqual({ answered: 6, reviewed: 3, handed: 1, wrong: 1, known: 4 })
    expect(outcome(topics, 0.96, 0.96)).toMatchObject({ answered: 6, reviewed: 0, handed: 4 })
  })
  it('says what each of some thresholds would have done', () => {
    expect(table(topics, [0.96, 0.8]).map((p) => p.answered)).toEqual([6, 9])
  })
  it('sets belief beside what was found', () => {
    const found = beliefs({ ...topics[0]!, checked: 4, wrong: 1 }, 0.9)
    expect(found).toMatchObject({ asked: 10, answered: 6, checked: 4, wrong: 1 })
    expect(found.sure).toBeCloseTo(0.97)
    expect(beliefs(topics[0]!, 0.99).sure).toBeNull()
  })
  it('bears no data', () => {
    expect(curve([])[0]).toMatchObject({ coverage: 0, risk: null })
  })
})
