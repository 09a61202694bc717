// Words that would be code on a page that is not careful, and the places that they are put into.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Each as short as it can be: a name of 30 characters is room enough. */
export const payloads = {
  picture: '<img src=x onerror=pwned=1>',
  script: '"\'><script>pwned=1</script>',
  link: 'javascript:pwned=1//',
  braces: '\u202e\u200b{{constructor}}\u2067',
  markdown: '[x](javascript:pwned=1) ![x](javascript:pwned=1)',
  long: '长'.repeat(10_000),
  nul: 'a\u0000b',
}

/**
 * A text field of a body: what an honest person writes there, or what makes it. Where not any words will do, within says how
 * hostile ones get in. Everything else of a body stays as it is.
 */
export const free = (text, within = (bad) => bad) => ({ free: text, within })

/** The body with every free text for which put answers replaced by that answer. */
export function filled(body, put, path = '') {
  if (Array.isArray(body)) return body.map((v, i) => filled(v, put, `${path}.${i}`))
  if (body === null || typeof body !== 'object') return body
  if ('free' in body) {
    const bad = put(path)
    return bad === undefined ? (typeof body.free === 'function' ? body.free() : body.free) : body.within(bad)
  }
  return Object.fromEntries(Object.entries(body).map(([k, v]) => [k, filled(v, put, `${path}.${k}`)]))
}

/** Where the free texts of a body are. */
export function places(body) {
  const found = []
  filled(body, (path) => void found.push(path))
  return found
}

const schema = JSON.parse(readFileSync(fileURLToPath(new URL('../../../api/openapi.json', import.meta.url)), 'utf8'))
const resolved = (s) => (s.$ref ? schema.components.schemas[s.$ref.split('/').at(-1)] : s)

/** The texts that an operation's body may hold, as ".parts[].text": those without a list of values, a format or a pattern. */
function texts(given, path, depth = 0) {
  const s = resolved(given)
  const type = Array.isArray(s.type) ? s.type[0] : s.type
  if (type === 'string') return s.enum || s.format || s.pattern ? [] : [path]
  if (depth > 8) return []
  if (type === 'array') return texts(s.items, `${path}[]`, depth + 1)
  return [
    ...Object.entries(s.properties ?? {}).flatMap(([k, v]) => (k === '$schema' ? [] : texts(v, `${path}.${k}`, depth + 1))),
    ...(typeof s.additionalProperties === 'object' ? texts(s.additionalProperties, `${path}{}`, depth + 1) : []),
  ]
}

/** Every command with a body in JSON: its id, method, path and the texts that it may hold. */
export function commands() {
  return Object.entries(schema.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, o]) => {
      const body = o.requestBody?.content['application/json']?.schema
      return body ? [{ id: o.operationId, method: method.toUpperCase(), path: path.replace('/api/v1', ''), texts: texts(body, '') }] : []
    }),
  )
}

/** Whether a body has something at a text's place: as ".a[].b{}" against ".a.0.b.zh-CN". */
export function covers(body, text) {
  const steps = text.split(/(?=\.|\[\]|\{\})/)
  const within = (value, at) => {
    if (at === steps.length) return typeof value === 'string' || (value !== null && typeof value === 'object' && 'free' in value)
    if (value === null || typeof value !== 'object' || 'free' in value) return false
    const step = steps[at]
    if (step === '[]' || step === '{}') return Object.values(value).some((v) => within(v, at + 1))
    return within(value[step.slice(1)], at + 1)
  }
  return within(body, 0)
}
