import type { Conversation, Message } from '@yingda/shared/api'
import { describe, expect, it } from 'vitest'
import { belongs, isAbove } from './lists.ts'
import { differences, previewOf, receipt, snoozeChoices, timeline, views, withMemory, type Activity, type OutboxItem } from './model.ts'

const conversation = (fields: Partial<Conversation> = {}): Conversation => ({
  id: 'cnv_1',
  contact: { id: 'con_1' },
  inbox_id: 'inb_1',
  status: 'open',
  seq: 1,
  version: 1,
  unread: 0,
  contact_read_seq: 0,
  agent_read_seq: 0,
  created_at: '2026-03-04T01:00:00Z',
  updated_at: '2026-03-04T01:00:00Z',
  last_message_at: '2026-03-04T01:00:00Z',
  ...fields,
})

const message = (seq: number, at: string, fields: Partial<Message> = {}): Message => ({
  id: `msg_${seq}`,
  conversation_id: 'cnv_1',
  inbox_id: 'inb_1',
  seq,
  author: { kind: 'visitor', id: 'con_1' },
  visibility: 'public',
  status: 'received',
  parts: [{ type: 'text', text: `text ${seq}` }],
  at,
  ...fields,
})

describe('lists', () => {
  it.each([
    [{}, ['unassigned', 'open', 'all']],
    [{ assignee_id: 'agt_me' }, ['mine', 'open', 'all']],
    [{ assignee_id: 'agt_other' }, ['open', 'all']],
    [{ status: 'pending' }, ['pending', 'all']],
    [{ status: 'snoozed', assignee_id: 'agt_me' }, ['snoozed', 'all']],
    [{ status: 'resolved', assignee_id: 'agt_me' }, ['resolved', 'all']],
  ] as [Partial<Conversation>, string[]][])('%o stands in %o', (fields, expected) => {
    expect(views.filter((v) => belongs(v, conversation(fields), 'agt_me'))).toEqual(expected)
  })

  it('orders by newest message, then by id', () => {
    const old = conversation({ id: 'cnv_a' })
    const young = conversation({ id: 'cnv_b', last_message_at: '2026-03-04T01:00:00.000002Z' })
    expect(isAbove(conversation({ last_message_at: '2026-03-04T01:00:01Z' }), old)).toBe(true)
    expect(isAbove(conversation({ id: 'cnv_z' }), old)).toBe(true)
    expect(isAbove(old, young)).toBe(false)
  })

  it('cuts previews by characters, not by halves of them', () => {
    expect(previewOf(message(1, '', { parts: [{ type: 'text', text: `${'😀'.repeat(130)}` }] }))).toBe('😀'.repeat(120))
    expect(previewOf(message(1, '', { parts: [{ type: 'text', text: 'a\n\n b' }, { type: 'image', media: { url: '/x', name: 'c.png' } }] }))).toBe('a b c.png')
  })
})

