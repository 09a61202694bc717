import { describe, expect, it } from 'vitest'
import { testOf, withTest } from './record.ts'

describe('a recorded dialogue', () => {
  const entry = testOf('一次', [
    { kind: 'user', text: '查"单"' },
    { kind: 'call', text: 'GET /o/1', gives: { status: 404 } },
    { kind: 'bot', text: '没有查到\n请核对' },
    { kind: 'end', text: '' },
  ])

  it('is YAML that means what was said', () => {
    expect(entry).toBe('  - name: "一次"\n    talk:\n      - user: "查\\"单\\""\n      - call: "GET /o/1"\n        gives: {"status":404}\n      - bot: "没有查到"\n      - end: true\n')
  })

  it('goes to the end of the tests, wherever they stand', () => {
    expect(withTest('flow: a\n', entry)).toBe(`flow: a\n\ntests:\n${entry}`)
    expect(withTest('tests:\n  - name: b\nstates:\n  a: []\n', entry)).toBe(`tests:\n  - name: b\n${entry}states:\n  a: []\n`)
  })
})
