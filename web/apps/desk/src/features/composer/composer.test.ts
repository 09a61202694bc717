import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { format, newLine, pasteLink, type Edit } from './editing.ts'
import { askedAt, meant, mentioned, ranked } from './suggest.ts'
import { fill } from './template.ts'

const done = (value: string, edit: Edit): string => {
  const after = value.slice(0, edit.from) + edit.text + value.slice(edit.to)
  return `${after.slice(0, edit.start)}[${after.slice(edit.start, edit.end)}]${after.slice(edit.end)}`
}

describe('Markdown shortcuts', () => {
  it('puts marks around and takes them away', () => {
    expect(done('请看这里', format('请看这里', 2, 4, 'bold'))).toBe('请看**[这里]**')
    expect(done('请看**这里**', format('请看**这里**', 4, 6, 'bold'))).toBe('请看[这里]')
    expect(done('**这里**', format('**这里**', 0, 6, 'bold'))).toBe('[这里]')
    expect(done('', format('', 0, 0, 'code'))).toBe('`[]`')
  })

  it('makes and unmakes lists of the selected lines', () => {
    expect(done('一\n二', format('一\n二', 0, 3, 'bullets'))).toBe('[- 一\n- 二]')
    expect(done('- 一\n- 二', format('- 一\n- 二', 0, 7, 'bullets'))).toBe('[一\n二]')
    expect(done('一\n二', format('一\n二', 0, 3, 'numbers'))).toBe('[1. 一\n2. 二]')
    expect(done('x', format('x', 1, 1, 'quote'))).toBe('> x[]')
  })

  it('goes on with a list, and ends it at an empty item', () => {
    expect(done('- 一', newLine('- 一', 3, 3))).toBe('- 一\n- []')
    expect(done('9. 一', newLine('9. 一', 4, 4))).toBe('9. 一\n10. []')
    expect(done('- 一\n- ', newLine('- 一\n- ', 6, 6))).toBe('- 一\n[]')
    expect(done('一', newLine('一', 1, 1))).toBe('一\n[]')
  })

  it('makes a link of words and a pasted address', () => {
    expect(done('看商店', pasteLink('看商店', 1, 3, ' https://a.example/x ')!)).toBe('看[商店](https://a.example/x)[]')
    expect(pasteLink('看商店', 1, 1, 'https://a.example')).toBeNull()
    expect(pasteLink('看商店', 1, 3, 'javascript:alert(1)')).toBeNull()
  })
})

describe('suggestions', () => {
  it.each([
    ['/', false, 'canned', ''],
    ['您好 /th', false, 'canned', 'th'],
    ['/退货', false, 'canned', '退货'],
    ['a/b', false, undefined, ''],
    ['https://a.example/x', false, undefined, ''],
    ['@lx', true, 'mention', 'lx'],
    ['请@林', true, 'mention', '林'],
    ['请 @林', true, 'mention', '林'],
    ['a@b', true, undefined, ''],
    ['@林', false, undefined, ''],
    ['/x', true, undefined, ''],
  ])('%s asks for %s', (text, note, kind, words) => {
    const asked = askedAt(text, text.length, note)
    expect([asked?.kind, asked?.words ?? '']).toEqual([kind, words])
    if (asked) expect('/@').toContain(text[asked.from])
  })

  it('finds people and replies by name and by pinyin initials, the best first', () => {
    const people = [
      { name: '林晓', initials: 'lx' },
      { name: '李想', initials: 'lx' },
      { name: '王林', initials: 'wl' },
      { name: 'Lxy', initials: 'lxy' },
    ]
    expect(ranked(people, (p) => meant('lx', p.name, p.initials)).map((p) => p.name)).toEqual(['Lxy', '林晓', '李想'])
    expect(ranked(people, (p) => meant('林', p.name, p.initials)).map((p) => p.name)).toEqual(['林晓', '王林'])
    expect(ranked(people, (p) => meant('zz', p.name, p.initials))).toEqual([])
  })

  it('knows who is called, also when one name begins another', () => {
    const people = [
      { id: 'a', name: '林晓' },
      { id: 'b', name: '林晓雨' },
    ]
    expect(mentioned('请 @林晓雨 看', people)).toEqual(['b'])
    expect(mentioned('@林晓 @林晓雨', people).sort()).toEqual(['a', 'b'])
  })
})

describe('variables', () => {
  const values = { contact: { name: '王小明', city: '' }, agent: { name: '林晓' }, account: { name: '云杉' }, conversation: { id: 'cnv_1' } }
  it.each([
    ['{{contact.name|亲}}，您好', '王小明，您好'],
    ['{{ contact.city | 上海 }}', '上海'],
    ['{{contact.none|亲}}', '亲'],
    ['{{contact.none}}，好', '，好'],
    ['{{agent.name}}@{{account.name}} {{conversation.id}}', '林晓@云杉 cnv_1'],
    ['{{nothing.here}} {{contact.constructor|x}} {{', '{{nothing.here}} x {{'],
  ])('%s becomes %s', (text, filled) => expect(fill(text, values)).toBe(filled))

  it('does not fill what a value brings in', () => {
    expect(fill('{{contact.name}}', { ...values, contact: { name: '{{agent.name}}' } })).toBe('{{agent.name}}')
  })
})

it('fills in variables as the server does', () => {
  const path = join(import.meta.dirname, '../../../../../../internal/flow/toolbox/testdata/variables.json')
  const vectors = (JSON.parse(readFileSync(path, 'utf8')) as { text: string; values: Record<string, string>; want: string; bad?: boolean }[]).filter((v) => !v.bad)
  expect(vectors.length).toBeGreaterThan(5)
  for (const { text, values: given, want } of vectors) {
    const values = { contact: {} as Record<string, string>, agent: { name: '' }, account: { name: '' }, conversation: { id: '' } }
    for (const [name, value] of Object.entries(given)) {
      const [group, key] = name.split(/\.(.*)/s) as [keyof typeof values, string]
      ;(values[group] as Record<string, string>)[key] = value
    }
    expect([text, fill(text, values)]).toEqual([text, want])
  }
})
