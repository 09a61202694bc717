import { describe, expect, it } from 'vitest'
import { settings } from '../../../i18n/zh-CN/settings.ts'
import { grouped, groups, missing, textKey, turn } from './permissions.ts'

const all = groups.flatMap((g) => g.permissions)

describe('permissions', () => {
  it('are each in one group, and have a text', () => {
    expect(new Set(all).size).toBe(all.length)
    for (const p of all) expect(settings.permission).toHaveProperty(textKey(p))
    for (const g of groups) expect(settings.permissionGroup).toHaveProperty(g.name)
  })

  it('come with what they need and go with it', () => {
    expect(turn([], 'conversations.reply', true)).toEqual(['conversations.read', 'conversations.reply'])
    expect(turn(['conversations.read', 'conversations.reply', 'people.read'], 'conversations.read', false)).toEqual(['people.read'])
    expect(turn(['people.read'], 'people.read', true)).toEqual(['people.read'])
  })

  it('that are new at the server are shown too, old ones are not', () => {
    const shown = grouped(['conversations.read', 'rockets.launch'])
    expect(shown.map((g) => g.name)).toEqual(['conversations', 'others'])
    expect(shown[1]?.permissions).toEqual(['rockets.launch'])
  })

  it('are told when a role lacks them', () => expect(missing({ permissions: all.slice(1) }, all)).toEqual([all[0]]))
})
