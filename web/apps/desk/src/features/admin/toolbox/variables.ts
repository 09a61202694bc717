/** Variables of canned replies: {{contact.name}}, with a word for when it is not known: {{contact.name|您}}. */
export const variables = ['contact.name', 'agent.name', 'account.name', 'conversation.id'] as const
export type Variable = (typeof variables)[number]

const pattern = /\{\{\s*([a-z]+\.[A-Za-z0-9_]+)\s*(?:\|([^{}]*))?\}\}/g

/** The text with values put in; what is not known becomes its fallback, or nothing. */
export function fill(text: string, values: Partial<Record<string, string>>): string {
  return text.replace(pattern, (_, name: string, fallback: string | undefined) => values[name] || (fallback ?? '').trim())
}

/** Names in the text that stand for nothing. Attributes of contacts may have any name. */
export function unknown(text: string): string[] {
  const names = [...text.matchAll(pattern)].map((m) => m[1]!)
  return names.filter((name) => !variables.includes(name as Variable) && !name.startsWith('contact.'))
}

export function placeholder(variable: Variable, fallback = ''): string {
  return fallback ? `{{${variable}|${fallback}}}` : `{{${variable}}}`
}

export const variableKey = (variable: Variable): string => variable.replace('.', '_')

/** Letters, digits, Chinese, hyphen, underscore; at most 32. */
export function goodShortcut(text: string): boolean {
  return /^[\p{L}\p{N}_-]{1,32}$/u.test(text)
}
