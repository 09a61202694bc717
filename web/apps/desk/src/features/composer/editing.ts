/** Changes of a text and its selection, for the keyboard's Markdown shortcuts. Pure: the text box applies them. */
export interface Edit {
  /** What is replaced, and by what. */
  from: number
  to: number
  text: string
  /** Where the selection is after it. */
  start: number
  end: number
}

/** Puts a mark around the selection, or takes it away when it is there. */
export function wrap(value: string, start: number, end: number, mark: string): Edit {
  const n = mark.length
  const inside = value.slice(start, end)
  if (value.slice(start - n, start) === mark && value.slice(end, end + n) === mark) {
    return { from: start - n, to: end + n, text: inside, start: start - n, end: end - n }
  }
  if (inside.length > 2 * n && inside.startsWith(mark) && inside.endsWith(mark)) {
    return { from: start, to: end, text: inside.slice(n, -n), start, end: end - 2 * n }
  }
  return { from: start, to: end, text: mark + inside + mark, start: start + n, end: end + n }
}

/** Begins each selected line with a mark, or takes it away when all have it. */
export function prefixLines(value: string, start: number, end: number, mark: (index: number) => string, pattern: RegExp): Edit {
  const from = value.lastIndexOf('\n', start - 1) + 1
  const next = value.indexOf('\n', end)
  const to = next < 0 ? value.length : next
  const lines = value.slice(from, to).split('\n')
  const text = lines.every((l) => pattern.test(l)) ? lines.map((l) => l.replace(pattern, '')).join('\n') : lines.map((l, i) => mark(i) + l.replace(pattern, '')).join('\n')
  return { from, to, text, start: lines.length === 1 ? from + text.length : from, end: from + text.length }
}

/** A new line; inside a list it begins the next item, and an empty item ends the list. */
export function newLine(value: string, start: number, end: number): Edit {
  const from = value.lastIndexOf('\n', start - 1) + 1
  const item = /^(\s*)(?:([-*]) |(\d{1,4})([.)]) |(>) ?)/.exec(value.slice(from, start))
  if (item && start === end) {
    if (value.slice(from, start) === item[0]) return { from, to: start, text: '', start: from, end: from }
    const [, indent, bullet, number, dot] = item
    const next = bullet ? `${bullet} ` : number ? `${Number(number) + 1}${dot} ` : '> '
    const text = `\n${indent}${next}`
    return { from: start, to: end, text, start: start + text.length, end: start + text.length }
  }
  return { from: start, to: end, text: '\n', start: start + 1, end: start + 1 }
}

/** An address pasted over words makes a link of them. Null when it is an ordinary paste. */
export function pasteLink(value: string, start: number, end: number, pasted: string): Edit | null {
  const words = value.slice(start, end)
  if (start === end || /[\n\]]|https?:/.test(words) || !/^https?:\/\/\S+$/.test(pasted.trim())) return null
  const text = `[${words}](${pasted.trim()})`
  return { from: start, to: end, text, start: start + text.length, end: start + text.length }
}

/** The marks of the keyboard's and the bar's formats. */
export const formats = { bold: '**', italic: '*', strike: '~~', code: '`' } as const
export type Format = keyof typeof formats | 'bullets' | 'numbers' | 'quote'

export function format(value: string, start: number, end: number, name: Format): Edit {
  switch (name) {
    case 'bullets':
      return prefixLines(value, start, end, () => '- ', /^- /)
    case 'numbers':
      return prefixLines(value, start, end, (i) => `${i + 1}. `, /^\d{1,4}\. /)
    case 'quote':
      return prefixLines(value, start, end, () => '> ', /^> /)
    default:
      return wrap(value, start, end, formats[name])
  }
}

/** Changes the box as typing would, so that it can be undone. */
export function apply(box: HTMLTextAreaElement, edit: Edit): void {
  box.focus()
  box.setSelectionRange(edit.from, edit.to)
  const done = edit.text === '' ? document.execCommand('delete') : document.execCommand('insertText', false, edit.text)
  if (!done) {
    box.setRangeText(edit.text, edit.from, edit.to)
    box.dispatchEvent(new Event('input', { bubbles: true }))
  }
  box.setSelectionRange(edit.start, edit.end)
}
