import { describe, expect, it } from 'vitest'
import type { IntentLine } from './api.ts'
import { parseActions, pasted, troubles } from './model.ts'

const line = (more: Partial<IntentLine>): IntentLine => ({ id: 'int_1', name: 'a', title: 'A', enabled: true, builtin: false, version: 1, examples: 20, clashes: 0, judged: 20, right: 20, confused: [], ...more })

describe('pasted', () => {
  it('takes lines once, without marks of lists', () => {
    expect(pasted('- 到哪了\r\n2、还没到\n\n到哪了\n 3) 快递呢 \n2024年的订单')).toEqual(['到哪了', '还没到', '快递呢', '2024年的订单'])
  })
})

describe('troubles', () => {
  it('names what to look at', () => {
    expect(troubles(line({}))).toEqual([])
    expect(troubles(line({ examples: 3, clashes: 1, right: 5 }))).toEqual(['thin', 'clash', 'weak'])
    expect(troubles(line({ enabled: false, examples: 0 }))).toEqual(['off'])
    expect(troubles(line({ name: '@outside', examples: 0, judged: 0, right: 0 }))).toEqual([])
  })
})

describe('parseActions', () => {
  it('takes a list of objects with a type only', () => {
    expect(parseActions('[{"type":"message","text":"x"}]')).toEqual([{ type: 'message', text: 'x' }])
    for (const bad of ['', '{}', '[1]', '[{}]', '[{"type":3}]']) expect(parseActions(bad)).toBeNull()
  })
})
