/**
 * The Markdown of messages: a small, closed subset, read into a tree and never into HTML. Everything that is not known is
 * text. Known are **strong**, *emphasis*, ~~strike~~, `code`, [links](https://…), bare addresses, - and 1. lists,
 * > quotes and ``` fences. A line break is a line break. Syntax after CommonMark 0.31, without its HTML.
 */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'emphasis' | 'strike'; children: Inline[] }
  | { kind: 'link'; url: string; children: Inline[] }

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] }
  | { kind: 'code'; text: string }

/** Deeper than this everything is text: hostile nesting costs nothing. */
const deepest = 4

/** Reads a message. Time grows with its length, whatever it holds. */
export function parseMarkdown(text: string, depth = 0): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const blocks: Block[] = []
  let paragraph: string[] = []
  const flush = (): void => {
    while (paragraph[0]?.trim() === '') paragraph.shift()
    while (paragraph.at(-1)?.trim() === '') paragraph.pop()
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', children: parseInline(paragraph.join('\n')) })
    paragraph = []
  }
  let fencesLeft = lines.filter((line) => line.startsWith('```')).length
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    if (line.startsWith('```') && fencesLeft >= 2) {
      let end = i + 1
      while (!lines[end]!.startsWith('```')) end++
      fencesLeft -= 2
      flush()
      blocks.push({ kind: 'code', text: lines.slice(i + 1, end).join('\n') })
      i = end
    } else if (/^> ?/.test(line) && depth < deepest) {
      const inner: string[] = []
      for (; i < lines.length && lines[i]!.startsWith('>'); i++) inner.push(lines[i]!.replace(/^> ?/, ''))
      i--
      flush()
      blocks.push({ kind: 'quote', children: parseMarkdown(inner.join('\n'), depth + 1) })
    } else if (item(line)) {
      const first = item(line)!
      const items: Inline[][] = []
      for (let next = item(lines[i] ?? ''); next && next.ordered === first.ordered; next = item(lines[++i] ?? '')) items.push(parseInline(next.text))
      i--
      flush()
      blocks.push({ kind: 'list', ordered: first.ordered, start: first.start, items })
    } else if (line.trim() === '') {
      flush()
    } else {
      paragraph.push(line)
    }
  }
  flush()
  return blocks
}

function item(line: string): { ordered: boolean; start: number; text: string } | null {
  const found = /^ {0,3}(?:[-*•]|(\d{1,4})[.)]) +(\S.*)$/.exec(line)
  return found ? { ordered: found[1] !== undefined, start: Number(found[1] ?? 1), text: found[2]! } : null
}

/** Only these lead somewhere; everything else, javascript: above all, stays text. */
export function safeAddress(url: string): string | undefined {
  return /^(?:https?:\/\/|mailto:|tel:)[^\s]+$/i.test(url) ? url : undefined
}

const marks = [
  ['**', 'strong'],
  ['__', 'strong'],
  ['~~', 'strike'],
  ['*', 'emphasis'],
  ['_', 'emphasis'],
] as const

const address = /^(?:https?:\/\/)[^\s<>"'，。；：！？（）【】《》、]*[^\s<>"'，。；：！？（）【】《》、.,;:!?)\]*_~]/i

export function parseInline(text: string, depth = 0): Inline[] {
  const out: Inline[] = []
  let plain = ''
  const say = (): void => {
    if (plain) out.push({ kind: 'text', text: plain })
    plain = ''
  }
  // A mark that was not closed once is not closed later either: no looking twice.
  const open = new Set<string>()
  let at = 0
  while (at < text.length) {
    const c = text[at]!
    if (c === '\n') {
      say()
      out.push({ kind: 'break' })
      at++
      continue
    }
    if (c === '\\' && /[\\`*_~[\]()>#-]/.test(text[at + 1] ?? '')) {
      plain += text[at + 1]
      at += 2
      continue
    }
    const found = depth < deepest ? (code(text, at, open) ?? marked(text, at, open, depth) ?? link(text, at, open, depth)) : null
    if (found) {
      say()
      out.push(found.node)
      at = found.end
    } else {
      plain += c
      at++
    }
  }
  say()
  return out
}

type Found = { node: Inline; end: number } | null

/** Where mark stands next after from; -1, remembered, when it does not. */
function closing(text: string, mark: string, from: number, open: Set<string>): number {
  if (open.has(mark)) return -1
  const end = text.indexOf(mark, from)
  if (end < 0) open.add(mark)
  return end
}

function code(text: string, at: number, open: Set<string>): Found {
  if (text[at] !== '`') return null
  const end = closing(text, '`', at + 1, open)
  return end > at + 1 ? { node: { kind: 'code', text: text.slice(at + 1, end) }, end: end + 1 } : null
}

const word = /[\p{L}\p{N}]/u

function marked(text: string, at: number, open: Set<string>, depth: number): Found {
  for (const [mark, kind] of marks) {
    if (!text.startsWith(mark, at)) continue
    const inner = at + mark.length
    if (/^\s?$/.test(text[inner] ?? '')) return null
    // Underscores inside words are part of names such as order_id.
    if (mark[0] === '_' && word.test(text[at - 1] ?? '')) return null
    let end = closing(text, mark, inner + 1, open)
    for (let tries = 0; end >= 0 && tries < 8; tries++) {
      const shut = !/\s/.test(text[end - 1]!) && (mark[0] !== '_' || !word.test(text[end + mark.length] ?? ''))
      if (shut && !(mark.length === 1 && text[end + 1] === mark)) break
      end = closing(text, mark, end + (mark.length === 1 && text[end + 1] === mark ? 2 : 1), open)
    }
    if (end < 0 || /\s/.test(text[end - 1]!)) continue
    return { node: { kind, children: parseInline(text.slice(inner, end), depth + 1) }, end: end + mark.length }
  }
  return null
}

function link(text: string, at: number, open: Set<string>, depth: number): Found {
  if (text[at] === '[') {
    const middle = closing(text, '](', at + 1, open)
    if (middle < 0 || middle - at > 500) return null
    const end = text.indexOf(')', middle)
    const url = end > 0 && end - middle < 2000 ? safeAddress(text.slice(middle + 2, end)) : undefined
    const name = text.slice(at + 1, middle)
    if (!url || !name || name.includes('[') || name.includes('\n')) return null
    return { node: { kind: 'link', url, children: parseInline(name, Math.max(depth + 1, deepest)) }, end: end + 1 }
  }
  if ((text[at] === 'h' || text[at] === 'H') && !/[\w]/.test(text[at - 1] ?? '')) {
    const url = address.exec(text.slice(at, at + 2000))?.[0]
    if (url && url.length > 8) return { node: { kind: 'link', url, children: [{ kind: 'text', text: url }] }, end: at + url.length }
  }
  return null
}

/** The words without the signs, for lists, notices and quotes. */
export function plainMarkdown(text: string): string {
  const inline = (nodes: Inline[]): string =>
    nodes.map((n) => (n.kind === 'break' ? '\n' : 'children' in n ? inline(n.children) : n.text)).join('')
  const block = (b: Block): string => {
    if (b.kind === 'paragraph') return inline(b.children)
    if (b.kind === 'quote') return b.children.map(block).join('\n')
    return b.kind === 'list' ? b.items.map(inline).join('\n') : b.text
  }
  return parseMarkdown(text).map(block).join('\n')
}
