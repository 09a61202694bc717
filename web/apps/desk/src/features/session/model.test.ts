import { expect, it } from 'vitest'
import { safeTarget } from './model.ts'

it.each([
  ['/inbox/all/cnv_1', '/inbox/all/cnv_1'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['/login?to=/x', '/'],
  [['/a'], '/'],
  [undefined, '/'],
])('%s leads to %s after log-in', (wanted, target) => expect(safeTarget(wanted)).toBe(target))
