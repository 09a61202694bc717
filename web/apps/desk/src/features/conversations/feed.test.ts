import type { Conversation, FeedEvent, Message } from '@yingda/shared/api'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { queries, server } from '../../server.ts'
import { session } from '../session/model.ts'
import { applyEvent, onMessage, patchConversation, patchMessage, placeInList, placeMessage, resetAll, watchReads } from './feed.ts'
import { keys, type ConversationPages, type MessagePages } from './keys.ts'
import { readList } from './lists.ts'
import type { Activity } from './model.ts'

const conversation = (id: string, minute: number, fields: Partial<Conversation> = {}): Conversation => ({
  id,
  contact: { id: `con_${id}` },
  inbox_id: 'inb_1',
  status: 'open',
  seq: 1,
  version: 1,
  unread: 0,
  contact_read_seq: 0,
  agent_read_seq: 1,
  created_at: '2026-03-04T00:00:00Z',
  updated_at: '2026-03-04T00:00:00Z',
  last_message_at: new Date(Date.UTC(2026, 2, 4, 1, minute)).toISOString(),
  ...fields,
})

const message = (seq: number, fields: Partial<Message> = {}): Message => ({
  id: `msg_${seq}`,
  conversation_id: 'a',
  inbox_id: 'inb_1',
  seq,
  author: { kind: 'visitor' },
  visibility: 'public',
  status: 'received',
  parts: [{ type: 'text', text: `text ${seq}` }],
  at: '2026-03-04T01:30:00Z',
  ...fields,
})

const list = (pages: Conversation[][], more = ''): ConversationPages => ({
  pages: pages.map((items, i) => ({ items, next_cursor: i < pages.length - 1 ? 'x' : more })),
  pageParams: pages.map(() => undefined),
})

const thread = (...seqs: number[]): MessagePages => ({ pages: [{ items: seqs.map((s) => message(s)), more: false }], pageParams: [{}] })
const ids = (l: ConversationPages | undefined): string[][] => (l?.pages ?? []).map((p) => p.items.map((c) => c.id))
const seqs = (): number[] => (queries.getQueryData<MessagePages>(keys.messages('a'))?.pages ?? []).flatMap((p) => p.items.map((m) => m.seq))

function state(c: Conversation, fields: Partial<Conversation> = {}): FeedEvent['conversation'] {
  const { contact: _, preview: __, created_at: ___, ...rest } = { ...c, ...fields }
  return rest
}

beforeEach(() => {
  queries.clear()
  resetAll()
  session.value = { agent: { id: 'agt_me', name: 'me', email: '', role_id: 'agent', role_name: 'agent', totp: false }, account: { id: 'acc_1', name: '', locale: 'zh-CN', require_totp: false }, permissions: [], visibility: 'all', features: { mail: false, max_upload_bytes: 26214400 }, csrf_token: '' }
})

afterEach(() => vi.restoreAllMocks())

describe('placeInList', () => {
  const base = list([[conversation('a', 9), conversation('b', 8)], [conversation('c', 7)]], 'more')
  it.each([
    ['moves up', conversation('c', 10, { version: 2 }), true, [['c', 'a', 'b'], []]],
    ['takes out', conversation('b', 8, { version: 2 }), false, [['a'], ['c']]],
    ['puts between', conversation('d', 8.5), true, [['a', 'd', 'b'], ['c']]],
    ['leaves what is below the loaded pages to them', conversation('d', 1), true, [['a', 'b'], ['c']]],
    ['ignores the past', conversation('a', 1, { version: 0 }), false, [['a', 'b'], ['c']]],
  ] as [string, Conversation, boolean, string[][]][])('%s', (_, c, stays, expected) => {
    expect(ids(placeInList(base, c, stays))).toEqual(expected)
    expect(ids(placeInList(placeInList(base, c, stays), c, stays))).toEqual(expected)
  })

  it('appends at the end of a list that is fully loaded', () => {
    expect(ids(placeInList(list([[conversation('a', 9)]]), conversation('d', 1), true))).toEqual([['a', 'd']])
  })
})

describe('placeMessage', () => {
  it('appends, repeats harmlessly, tells of gaps, and never takes a status back', () => {
    expect(placeMessage(thread(1, 2), message(3))?.pages[0]?.items.map((m) => m.seq)).toEqual([1, 2, 3])
    expect(placeMessage(thread(1, 2), message(2))?.pages[0]?.items).toHaveLength(2)
    expect(placeMessage(thread(1, 2), message(4))).toBeNull()
    const read: MessagePages = { pages: [{ items: [message(1, { status: 'read' })], more: false }], pageParams: [{}] }
    expect(placeMessage(read, message(1, { status: 'sent' }))).toBe(read)
  })
})

