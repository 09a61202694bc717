import { beforeEach, expect, it } from 'vitest'
import { session } from '../session/model.ts'
import { forgetDrafts, outboxStorage } from './drafts.ts'
import type { OutboxItem } from './model.ts'

const item = (key: string): OutboxItem => ({ key, conversation: 'c', mode: 'reply', text: key, at: '', state: 'waiting' })
const keysOf = (items: OutboxItem[]): string[] => items.map((i) => i.key)
const logIn = (id: string): void => {
  session.value = { agent: { id } } as NonNullable<typeof session.value>
}

beforeEach(() => {
  localStorage.clear()
  logIn('agt_1')
})

it('keeps what two tabs are sending, each removing only its own', () => {
  const [one, two] = [outboxStorage(), outboxStorage()]
  one.save([item('b'), item('a')])
  two.save([item('c')])
  expect(keysOf(outboxStorage().load()).sort()).toEqual(['a', 'b', 'c'])
  two.save([])
  const after = outboxStorage()
  expect(after.load()).toEqual([item('b'), item('a')])
  after.save([item('a')])
  expect(keysOf(outboxStorage().load())).toEqual(['a'])
})

it('keeps people apart, also when the session ends meanwhile, and forgets one at log-out', () => {
  const first = outboxStorage()
  session.value = null
  first.save([item('a')])
  logIn('agt_2')
  expect(outboxStorage().load()).toEqual([])
  outboxStorage().save([item('z')])
  logIn('agt_1')
  expect(keysOf(outboxStorage().load())).toEqual(['a'])
  forgetDrafts()
  expect(outboxStorage().load()).toEqual([])
  logIn('agt_2')
  expect(keysOf(outboxStorage().load())).toEqual(['z'])
})

it('survives damaged storage', () => {
  localStorage.setItem('yingda.outbox.agt_1.x', '{')
  expect(outboxStorage().load()).toEqual([])
  expect(localStorage.length).toBe(0)
})
