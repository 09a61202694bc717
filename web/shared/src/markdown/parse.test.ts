import { describe, expect, it } from 'vitest'
import { createApp, h } from 'vue'
import { MarkdownText } from './MarkdownText.ts'
import { parseMarkdown, plainMarkdown, safeAddress } from './parse.ts'

/** The HTML that a browser would hold. */
function mount(text: string, names: string[] = []): string {
  const host = document.createElement('div')
  const app = createApp({ render: () => h(MarkdownText, { text, names }) })
  app.mount(host)
  const html = host.innerHTML
  app.unmount()
  return html
}

describe('MarkdownText', () => {
  it.each([
    ['你好', '<p>你好</p>'],
    ['两行\n一段', '<p>两行<br>一段</p>'],
    ['一\n\n二', '<p>一</p><p>二</p>'],
    ['请看**这里**吧', '<p>请看<strong>这里</strong>吧</p>'],
    ['*斜* _体_ order_id_x', '<p><em>斜</em> <em>体</em> order_id_x</p>'],
    ['**粗 *又斜* 的**', '<p><strong>粗 <em>又斜</em> 的</strong></p>'],
    ['~~旧价~~ `a*b*c`', '<p><s>旧价</s> <code dir="ltr">a*b*c</code></p>'],
    ['2 * 3 * 4 = 24', '<p>2 * 3 * 4 = 24</p>'],
    ['**没有结束', '<p>**没有结束</p>'],
    ['\\*不斜\\*', '<p>*不斜*</p>'],
    ['- 一\n- **二**\n完', '<ul><li>一</li><li><strong>二</strong></li></ul><p>完</p>'],
    ['3. 三\n4. 四', '<ol start="3"><li>三</li><li>四</li></ol>'],
    ['> 引用\n> 两行\n\n答', '<blockquote><p>引用<br>两行</p></blockquote><p>答</p>'],
    ['```\n**x** <b>\n```', '<pre dir="ltr" tabindex="0"><code>**x** &lt;b&gt;</code></pre>'],
    ['```没有结束', '<p>```没有结束</p>'],
    ['[商店](https://a.example/x)', '<p><a href="https://a.example/x" target="_blank" rel="noopener noreferrer nofollow">商店</a></p>'],
    ['见 https://a.example/订单?x=1。好', '<p>见 <a href="https://a.example/订单?x=1" target="_blank" rel="noopener noreferrer nofollow">https://a.example/订单?x=1</a>。好</p>'],
  ])('%s', (text, html) => expect(mount(text)).toBe(`<div class="md" dir="auto">${html}</div>`))

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](data:text/html,<script>)',
    '[x](https://a.example/"onmouseover="alert(1))',
    '**<b onclick=x>**',
    '```\n</code><script>x</script>\n```',
  ])('is harmless: %s', (text) => {
    const html = mount(text)
    const dom = new DOMParser().parseFromString(html, 'text/html')
    expect(dom.querySelector('script,img,b')).toBeNull()
    for (const element of dom.querySelectorAll('*')) {
      for (const attribute of element.getAttributeNames()) expect(['class', 'dir', 'href', 'target', 'rel', 'tabindex', 'start']).toContain(attribute)
      if (element.hasAttribute('href')) expect(element.getAttribute('href')).toMatch(/^https?:/)
    }
  })

  it('sets names off, the longest first', () => {
    expect(mount('请 @林晓雨 看，@林晓 也看', ['林晓', '林晓雨'])).toContain('<span class="md-name">@林晓雨</span> 看，<span class="md-name">@林晓</span> 也看')
  })
})

describe('parse', () => {
  it('takes time that grows with the length, whatever the text', () => {
    for (const piece of ['*', '**a', '[', '](', '`', '_a ', '~~', '> ', 'h', '*a**b', '- ', '\\', '[a](', '```\n']) {
      const started = performance.now()
      parseMarkdown(piece.repeat(10_000 / piece.length))
      expect([piece, performance.now() - started < 1500]).toEqual([piece, true])
    }
  })

  it('loses no words', () => {
    for (const text of ['a * b', '**a*', '*a **b*', '[a](b', 'x_y_z', '`', '~~~~', '****', 'a\\']) {
      expect(plainMarkdown(text).replace(/[*\\]/g, '')).toBe(text.replace(/[*\\]/g, ''))
    }
    expect(plainMarkdown('**a** [b](https://c.example)\n- d')).toBe('a b\nd')
  })

  it('lets only web, mail and telephone addresses lead somewhere', () => {
    expect(safeAddress('https://a')).toBe('https://a')
    expect(safeAddress('mailto:a@b.example')).toBeTruthy()
    for (const bad of ['javascript:x', ' javascript:x', 'vbscript:x', '//a.example', 'file:///etc', 'https://a b']) expect(safeAddress(bad)).toBeUndefined()
  })
})
