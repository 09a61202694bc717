import type { Category } from './api.ts'

/** A category with its name in full, "upper / lower". */
export interface Named {
  id: string
  name: string
  full: string
  level: 0 | 1
}

/** Categories in the order of the tree: each upper one with those below it. */
export function inOrder(all: Category[]): Named[] {
  return all
    .filter((c) => !c.parent_id)
    .flatMap((upper) => [
      { id: upper.id, name: upper.name, full: upper.name, level: 0 as const },
      ...all.filter((c) => c.parent_id === upper.id).map((c) => ({ id: c.id, name: c.name, full: `${upper.name} / ${c.name}`, level: 1 as const })),
    ])
}

/** Lines of a text, without what is empty, numbered or a bullet. */
export function pastedLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^\s*(?:[-*•·]|\d+[.、)）])\s*/, '').trim())
    .filter(Boolean)
}

/** A piece of a comparison. */
export interface Change {
  kind: 'same' | 'added' | 'removed'
  text: string
}

/** What became of the lines of one text in another (longest common lines). */
export function compare(before: string, after: string): Change[] {
  const a = before.split('\n')
  const b = after.split('\n')
  if (a.length * b.length > 250_000) return [...a.map((text) => ({ kind: 'removed' as const, text })), ...b.map((text) => ({ kind: 'added' as const, text }))]
  const width = b.length + 1
  const length = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? length[(i + 1) * width + j + 1]! + 1 : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!)
    }
  }
  const out: Change[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i]! })
      i++
      j++
    } else if (j >= b.length || (i < a.length && length[(i + 1) * width + j]! >= length[i * width + j + 1]!)) out.push({ kind: 'removed', text: a[i++]! })
    else out.push({ kind: 'added', text: b[j++]! })
  }
  return out
}

/** A text cut at the ranges that are marked. */
export function marked(text: string, spans: { start: number; end: number }[]): { text: string; on: boolean }[] {
  const out: { text: string; on: boolean }[] = []
  let at = 0
  for (const s of spans) {
    if (s.start > at) out.push({ text: text.slice(at, s.start), on: false })
    out.push({ text: text.slice(s.start, s.end), on: true })
    at = s.end
  }
  if (at < text.length) out.push({ text: text.slice(at), on: false })
  return out
}
