import { describe, expect, it } from 'vitest'
import { marked } from './api.ts'

describe('marked', () => {
  it.each([
    ['什么时候发货', '发货', ['什么时候', '[发货]']],
    ['Where is my Jacket', 'jacket where', ['[Where]', ' is my ', '[Jacket]']],
    ['a.b*c', '.', ['a', '[.]', 'b*c']],
    ['<b>x</b>', '<b>', ['[<b>]', 'x</b>']],
    ['nothing', '', ['nothing']],
  ])('%s by %s', (snippet, q, expected) => {
    expect(marked(snippet, q).map((p) => (p.found ? `[${p.text}]` : p.text))).toEqual(expected)
  })
})
