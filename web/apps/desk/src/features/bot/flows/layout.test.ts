import { describe, expect, it } from 'vitest'
import { draw } from './layout.ts'

const node = (id: string, start = false) => ({ id, kind: 'state' as const, title: id, start, steps: [] })
const edge = (from: string, to: string) => ({ from, to, why: 'goto', step: `${from}/0` })

describe('the picture of a flow', () => {
  it('puts the start on top, what follows below, and no box on another', () => {
    const p = draw({ nodes: [node('b'), node('a', true), node('c'), node('d')], edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd'), edge('d', 'a')] })
    const y = Object.fromEntries(p.boxes.map((b) => [b.node.id, b.y]))
    expect(y.a).toBeLessThan(y.b!)
    expect(y.b).toBe(y.c)
    expect(y.d).toBeGreaterThan(y.b!)
    expect(p.lines).toHaveLength(5)
    for (const a of p.boxes) {
      for (const b of p.boxes) {
        if (a !== b) expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true)
      }
      expect(a.x + a.width).toBeLessThanOrEqual(p.width)
      expect(a.y + a.height).toBeLessThanOrEqual(p.height)
    }
  })

  it('takes a flow that goes only round, and one that is empty', () => {
    expect(draw({ nodes: [node('a', true)], edges: [edge('a', 'a')] }).lines).toHaveLength(1)
    expect(draw({ nodes: [], edges: [] }).boxes).toHaveLength(0)
  })
})
