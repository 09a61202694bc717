// Fails the build when the first paint of the desk outgrows its budget: 250 KiB of script and style, gzip.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const limit = 250 * 1024
const dist = fileURLToPath(new URL('../../../../internal/surface/webui/dist/desk/', import.meta.url))
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8'))

const wanted = new Set()
const styles = new Set()
function collect(key) {
  const chunk = manifest[key]
  if (!chunk || wanted.has(chunk.file)) return
  wanted.add(chunk.file)
  for (const css of chunk.css ?? []) styles.add(css)
  for (const next of chunk.imports ?? []) collect(next)
}
collect('index.html')
// What a signed-in agent sees first, and the texts of one language.
for (const key of Object.keys(manifest)) if (/ConversationsView|ShellView|i18n\/zh-CN\.ts/.test(key)) collect(key)

const size = (file) => gzipSync(readFileSync(dist + file), { level: 9 }).length
const script = [...wanted].reduce((sum, file) => sum + size(file), 0)
const style = [...styles].reduce((sum, file) => sum + size(file), 0)
const kib = (n) => `${(n / 1024).toFixed(1)} KiB`
console.log(`desk first paint: ${kib(script)} script + ${kib(style)} style = ${kib(script + style)} gzip (limit ${kib(limit)})`)
if (script + style > limit) {
  console.error('The desk is over its budget. Load what the first screen does not need lazily.')
  process.exit(1)
}
