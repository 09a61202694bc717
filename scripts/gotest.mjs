// Runs `go test -json` with the given arguments, shows one line a package and the output of what failed, and writes
// "passed failed" to the file named by COUNTS and each failure, in short, to the one named by REASONS. Leaves with go test's
// own exit status.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { appendFileSync } from 'node:fs'

const go = spawn('go', ['test', '-json', ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'inherit'] })
const output = new Map() // package, or package and test → lines
const failures = new Map() // the same names → what they said
let passed = 0
let failed = 0

/** Keeps the lines around what went wrong: a panic's or a build's begin, or a test's end. */
function remember(name, text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('=== '))
  const panic = lines.findIndex((line) => /^panic:|DATA RACE|test timed out/.test(line))
  const kept = panic >= 0 ? lines.slice(panic, panic + 20) : name.includes(' ') ? lines.slice(-20) : lines.slice(0, 20)
  // A test that failed by one of its parts says nothing that the part has not said.
  if ([...failures.keys()].some((other) => other.startsWith(name.includes(' ') ? `${name}/` : `${name} `)) && panic < 0) return
  failures.set(name, [`✖ ${name}`, ...kept.map((line) => `    ${line.trim().slice(0, 300)}`)].join('\n'))
}

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
      remember(name, output.get(name) ?? '')
      break
  }
}
const code = await new Promise((resolve) => (go.exitCode === null ? go.on('close', resolve) : resolve(go.exitCode)))
if (code !== 0 && failed === 0) failed = 1
if (process.env.REASONS && failures.size > 0) appendFileSync(process.env.REASONS, `${[...failures.values()].join('\n')}\n`)
if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${passed} ${failed}\n`)
process.exit(code ?? 1)
