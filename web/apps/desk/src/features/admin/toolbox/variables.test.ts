import { expect, it } from 'vitest'
import { fill, goodShortcut, placeholder, unknown, variables } from './variables.ts'

it.each([
  ['{{contact.name}}您好', '李雷您好'],
  ['{{ contact.name }}', '李雷'],
  ['{{contact.city|您那里}}', '您那里'],
  ['{{contact.city}}。', '。'],
  ['{{contact.name|亲}}', '李雷'],
  ['{ {contact.name}} {{}} {{x}}', '{ {contact.name}} {{}} {{x}}'],
])('%s becomes %s', (text, want) => expect(fill(text, { 'contact.name': '李雷' })).toBe(want))

it('inserts what it understands', () => {
  for (const v of variables) expect(fill(placeholder(v, 'x'), {})).toBe('x')
  expect(unknown(variables.map((v) => placeholder(v)).join(''))).toEqual([])
})

it('names what stands for nothing', () => expect(unknown('{{contact.vip}} {{order.id}} {{agent.phone}}')).toEqual(['order.id', 'agent.phone']))

it.each([
  ['fahuo', true],
  ['发货-1_a', true],
  ['', false],
  ['a b', false],
  ['/a', false],
  ['x'.repeat(33), false],
])('shortcut %s: %s', (text, want) => expect(goodShortcut(text)).toBe(want))
