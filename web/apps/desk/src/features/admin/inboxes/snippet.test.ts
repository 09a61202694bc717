import { describe, expect, it } from 'vitest'
import { chatPage, line, readOrigins, snippet, ways } from './snippet.ts'

const origin = 'https://desk.example'

describe('what to paste', () => {
  it('is one line', () => expect(line(origin, 'chk_a1')).toBe('<script async src="https://desk.example/loader.js" data-channel-key="chk_a1"></script>'))
  it('stays inside its quotes', () => expect(line(origin, '"><img src=x>')).not.toContain('"><img'))
  it.each(ways)('%s names the key', (way) => expect(snippet(way, origin, 'chk_a1')).toContain('chk_a1'))

  it.each(['gtm', 'vue', 'react'] as const)('%s is a script that can be read', (way) => {
    const code = snippet(way, origin, 'chk_a1').replace(/<\/?script>/g, '')
    expect(() => new Function(code)).not.toThrow()
  })
  it('has an address for WeChat', () => expect(chatPage(origin, 'chk_a1')).toBe('https://desk.example/chat/chk_a1'))
})

describe('allowed sites', () => {
  it.each([
    ['shop.example', ['https://shop.example'], []],
    ['https://Shop.example/path?x#y', ['https://shop.example'], []],
    ['localhost:3000 http://a.example:8080', ['http://localhost:3000', 'http://a.example:8080'], []],
    ['a.example，a.example', ['https://a.example'], []],
    ['商店.example', ['https://xn--czrs0t.example'], []],
    ['ftp://a.example javascript://x', [], ['ftp://a.example', 'javascript://x']],
    ['*.example', [], ['*.example']],
    ['', [], []],
  ])('%s', (typed, origins, refused) => expect(readOrigins(typed)).toEqual({ origins, refused }))
})