describe('events', () => {
  const a = conversation('a', 1, { assignee_id: 'agt_me' })

  it('a message moves the conversation up everywhere, with its preview and unread count', () => {
    queries.setQueryData(keys.list(readList('mine', {})), list([[conversation('b', 8, { assignee_id: 'agt_me' }), a]]))
    queries.setQueryData(keys.item('a'), a)
    queries.setQueryData(keys.messages('a'), thread(1))
    const heard: number[] = []
    const stop = onMessage((m) => heard.push(m.seq))
    const event: FeedEvent = { type: 'message.received', at: '', conversation_id: 'a', message: message(2), conversation: state(a, { seq: 2, version: 2, last_message_at: '2026-03-04T02:00:00Z' }) }
    applyEvent(event, 10)
    applyEvent(event, 10)
    stop()
    expect(ids(queries.getQueryData(keys.list(readList('mine', {}))))).toEqual([['a', 'b']])
    expect(queries.getQueryData<Conversation>(keys.item('a'))).toMatchObject({ unread: 1, preview: 'text 2', version: 2 })
    expect(seqs()).toEqual([1, 2])
    expect(heard).toEqual([2, 2])
  })

  it('what the system says by itself is no preview', () => {
    queries.setQueryData(keys.item('a'), { ...a, preview: 'text 1', last_message: { author_kind: 'visitor' } })
    applyEvent({ type: 'message.sent', at: '', conversation_id: 'a', message: message(2, { author: { kind: 'system' } }), conversation: state(a, { seq: 2, version: 2 }) }, 10)
    expect(queries.getQueryData<Conversation>(keys.item('a'))).toMatchObject({ preview: 'text 1', last_message: { author_kind: 'visitor' }, seq: 2 })
  })

  it('assignment to a colleague takes it out of mine, and leaves a line in the thread once', () => {
    queries.setQueryData(keys.list(readList('mine', {})), list([[a]]))
    queries.setQueryData(keys.list(readList('open', {})), list([[a]]))
    const event: FeedEvent = { type: 'conversation.assigned', at: '', conversation_id: 'a', agent_id: 'agt_2', conversation: state(a, { version: 2, assignee_id: 'agt_2' }) }
    applyEvent(event, 11)
    applyEvent(event, 11)
    expect(ids(queries.getQueryData(keys.list(readList('mine', {}))))).toEqual([[]])
    expect(ids(queries.getQueryData(keys.list(readList('open', {}))))).toEqual([['a']])
    expect(queries.getQueryData<Activity[]>(keys.activity('a'))).toHaveLength(1)
  })

  it('fields that the state no longer has are cleared', () => {
    const snoozed = { ...a, status: 'snoozed' as const, snoozed_until: '2026-03-05T00:00:00Z' }
    queries.setQueryData(keys.item('a'), snoozed)
    const { snoozed_until: _, assignee_id: __, ...open } = state(snoozed, { status: 'open', version: 2 })!
    applyEvent({ type: 'conversation.status_changed', at: '', conversation_id: 'a', conversation: open }, 12)
    expect(queries.getQueryData<Conversation>(keys.item('a'))).toMatchObject({ status: 'open', snoozed_until: '', assignee_id: '' })
  })

  it('delivery receipts only rise', () => {
    queries.setQueryData<MessagePages>(keys.messages('a'), { pages: [{ items: [message(1, { status: 'queued', author: { kind: 'agent' } })], more: false }], pageParams: [{}] })
    const tell = (status: Message['status'], seq: number): void => applyEvent({ type: 'message.status_changed', at: '', conversation_id: 'a', message_id: 'msg_1', status, reason: 'window_closed' }, seq)
    const now = (): string => queries.getQueryData<MessagePages>(keys.messages('a'))!.pages[0]!.items[0]!.status
    tell('failed', 1)
    expect(now()).toBe('failed')
    tell('delivered', 2)
    tell('sent', 3)
    expect(now()).toBe('delivered')
  })

  it('reads an unknown conversation once, however many events tell of it', async () => {
    const fresh = conversation('new', 20)
    const get = vi.spyOn(server, 'get').mockResolvedValue(fresh)
    queries.setQueryData(keys.list(readList('unassigned', {})), list([[]]))
    for (const seq of [1, 2, 3]) applyEvent({ type: 'conversation.opened', at: '', conversation_id: 'new', conversation: state(fresh) }, seq)
    await vi.waitFor(() => expect(ids(queries.getQueryData(keys.list(readList('unassigned', {}))))).toEqual([['new']]), 20_000)
    expect(get.mock.calls.filter(([path]) => path === '/conversations/new')).toHaveLength(1)
  })

  it('a read that began before an event and ended after it does not bring back the past', async () => {
    const stop = watchReads()
    queries.setQueryData(keys.list(readList('mine', {})), list([[a]]))
    queries.setQueryData(keys.messages('a'), thread(1))
    applyEvent({ type: 'message.received', at: '', conversation_id: 'a', message: message(2), conversation: state(a, { seq: 2, version: 2, assignee_id: 'agt_2' }) }, 13)
    // The late answers of reads that saw the world before the event.
    await queries.fetchQuery({ queryKey: keys.list(readList('mine', {})), queryFn: () => list([[a]]), staleTime: 0 })
    await queries.fetchQuery({ queryKey: keys.messages('a'), queryFn: () => thread(1), staleTime: 0 })
    await Promise.resolve()
    stop()
    expect(ids(queries.getQueryData(keys.list(readList('mine', {}))))).toEqual([[]])
    expect(seqs()).toEqual([1, 2])
  })
})

it('an own answer and its echo make one message, whichever comes first', () => {
  queries.setQueryData(keys.messages('a'), thread(1))
  const own = message(2, { author: { kind: 'agent', id: 'agt_me' }, client_id: 'k' })
  patchMessage(own)
  applyEvent({ type: 'message.sent', at: '', conversation_id: 'a', message: own }, 14)
  expect(seqs()).toEqual([1, 2])
})

it('a command’s answer never overwrites a newer version', () => {
  queries.setQueryData(keys.item('a'), conversation('a', 1, { version: 5, status: 'resolved' }))
  patchConversation(conversation('a', 1, { version: 4 }))
  expect(queries.getQueryData<Conversation>(keys.item('a'))?.status).toBe('resolved')
})
