import { describe, expect, it } from 'vitest'
import { noteInserted, useOf } from './inserted.ts'

describe('what became of suggested replies', () => {
  it('tells sent as it was from edited and from something else', () => {
    noteInserted('a', '订单发货后一般两天送到。')
    expect(useOf('a', '订单发货后一般两天送到。 ', true)).toBe('inserted')
    noteInserted('a', '订单发货后一般两天送到。')
    expect(useOf('a', '您好，订单发货后一般三天送到。', true)).toBe('edited')
    noteInserted('a', '订单发货后一般两天送到。')
    expect(useOf('a', 'Let me check this for you', true)).toBe('ignored')
  })
  it('counts nothing twice, and nothing where nothing was suggested', () => {
    expect(useOf('a', '好的', true)).toBe('ignored')
    expect(useOf('a', '好的', false)).toBeUndefined()
  })
})
