import { describe, expect, it } from 'vitest'
import { same } from '../draft.ts'
import type { FullInbox, PrechatField } from '../inboxes/shapes.ts'
import { fieldProblem, moved, newField, prepare, tidy, valid } from './model.ts'

const plain: FullInbox = { id: 'inb_1', channel: 'webchat', name: 'Shop', key: 'chk_1', enabled: true, settings: {} }

describe('an inbox to design', () => {
  it('is not changed by being opened', () => {
    expect(same(prepare(plain), plain)).toBe(true)
    expect(tidy(prepare(plain).settings)).toEqual({})
    expect(plain.settings).toEqual({})
  })

  it('keeps what it does not know', () => {
    const settings = { bot_first: true, hours: { monday: '9' }, widget: { sound: false } }
    expect(tidy(prepare({ ...plain, settings }).settings)).toEqual(settings)
  })

  it('is sent without empty things', () => {
    const made = prepare(plain)
    made.settings.widget.texts['zh-CN']!.title = '  '
    made.settings.widget.texts.en!.title = 'Hi'
    made.settings.widget.quick_replies['zh-CN'] = ['发货吗', ' ']
    made.settings.primary = ''
    expect(tidy(made.settings)).toEqual({ widget: { texts: { en: { title: 'Hi' } }, quick_replies: { 'zh-CN': ['发货吗'] } } })
  })

  it('gives a question a label for every language, and options only to a choice', () => {
    const made = prepare(plain)
    const field = newField('order', '订单号', [])
    field.options = ['x']
    made.settings.widget.prechat = { enabled: true, title: {}, fields: [field] }
    expect(tidy(made.settings).widget?.prechat?.fields).toEqual([{ name: 'order_number', label: '订单号', labels: { 'zh-CN': '订单号', en: '订单号' }, kind: 'text' }])
  })
})

describe('questions', () => {
  const f = (name: string, more: Partial<PrechatField> = {}): PrechatField => ({ name, label: name, labels: { 'zh-CN': name }, kind: 'text', ...more })

  it('get a name of their own', () => {
    const all = [newField('custom', 'A', [])]
    all.push(newField('custom', 'B', all))
    expect(all.map((x) => x.name)).toEqual(['question', 'question_2'])
    expect(newField('email', '邮箱', []).kind).toBe('email')
  })

  it('say what is wrong', () => {
    expect(fieldProblem(f('a'), [f('a')])).toBeNull()
    expect(fieldProblem(f('a', { labels: { en: ' ' } }), [])).toBe('label')
    expect(fieldProblem(f('a', { kind: 'select', options: ['one', ' '] }), [])).toBe('options')
    expect(fieldProblem(f('a'), [f('a'), f('a')])).toBe('name')
    expect(fieldProblem(f('A b'), [])).toBe('name')
  })

  it.each([
    [0, 2, 'bca'],
    [2, 0, 'cab'],
    [1, 1, 'abc'],
    [0, 9, 'bca'],
    [2, -1, 'cab'],
    [7, 0, 'abc'],
  ])('move from %d to %d', (from, to, want) => expect(moved(['a', 'b', 'c'], from, to).join('')).toBe(want))

  it('are asked for when the form is on', () => {
    const made = prepare(plain)
    expect(valid(made.settings)).toBe(true)
    made.settings.widget.prechat.enabled = true
    expect(valid(made.settings)).toBe(false)
    made.settings.widget.prechat.fields = [newField('name', '姓名', [])]
    expect(valid(made.settings)).toBe(true)
    made.settings.widget.offset_x = 201
    expect(valid(made.settings)).toBe(false)
  })
})
