import { describe, expect, it } from 'vitest'
import type { Settings } from './api.ts'
import { answeredBy, plain, thresholds, whoOf } from './topics.ts'

const usual = { answer_at: 0.9, review_at: 0.7 }

describe('rules by topic', () => {
  it('says who answers', () => {
    expect(whoOf({})).toBe('usual')
    expect(whoOf({ answer_at: 0.8, review_at: 0.5 })).toBe('own')
    expect(whoOf({ person: true, answer_at: 0.8 })).toBe('person')
  })
  it('keeps the team and begins own thresholds where the usual ones are', () => {
    expect(answeredBy({ team_id: 'tem_1', answer_at: 0.8, review_at: 0.5 }, 'usual', usual)).toEqual({ team_id: 'tem_1' })
    expect(answeredBy({ person: true }, 'own', usual)).toEqual(usual)
    expect(answeredBy({ answer_at: 0.8, review_at: 0.5 }, 'person', usual)).toEqual({ person: true })
  })
  it('does not keep what is as usual', () => {
    expect(plain({})).toBe(true)
    expect(plain({ team_id: 'tem_1' })).toBe(false)
  })
  it('takes the account’s thresholds for what has none', () => {
    const settings = { ...usual, topics: { a: { team_id: 'tem_1' }, b: { answer_at: 0.8, review_at: 0.8 } } } as unknown as Settings
    expect(thresholds(settings, 'a')).toEqual(usual)
    expect(thresholds(settings, 'b')).toEqual({ answer_at: 0.8, review_at: 0.8 })
    expect(thresholds(undefined, '')).toEqual(usual)
  })
})
