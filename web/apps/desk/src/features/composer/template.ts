/** What the variables of a canned reply stand for. */
export interface Values {
  contact: Record<string, string>
  agent: { name: string }
  account: { name: string }
  conversation: { id: string }
}

/** Fills in {{contact.name|fallback}} and its like. What is not known and has no fallback is left out. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{\{\s*([a-z]+)\.([\p{L}\p{N}_-]{1,64})\s*(?:\|([^{}\n]{0,100}))?\}\}/gu, (whole, group: string, name: string, fallback: string | undefined) => {
    const source: Record<string, string> | undefined = group in values ? (values[group as keyof Values] as Record<string, string>) : undefined
    if (!source) return whole
    const value = Object.hasOwn(source, name) ? source[name] : ''
    return value || fallback?.trim() || ''
  })
}
