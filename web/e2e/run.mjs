// Runs the browser tests: those named, or all. Two files at a time, because most of a test is waiting; then, one by one, those
// that measure time. Ends with each failure in a few lines, and writes "passed failed" to the file named by COUNTS and the
// failures to the one named by REASONS.
import { appendFileSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

/** They measure, or hold the product to seconds: nothing runs beside them. */
const alone = ['list-speed', 'widget-hard']
/** Those that take longest begin first, so that at the end both places are in use. */
const first = ['knowledge', 'administration', 'bot', 'training', 'pages', 'desk', 'desk-together', 'queue-more', 'queue']

const nameOf = (file) => basename(file).replace('.test.mjs', '')
const folder = fileURLToPath(new URL('tests/', import.meta.url))
const named = process.argv.slice(2).map((name) => (name.endsWith('.mjs') ? resolve(name) : join(folder, `${name}.test.mjs`)))
const files = named.length > 0 ? named : readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).map((name) => join(folder, name))
const place = (file) => (first.indexOf(nameOf(file)) + first.length + 1) % (first.length + 1)
const beside = files.filter((file) => !alone.includes(nameOf(file))).sort((a, b) => place(a) - place(b))

let passed = 0
const failures = []

/** The first lines of what went wrong, none of them endless. */
function reason({ name, file, line, details }) {
  const error = details.error?.cause ?? details.error
  const text = typeof error?.stack === 'string' && error.stack.includes(error.message) ? error.stack : String(error?.message ?? error)
  const lines = text.split('\n').filter((l) => l.trim() !== '' && !/node:internal|node_modules/.test(l))
  return [`✖ ${name} (${nameOf(file ?? '')}:${line ?? ''})`, ...lines.slice(0, 14).map((l) => `    ${l.slice(0, 300)}`)].join('\n')
}

async function tests(files, concurrency) {
  if (files.length === 0) return
  const stream = run({ files, concurrency })
  stream.on('test:pass', ({ skip, details }) => {
    if (details.type !== 'suite' && skip === undefined) passed++
  })
  stream.on('test:fail', (event) => {
    process.exitCode = 1
    // A suite or a file fails with its tests; it has a reason of its own when its preparation failed.
    const type = event.details.error?.failureType
    if (type === 'cancelledByParent') failures.push(reason(event))
    else if (type !== 'subtestsFailed') failures.unshift(reason(event))
  })
  const shown = stream.compose(new spec())
  for await (const part of shown) process.stdout.write(part)
}

await tests(beside, 2)
await tests(files.filter((file) => alone.includes(nameOf(file))), 1)

if (process.exitCode === 1 && failures.length === 0) failures.push('a file of tests ended early')
console.log(`\n${passed} passed, ${failures.length} failed in the browser`)
if (failures.length > 0) console.log(failures.join('\n'))
if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${passed} ${failures.length}\n`)
if (process.env.REASONS && failures.length > 0) appendFileSync(process.env.REASONS, `${failures.join('\n')}\n`)
