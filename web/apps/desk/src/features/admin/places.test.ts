import { expect, it } from 'vitest'
import { administers, placeGroups, visiblePlaces } from './places.ts'

const agent = ['conversations.read', 'conversations.reply', 'people.read', 'inboxes.read', 'contacts.manage']

it('shows agents their own pages and no administration', () => {
  expect(administers(agent)).toBe(false)
  expect(visiblePlaces(agent).flatMap((g) => g.places.map((p) => p.name))).toEqual(['account', 'security', 'canned'])
})

it('shows each page to those who may use it', () => {
  const everything = placeGroups.flatMap((g) => g.places.flatMap((p) => p.permission ?? []))
  expect(visiblePlaces(everything)).toEqual(placeGroups)
  expect(visiblePlaces(['audit.read']).map((g) => g.name)).toEqual(['mine', 'toolbox', 'safety'])
  expect(administers(['audit.read'])).toBe(true)
})
