/** What the variables of a canned reply stand for. */
export interface Values {
  contact: Record<string, string>
  agent: { name: string }
  account: { name: string }
  conversation: { id: string }
}

const known = /^(?:contact\.[\p{L}\p{N}_-]{1,64}|agent\.name|account\.name|conversation\.id)$/u

/** Fills in {{contact.name|fallback}} and its like, as the server does. What is empty and has no fallback is left out. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{\{([^{}|]*)(?:\|([^{}\n]{0,100}))?\}\}/gu, (whole, inside: string, fallback: string | undefined) => {
    const variable = inside.trim()
    if (!known.test(variable)) return whole
    const [group, name] = variable.split(/\.(.*)/s) as [keyof Values, string]
    const source = values[group] as Record<string, string>
    const value = Object.hasOwn(source, name) ? source[name]?.trim() : ''
    return value || fallback?.trim() || ''
  })
}
