/** What the writer is asking for at the cursor: a canned reply after "/", a colleague after "@" in a note. */
export interface Asked {
  kind: 'canned' | 'mention'
  /** What was typed after the sign. */
  words: string
  /** Where the sign stands. */
  from: number
  to: number
}

export function askedAt(text: string, cursor: number, note: boolean): Asked | null {
  const before = text.slice(0, cursor)
  const canned = /(?:^|\s)\/([^\s/]{0,40})$/u.exec(before)
  if (canned && !note) return { kind: 'canned', words: canned[1]!, from: cursor - canned[1]!.length - 1, to: cursor }
  const mention = /(?:^|[^\p{L}\p{N}]|\p{Script=Han})@([\p{L}\p{N}]{0,40})$/u.exec(before)
  if (mention && note) return { kind: 'mention', words: mention[1]!, from: cursor - mention[1]!.length - 1, to: cursor }
  return null
}

/** How well something is meant by words: by name, by another of its texts, or by the pinyin initials. Higher is better; 0 is not at all. */
export function meant(words: string, name: string, initials = '', others: string[] = []): number {
  const q = words.trim().toLowerCase()
  if (q === '') return 1
  const n = name.toLowerCase()
  if (n === q) return 6
  if (n.startsWith(q)) return 5
  if (others.some((o) => o.toLowerCase().startsWith(q))) return 4
  if (initials.toLowerCase().startsWith(q)) return 3
  if (n.includes(q) || initials.toLowerCase().includes(q)) return 2
  return others.some((o) => o.toLowerCase().includes(q)) ? 1 : 0
}

/** The best ones first, equal ones in their order. */
export function ranked<T>(items: T[], score: (item: T) => number, most = 8): T[] {
  return items
    .map((item, index) => ({ item, index, score: score(item) }))
    .filter((r) => r.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, most)
    .map((r) => r.item)
}

/** The ids of those whose names stand after an @ in a note. */
export function mentioned(text: string, people: { id: string; name: string }[]): string[] {
  const longestFirst = [...people].sort((a, b) => b.name.length - a.name.length)
  let rest = text
  const found: string[] = []
  for (const person of longestFirst) {
    if (!person.name || !rest.includes(`@${person.name}`)) continue
    found.push(person.id)
    rest = rest.split(`@${person.name}`).join(' ')
  }
  return found
}
