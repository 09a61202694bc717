import { describe, expect, it } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { filtersOn, isAbove, readList, stands, writeList } from '../conversations/lists.ts'
import type { Conversation } from '../conversations/shapes.ts'
import { useSelection } from './selection.ts'
import { visibleRun } from './virtual.ts'

const row = (id: string, fields: Partial<Conversation> = {}): Conversation => ({
  id,
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

describe('the rows near the view', () => {
  it('covers the view and stays in bounds', () => {
    for (const count of [0, 1, 7, 10_000]) {
      for (const top of [0, 63, 64, 5000, 639_000, 9_999_999]) {
        const run = visibleRun(count, 64, top, 800)
        expect(run.first).toBeGreaterThanOrEqual(0)
        expect(run.end).toBeLessThanOrEqual(count)
        expect(run.end - run.first).toBeLessThanOrEqual(40)
        for (let at = Math.floor(top / 64); at < Math.min(count, (top + 800) / 64); at++) expect(at >= run.first && at < run.end).toBe(true)
      }
    }
  })

  it('does not change with a little scrolling', () => expect(visibleRun(1000, 64, 6400, 800)).toEqual(visibleRun(1000, 64, 6410, 800)))
})

describe('the selection', () => {
  it('toggles, takes ranges in both directions, and forgets rows that left', async () => {
    const rows = shallowRef(['a', 'b', 'c', 'd'].map((id) => row(id)))
    const { marked, toggle, clear } = useSelection(rows)
    toggle('d')
    toggle('b', true)
    expect([...marked.value].sort()).toEqual(['b', 'c', 'd'])
    toggle('c')
    rows.value = rows.value.filter((r) => r.id !== 'd')
    await nextTick()
    expect([...marked.value]).toEqual(['b'])
    clear()
    expect(marked.value.size).toBe(0)
  })

  it('holds no more than one command takes', () => {
    const rows = shallowRef(Array.from({ length: 300 }, (_, i) => row(`r${i}`)))
    const { count, all } = useSelection(rows)
    all()
    expect(count.value).toBe(100)
  })
})

describe('the address of a list', () => {
  it('reads back what it writes', () => {
    const list = readList('open', { team: 'tem_1', unread: '1', order: 'waiting', label: 'x y', assignee: ['a'] })
    expect(list).toMatchObject({ view: 'open', team: 'tem_1', unread: true, order: 'waiting', label: '', assignee: '' })
    expect(readList('open', writeList(list))).toEqual(list)
    expect(filtersOn(list)).toBe(2)
    expect(writeList(readList('mine', {}))).toEqual({})
  })

  it('narrows, and keeps what the reader is reading', () => {
    const list = readList('open', { label: 'lab_1', unread: '1' })
    expect(stands(list, row('a', { label_ids: ['lab_1'], unread: 1 }), 'me', false)).toBe(true)
    expect(stands(list, row('a', { label_ids: [], unread: 1 }), 'me', true)).toBe(false)
    expect(stands(list, row('a', { label_ids: ['lab_1'] }), 'me', true)).toBe(true)
    expect(stands(list, row('a', { label_ids: ['lab_1'] }), 'me', false)).toBe(false)
    expect(stands(readList('open', { order: 'waiting' }), row('a'), 'me', true)).toBe(false)
  })

  it('puts the longest waiting first', () => {
    const early = row('a', { waiting_since: '2026-03-04T01:00:00Z' })
    const late = row('b', { waiting_since: '2026-03-04T02:00:00Z' })
    expect(isAbove(early, late, 'waiting')).toBe(true)
    expect(isAbove(late, early, 'waiting')).toBe(false)
  })
})
