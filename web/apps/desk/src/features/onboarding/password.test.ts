import { expect, it } from 'vitest'
import { strength } from './password.ts'

it.each([
  ['', 0],
  ['short', 0],
  ['aaaaaaaaaaaa', 1],
  ['1234567890', 1],
  ['password1234', 1],
  ['guitarlamp', 2],
  ['correct horse battery', 3],
  ['Tx7!kq92Lm#4', 3],
  ['一二三四五六七八九十', 2],
])('%s is %d', (password, want) => expect(strength(password)).toBe(want))
