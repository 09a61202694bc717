/** The reply that was last put into the composer of each conversation, and not sent yet. */
const inserted = new Map<string, string>()

export const noteInserted = (conversation: string, text: string): void => void inserted.set(conversation, text.trim())

export type Use = 'inserted' | 'edited' | 'ignored'

/** What became of suggestions when something was sent; undefined if none were there. */
export function useOf(conversation: string, sent: string, shown: boolean): Use | undefined {
  const text = inserted.get(conversation)
  inserted.delete(conversation)
  if (text === undefined) return shown ? 'ignored' : undefined
  if (sent.trim() === text) return 'inserted'
  return likeness(text, sent) >= 0.3 ? 'edited' : shown ? 'ignored' : undefined
}

/** How much of a is in b, by pairs of characters. */
export function likeness(a: string, b: string): number {
  const pairs = (s: string): string[] => Array.from(s.replace(/\s+/g, '')).map((c, i, all) => c + (all[i + 1] ?? ''))
  const there = new Set(pairs(b))
  const wanted = pairs(a)
  return wanted.length === 0 ? 0 : wanted.filter((p) => there.has(p)).length / wanted.length
}