describe('timeline', () => {
  const item = (key: string): OutboxItem => ({ key, conversation: 'cnv_1', mode: 'reply', text: 't', at: '2026-03-04T02:00:00Z', state: 'sending' })

  it('puts days between, groups what one person says at once, and keeps order', () => {
    const entries = timeline(
      [message(1, '2026-03-03T10:00:00Z'), message(2, '2026-03-03T10:01:00Z'), message(3, '2026-03-03T10:20:00Z'), message(4, '2026-03-04T01:00:00Z')],
      [],
      [],
    )
    expect(entries.map((e) => (e.kind === 'message' ? `${e.message.seq}${e.head ? 'h' : ''}` : e.kind))).toEqual(['day', '1h', '2', '3h', 'day', '4h'])
  })

  it('shows an own message once, under one key, before and after it is confirmed', () => {
    const before = timeline([message(1, '2026-03-04T01:00:00Z')], [], [item('k1'), item('k2')])
    const own = message(2, '2026-03-04T02:00:00Z', { author: { kind: 'agent', id: 'agt_1' }, client_id: 'k1' })
    const after = timeline([message(1, '2026-03-04T01:00:00Z'), own], [], [item('k1'), item('k2')])
    expect(before.slice(-2).map((e) => e.key)).toEqual(['own-k1', 'own-k2'])
    expect(after.slice(-2).map((e) => [e.kind, e.key])).toEqual([
      ['message', 'own-k1'],
      ['outgoing', 'own-k2'],
    ])
  })

  it('is not fooled by a visitor who chooses our key as the client id', () => {
    const foreign = message(2, '2026-03-04T02:00:00Z', { client_id: 'k1' })
    expect(timeline([foreign], [], [item('k1')]).filter((e) => e.kind === 'outgoing')).toHaveLength(1)
  })

  it('puts activities where they happened and leaves out those of pages not loaded', () => {
    const activity = (seq: number, at: string): Activity => ({ seq, event: { type: 'assigned', at, details: {} } })
    const entries = timeline(
      [message(5, '2026-03-04T01:00:00Z'), message(6, '2026-03-04T03:00:00Z')],
      [activity(9, '2026-03-04T04:00:00Z'), activity(8, '2026-03-04T02:00:00Z'), activity(1, '2026-03-04T00:30:00Z')],
      [],
    )
    expect(entries.map((e) => e.key)).toEqual(['day-Wed Mar 04 2026', 'msg_5', 'activity-8', 'msg_6', 'activity-9'])
  })

  it('remembers the beginning and a resolution nobody saw', () => {
    const c = conversation({ status: 'resolved', resolved_at: '2026-03-04T05:00:00Z' })
    expect(withMemory([], c).map((a) => a.event.type)).toEqual(['opened', 'resolved'])
    const seen: Activity = { seq: 7, event: { type: 'resolved', at: '2026-03-04T05:00:00Z', details: {} } }
    expect(withMemory([seen], c)).toHaveLength(2)
  })
})

describe('receipts', () => {
  const own = (seq: number, status: Message['status']): Message => message(seq, '', { author: { kind: 'agent' }, status })
  it.each([
    [[own(1, 'sent')], 0, { id: 'msg_1', state: 'sent' }],
    [[own(1, 'sent')], 1, { id: 'msg_1', state: 'read' }],
    [[own(1, 'delivered'), message(2, '')], 0, { id: 'msg_1', state: 'delivered' }],
    [[own(1, 'queued')], 0, { id: 'msg_1', state: 'queued' }],
    [[own(1, 'sent'), own(2, 'failed')], 0, { id: 'msg_1', state: 'sent' }],
    [[message(1, '')], 1, null],
  ] as [Message[], number, unknown][])('%#', (messages, read, expected) => {
    expect(receipt(messages, read)).toEqual(expected)
  })
})

describe('snooze', () => {
  it.each([
    [new Date(2026, 2, 4, 9), ['hour', 'evening', 'tomorrow', 'monday', 'week']],
    [new Date(2026, 2, 4, 22), ['hour', 'tomorrow', 'monday', 'week']],
    [new Date(2026, 2, 8, 10), ['hour', 'evening', 'tomorrow', 'week']],
  ])('offers only sensible times at %s', (now, names) => {
    const choices = snoozeChoices(now)
    expect(choices.map((c) => c.name)).toEqual(names)
    for (const c of choices) expect(c.at.getTime()).toBeGreaterThan(now.getTime())
    expect(choices.find((c) => c.name === 'monday')?.at.getDay() ?? 1).toBe(1)
  })
})

it('names what somebody else changed', () => {
  expect(differences(conversation(), conversation({ assignee_id: 'agt_2', status: 'resolved' }))).toEqual([
    { field: 'status', status: 'resolved' },
    { field: 'assignee', assignee: 'agt_2' },
  ])
  expect(differences(conversation({ assignee_id: '' }), conversation())).toEqual([])
})
