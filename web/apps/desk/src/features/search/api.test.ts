import { describe, expect, it } from 'vitest'
import { marked } from './api.ts'

describe('marked', () => {
  it.each([
    ['什么时候发货', 4, 6, ['什么时候', '[发货]']],
    ['😀😀jacket?', 2, 8, ['😀😀', '[jacket]', '?']],
    ['<b>x</b>', 0, 3, ['[<b>]', 'x</b>']],
    ['nothing', 0, 0, ['nothing']],
    ['short', 3, 99, ['sho', '[rt]']],
  ])('%s from %i to %i', (text, from, to, expected) => {
    expect(marked({ text, from, to }).map((p) => (p.found ? `[${p.text}]` : p.text))).toEqual(expected)
  })
})
