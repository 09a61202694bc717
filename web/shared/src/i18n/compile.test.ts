import { createI18n } from 'vue-i18n'
import { describe, expect, it } from 'vitest'
import { compileText } from './compile.ts'

const texts = {
  plain: '50 % of a@b.example | c# is text? No: a bar with spaces parts forms',
  named: 'Hello {name}, { name }!',
  count: 'one conversation | {n} conversations',
  bar: 'Title|Details',
  quoted: "{'@'}{name}{'{}'}",
  at: 'mail a@b.example, #1, {not a name}',
}
const { t: say } = createI18n({ legacy: false, locale: 'en', messages: { en: texts }, messageCompiler: compileText }).global as unknown as {
  t: (key: string, values?: Record<string, unknown>) => string
}

describe('texts', () => {
  it('puts values in, as text', () => {
    expect(say('named', { name: '<b>{n}</b>' })).toBe('Hello <b>{n}</b>, <b>{n}</b>!')
    expect(say('named')).toBe('Hello , !')
  })
  it.each([
    [0, '0 conversations'],
    [1, 'one conversation'],
    [2, '2 conversations'],
  ])('%i takes the form of its number', (n, want) => expect(say('count', { n })).toBe(want))
  it('takes quoted signs as they are', () => expect(say('quoted', { name: 'lin' })).toBe('@lin{}'))
  it('means nothing by other signs', () => {
    expect(say('bar')).toBe('Title|Details')
    expect(say('at')).toBe('mail a@b.example, #1, {not a name}')
  })
})
