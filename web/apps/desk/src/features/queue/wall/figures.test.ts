import { expect, it } from 'vitest'
import { robotProblem, span } from '../looks.ts'
import { agentFigures, atRisk, longest, teamFigures } from './figures.ts'

const now = Date.parse('2026-05-01T10:00:00Z')
const w = (id: string, ago: number, more = {}) => ({ conversation_id: id, contact_id: 'con_1', inbox_id: 'inb_1', position: 1, waiting_since: new Date(now - ago * 1000).toISOString(), lack: {}, ...more })

it('counts who waits by team, the longest first, and those of no team', () => {
  const waiting = [w('a', 30, { team_id: 't1' }), w('b', 90, { team_id: 't2' }), w('c', 60)]
  expect(teamFigures([{ id: 't1' }, { id: 't2' }, { id: 't3' }], waiting, now)).toEqual([
    { id: 't2', waiting: 1, longest: 90 },
    { id: '', waiting: 1, longest: 60 },
    { id: 't1', waiting: 1, longest: 30 },
    { id: 't3', waiting: 0, longest: 0 },
  ])
  expect(longest([], now)).toBe(0)
})

it('knows what is at risk', () => {
  expect(atRisk(w('a', 100), undefined, now)).toBe(false)
  expect(atRisk(w('a', 121), undefined, now)).toBe(true)
  expect(atRisk(w('a', 1, { escalated: true }), undefined, now)).toBe(true)
  const never = { rules: { automatic: true, answer_within_s: -1 }, teams: { t1: { zone: '', hours: { week: [] }, answer_within_s: 30 } } }
  expect(atRisk(w('a', 9999), never, now)).toBe(false)
  expect(atRisk(w('a', 31, { team_id: 't1' }), never, now)).toBe(true)
  expect(atRisk(w('a', 31, { team_id: 't1', choice: 'callback' }), never, now)).toBe(false)
  expect(atRisk(w('a', 31, { team_id: 't1', choice: 'keep' }), never, now)).toBe(true)
})

it('shows those who are there first, then the fullest, and nobody who has left', () => {
  const presence = [
    { agent_id: 'a', status: 'offline' as const, load: 9 },
    { agent_id: 'b', status: 'online' as const, load: 1 },
    { agent_id: 'c', status: 'online' as const, load: 3 },
  ]
  expect(agentFigures([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd', disabled: true }], presence, undefined).map((f) => f.id)).toEqual(['c', 'b', 'a'])
})

it('writes spans of waiting', () => {
  expect([span(-3), span(65), span(3725), span(400_000)]).toEqual(['0:00', '1:05', '1:02:05', '4 d'])
})

it('says in the reader’s language why a robot was silent', () => {
  const t = (key: string, values: Record<string, unknown>) => `${key} ${String(values.code)}`.trim()
  expect(robotProblem(t, 'the robot cannot be reached')).toBe('staffing.robot.why.away')
  expect(robotProblem(t, 'the robot refused the message (code 310000); look at its security settings')).toBe('staffing.robot.why.refused 310000')
  expect(robotProblem(t, 'something else')).toBe('something else')
})
