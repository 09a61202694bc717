import { createI18n } from 'vue-i18n'
import { describe, expect, it } from 'vitest'
import { compileText } from './compile.ts'

const texts = {
    named: 'Hello {name}, { name }!',
  count: 'one conversation | {n} conversations',
  pair: 'Title|Details',
  quoted: "{'@'}{name}{'{}'}",
  at: 'mail a@b.example, #1, {not a name}',
}
const { t: say } = createI18n({ legacy: false, locale: 'en', messages: { en: texts }, messageCompiler: compileText }).global as unknown as {
  t: (key: string, values?: Record<string, unknown> | number) => string
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
  it('gives the form that is asked for', () => expect([say('pair', 1), say('pair', 2)]).toEqual(['Title', 'Details']))
  it('means nothing by other signs', () => {
    expect(say('at')).toBe('mail a@b.example, #1, {not a name}')
  })
})
