import { h, type FunctionalComponent, type VNodeArrayChildren } from 'vue'
import { parseMarkdown, type Block, type Inline } from './parse.ts'

interface Props {
  text: string
  /** Names that are set off where they stand after an @. */
  names?: string[]
}

/** Shows a message's Markdown as elements: text nodes and a closed set of tags, never HTML from data. Style it by `.md`. */
export const MarkdownText: FunctionalComponent<Props> = (props) =>
  h('div', { class: 'md', dir: 'auto' }, blocks(parseMarkdown(props.text), props.names ?? []))
MarkdownText.props = ['text', 'names']

function blocks(all: Block[], names: string[]): VNodeArrayChildren {
  return all.map((b) => {
    switch (b.kind) {
      case 'paragraph':
        return h('p', inlines(b.children, names))
      case 'quote':
        return h('blockquote', blocks(b.children, names))
      case 'list':
        return h(
          b.ordered ? 'ol' : 'ul',
          b.ordered && b.start !== 1 ? { start: b.start } : null,
          b.items.map((i) => h('li', inlines(i, names))),
        )
      case 'code':
        return h('pre', { dir: 'ltr', tabindex: 0 }, h('code', b.text))
    }
  })
}

const tags = { strong: 'strong', emphasis: 'em', strike: 's' } as const

function inlines(all: Inline[], names: string[]): VNodeArrayChildren {
  return all.flatMap((n) => {
    switch (n.kind) {
      case 'text':
        return named(n.text, names)
      case 'break':
        return [h('br')]
      case 'code':
        return [h('code', { dir: 'ltr' }, n.text)]
      case 'link':
        return [h('a', { href: n.url, target: '_blank', rel: 'noopener noreferrer nofollow' }, inlines(n.children, names))]
      default:
        return [h(tags[n.kind], inlines(n.children, names))]
    }
  })
}

function named(text: string, names: string[]): VNodeArrayChildren {
  const out: VNodeArrayChildren = []
  let rest = text
  while (rest) {
    let best = -1
    let name = ''
    for (const candidate of names) {
      const at = candidate ? rest.indexOf(`@${candidate}`) : -1
      if (at >= 0 && (best < 0 || at < best || (at === best && candidate.length > name.length))) [best, name] = [at, candidate]
    }
    if (best < 0) break
    if (best > 0) out.push(rest.slice(0, best))
    out.push(h('span', { class: 'md-name' }, `@${name}`))
    rest = rest.slice(best + name.length + 1)
  }
  if (rest) out.push(rest)
  return out
}
