import { expect, it } from 'vitest'
import { settings } from '../../../i18n/zh-CN/settings.ts'
import { actKey, acts, details, sentence } from './audit.ts'

it('has words for every act', () => expect(acts.map(actKey).filter((key) => !(key in settings.act))).toEqual([]))

it('shows what it does not know by its name', () => {
  expect(sentence((key) => key, { action: 'role.changed' })).toBe('settings.act.role_changed')
  expect(sentence((key) => key, { action: 'rocket.launched' })).toBe('rocket.launched')
})

it('tells what changed', () =>
  expect(details({ details: { name: { from: 'a', to: 'b' }, permissions: { to: ['x'] }, note: 'n' } })).toBe('name: a → b\npermissions: – → ["x"]\nnote: n'))
