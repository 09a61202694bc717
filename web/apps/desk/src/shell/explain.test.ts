// What the server refuses is said in the reader's language; what has no translation yet is shown with what there is.
import { Problem } from '@yingda/shared/api'
import { execSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { languages, loadTexts } from '../i18n/index.ts'
import { sentences } from '../i18n/zh-CN/sentences.ts'
import { explain } from './explain.ts'

const refused = (detail: string, kind: 'invalid' | 'limited' | 'denied' = 'invalid') => new Problem(kind, 422, detail)

describe('explain', () => {
  beforeAll(async () => {
    await loadTexts('zh-CN')
    await loadTexts('en')
  })

  it('speaks Chinese, and English when nothing is known', async () => {
    languages.global.locale.value = 'zh-CN'
    explain(refused('there is no such team'))
    await vi.waitFor(() => expect(explain(refused('there is no such team'))).toBe('没有这个小组。'))
    expect(explain(refused('two categories have the same name: 退货'))).toBe('有两个分类同名：退货')
    expect(explain(refused('there are 500 labels already; delete one first', 'limited'))).toBe('标签已有 500 个，请先删除一个。')
    expect(explain(refused('the moon is full'))).toBe('内容不符合要求。（服务器说明：the moon is full）')
    expect(explain(refused('this is not allowed', 'denied'))).toBe('你没有权限这样做。需要时请联系管理员。')
    expect(explain(refused('expected length <= 40'))).toBe('最多 40 个字。')
  })

  it('speaks English', () => {
    languages.global.locale.value = 'en'
    expect(explain(refused('there is no such team'))).toBe('There is no such team.')
    expect(explain(refused('expected length >= 3'))).toBe('At least 3 characters.')
  })

  it('translates what the server really says', () => {
    const root = join(import.meta.dirname, '../../../../../internal')
    const code = execSync(`grep -rhE --include=*.go '"[^"]*[a-z] [^"]*"' ${root}`, { maxBuffer: 1 << 26 }).toString()
    const foreign = new Set(['expected required property to be present']) // the API's framework says it
    expect(Object.keys(sentences).filter((s) => !foreign.has(s) && !code.includes(`"${s}"`))).toEqual([])
  })
})
