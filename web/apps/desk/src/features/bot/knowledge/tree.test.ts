import { expect, it } from 'vitest'
import { within } from './api.ts'
import { compare, inOrder, marked, pastedLines } from './tree.ts'

const all = [
  { id: 'b', name: '售后' },
  { id: 'c', name: '退换', parent_id: 'b' },
  { id: 'a', name: '售前' },
]

it('lists categories as a tree, and a category means those below it', () => {
  expect(inOrder(all).map((c) => c.full)).toEqual(['售后', '售后 / 退换', '售前'])
  expect(within('b', all)).toEqual(['b', 'c'])
  expect(within('-', all)).toEqual(['-'])
  expect(within('', all)).toEqual([])
})

it('takes pasted lists apart', () => expect(pastedLines('1. 怎么退\n\n- 可以退吗 \n·不要了\r\n2、退货')).toEqual(['怎么退', '可以退吗', '不要了', '退货']))

it('says what became of a text', () =>
  expect(compare('a\nb\nc', 'a\nx\nc').map((c) => `${c.kind[0]}${c.text}`)).toEqual(['sa', 'rb', 'ax', 'sc']))

it('marks what was matched', () => expect(marked('我想退货', [{ start: 2, end: 4 }])).toEqual([{ text: '我想', on: false }, { text: '退货', on: true }]))
