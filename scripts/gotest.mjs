// Runs `go test -json` with the given arguments, shows one line a package and the output of what failed, and writes
// "passed failed" to the file named by COUNTS. Leaves with go test's own exit status.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { appendFileSync } from 'node:fs'

const go = spawn('go', ['test', '-json', ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'inherit'] })
const output = new Map() // package, or package and test → lines
let passed = 0
let failed = 0

for await (const line of createInterface({ input: go.stdout })) {
  let event
  try {
    event = JSON.parse(line)
  } catch {
    console.log(line) // not JSON: what the toolchain itself says
    continue
  }
  const name = event.Test ? `${event.Package} ${event.Test}` : (event.Package ?? event.ImportPath ?? '')
  switch (event.Action) {
    case 'output':
    case 'build-output':
      output.set(name, (output.get(name) ?? '') + event.Output)
      break
    case 'pass':
      if (event.Test) passed++
      else console.log(`ok    ${event.Package}  ${event.Elapsed ?? 0} s`)
      output.delete(name)
      break
    case 'skip':
      if (event.Test) console.log(`skip  ${name}`)
      output.delete(name)
      break
    case 'fail':
    case 'build-fail':
      if (event.Test) failed++
      else if (event.Action === 'fail') {
        console.log(`FAIL  ${event.Package}  ${event.Elapsed ?? 0} s`)
        if (!event.Test && ![...output.keys()].some((k) => k.startsWith(`${event.Package} `))) failed++ // build or TestMain
      }
      console.log(output.get(name) ?? '')
      break
  }
}
const code = await new Promise((resolve) => (go.exitCode === null ? go.on('close', resolve) : resolve(go.exitCode)))
if (code !== 0 && failed === 0) failed = 1
if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${passed} ${failed}\n`)
process.exit(code ?? 1)
