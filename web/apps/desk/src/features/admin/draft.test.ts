import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'
import { merge, same, useDraft } from './draft.ts'

describe('same', () => {
  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: '' }, {}, true],
    [{ on: false }, {}, false],
    [{ a: [], b: null }, {}, true],
    [{ a: { b: '' } }, {}, true],
    [{ a: 0 }, {}, false],
    [{ a: ['x', 'y'] }, { a: ['y', 'x'] }, false],
  ])('%j and %j: %s', (a, b, want) => expect(same(a, b)).toBe(want))
})

describe('merge', () => {
  it('keeps what I changed and takes the rest from the other', () => {
    const base = { name: 'a', look: { color: 'red', side: 'left' }, tags: ['x'] }
    const mine = { name: 'b', look: { color: 'red', side: 'right' }, tags: ['x'] }
    const theirs = { name: 'a', look: { color: 'blue', side: 'left' }, tags: ['x', 'y'] }
    expect(merge(base, mine, theirs)).toEqual({ name: 'b', look: { color: 'blue', side: 'right' }, tags: ['x', 'y'] })
  })
  it('keeps what I removed removed', () => expect(merge({ a: 'x' }, { a: '' }, { a: 'x' })).toEqual({ a: '' }))
})

describe('useDraft', () => {
  it('follows the server until something is changed, then says that somebody else saved', async () => {
    const source = ref<{ name: string; side: string; version: number } | undefined>({ name: 'a', side: 'left', version: 1 })
    const d = useDraft(source, (v) => v.version)
    source.value = { name: 'b', side: 'left', version: 2 }
    await nextTick()
    expect([d.draft.value?.name, d.dirty.value, d.stale.value]).toEqual(['b', false, false])
    d.draft.value!.name = 'mine'
    expect(d.dirty.value).toBe(true)
    source.value = { name: 'b', side: 'right', version: 3 }
    await nextTick()
    expect([d.draft.value?.name, d.stale.value]).toEqual(['mine', true])
    d.keepMine()
    expect(d.draft.value).toEqual({ name: 'mine', side: 'right', version: 3 })
    expect([d.dirty.value, d.stale.value]).toEqual([true, false])
    d.reset()
    expect([d.draft.value?.name, d.dirty.value]).toEqual(['b', false])
  })
})
