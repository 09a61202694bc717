import { describe, expect, it } from 'vitest'
import { checkColor, contrast, houseColor, nearestPassing, readColor, suggest, textOn } from './contrast.ts'

describe('contrast', () => {
  // Figures of WebAIM's and the W3C's calculators.
  it.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#ffffff', 1],
    ['#777777', '#ffffff', 4.48],
    ['#767676', '#ffffff', 4.54],
    ['#ff0000', '#ffffff', 4.0],
    ['#0000ff', '#ffffff', 8.59],
    ['#00ff00', '#000000', 15.3],
  ])('%s on %s is %d', (a, b, want) => {
    expect(contrast(a, b)).toBeCloseTo(want, 1)
    expect(contrast(b, a)).toBe(contrast(a, b))
  })

  it('writes white where it can be read and dark where not', () => {
    expect(textOn('#047857')).toBe('#ffffff')
    expect(textOn('#facc15')).toBe('#0f172a')
  })

  it('passes the house green', () => expect(checkColor(houseColor).map((c) => c.passes)).toEqual([true, true, true]))

  it.each(['#facc15', '#ff0000', '#00ffff', '#ff69b4', '#ffffff', '#000000', '#808080', '#10b981', '#1e3a8a'])('finds a passing neighbour of %s', (color) => {
    const found = suggest(color)!
    expect(found).toMatch(/^#[0-9a-f]{6}$/)
    expect(checkColor(found).every((c) => c.passes)).toBe(true)
    expect(suggest(found)).toBe(found)
  })

  it('goes the shorter way', () => {
    // Just too light: the neighbour is hardly darker, not black.
    expect(contrast(nearestPassing('#777777', (c) => contrast(c, '#ffffff') >= 4.5)!, '#ffffff')).toBeLessThan(4.7)
  })

  it('gives up on what no colour can do', () => expect(nearestPassing('#123456', () => false)).toBeNull())

  it.each([
    ['#0F8', '#00ff88'],
    [' 0f8855 ', '#0f8855'],
    ['#0f88', ''],
    ['red', ''],
    ['', ''],
  ])('reads %s as %s', (typed, color) => expect(readColor(typed)).toBe(color))
})
