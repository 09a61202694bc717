import { expect, it } from 'vitest'
import type { Conversation, Message } from '../conversations/shapes.ts'
import { worth, type NotifyPreferences } from './model.ts'

const wants: NotifyPreferences = { about: 'mine', desktop: true, sound: true, quietUntil: 0 }
const from = (kind: 'visitor' | 'agent', fields: Partial<Message> = {}): Message => ({ id: 'm', conversation_id: 'c', inbox_id: 'i', seq: 1, author: { kind, id: kind === 'agent' ? 'other' : 'con' }, visibility: 'public', status: 'received', parts: [], at: '', ...fields })
const at = (assignee_id: string, status: Conversation['status'] = 'open'): Conversation => ({ id: 'c', assignee_id, status }) as Conversation
const here = { me: 'me', now: 1000, watching: '' }

it.each([
  ['my customer writes', from('visitor'), at('me'), wants, here, 'message'],
  ['nobody has it yet', from('visitor'), at(''), wants, here, 'message'],
  ['a colleague has it', from('visitor'), at('other'), wants, here, null],
  ['the bot has it', from('visitor'), at('', 'pending'), wants, here, null],
  ['everything is wanted', from('visitor'), at('other'), { ...wants, about: 'everything' as const }, here, 'message'],
  ['it is on screen', from('visitor'), at('me'), wants, { ...here, watching: 'c' }, null],
  ['it is quiet', from('visitor'), at('me'), { ...wants, quietUntil: 2000 }, here, null],
  ['quiet is over', from('visitor'), at('me'), { ...wants, quietUntil: 500 }, here, 'message'],
  ['a note calls me, though nothing is wanted', from('agent', { visibility: 'note', mentions: ['me'] }), at('other'), { ...wants, about: 'nothing' as const }, here, 'mention'],
  ['a note calls another', from('agent', { visibility: 'note', mentions: ['x'] }), at('me'), wants, here, null],
  ['I wrote it myself', from('agent', { author: { kind: 'agent', id: 'me' }, mentions: ['me'] }), at('me'), wants, here, null],
])('%s', (_, message, conversation, preferences, situation, expected) => expect(worth(message, conversation, preferences, situation)).toBe(expected))
