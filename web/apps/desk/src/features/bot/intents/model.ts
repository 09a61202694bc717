import type { Action, IntentLine } from './api.ts'

/** Fewer examples than this are too few to be understood well. */
export const thinBelow = 10

/** Lines of pasted text, each once, without marks of lists in front. */
export function pasted(text: string): string[] {
  const seen = new Set<string>()
  return text
    .split(/\r?\n/)
    .map((l) => l.replace(/^\s*(?:[-*•·]|\d{1,3}[.、)])\s*/, '').trim())
    .filter((l) => l !== '' && !seen.has(l) && seen.add(l) !== undefined)
}

/** What is known of how well an intent is understood; null while nobody can tell. */
export const accuracy = (i: Pick<IntentLine, 'judged' | 'right'>): number | null => (i.judged > 0 ? i.right / i.judged : null)

export type Trouble = 'off' | 'thin' | 'clash' | 'weak'

/** What somebody should look at, the most urgent first. */
export function troubles(i: IntentLine): Trouble[] {
  const out: Trouble[] = []
  if (!i.enabled) return ['off']
  if (i.name !== '@outside' && i.examples < thinBelow) out.push('thin')
  if (i.clashes > 0) out.push('clash')
  const a = accuracy(i)
  if (a !== null && i.judged >= 5 && a < 0.8) out.push('weak')
  return out
}

export const actionTypes = ['message', 'flow', 'api_call', 'handoff'] as const

/** An empty action of a type, for the form. */
export function emptyAction(type: string): Action {
  switch (type) {
    case 'flow':
      return { type, flow: '' }
    case 'api_call':
      return { type, method: 'GET', url: '' }
    case 'handoff':
      return { type, reason: '' }
    default:
      return { type: 'message', text: '' }
  }
}

/** Actions from what somebody typed; null if it is not a list of objects with a type. */
export function parseActions(json: string): Action[] | null {
  try {
    const list: unknown = JSON.parse(json)
    if (!Array.isArray(list)) return null
    return list.every((a): a is Action => typeof a === 'object' && a !== null && typeof (a as Action).type === 'string') ? list : null
  } catch {
    return null
  }
}
