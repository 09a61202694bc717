// Starts the real program in a temporary folder, kills it, starts it again on the same data.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent } from './agent.mjs'

/** Longest time a start may take, in milliseconds. */
const startTime = 120_000
/** A program that takes longer to end than this is killed, and the test fails. */
const stopTime = 60_000

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** Takes the bot and the automatic queue away from the demo company. */
async function byHand(base) {
  const agent = await Agent.logIn(base)
  await agent.put('/staffing/rules', { automatic: false })
  await agent.settings({ bot_first: false })
  await agent.logOut()
}

export class Program {
  #folder
  #demo
  #child = null
  #log = ''

  constructor(folder, port, demo) {
    this.#folder = folder
    this.#demo = demo
    this.base = `http://127.0.0.1:${port}`
  }

  /**
   * Creates an empty data folder and configuration and starts: with the demo company, or with none for demo: false. People answer
   * its visitors, and by hand; with bot: true it is as `make run` starts it, with the bot in front and the queue behind it. host is
   * what it listens on, mailPort a mail server on this machine.
   */
  static async start({ demo = true, bot = false, host = '127.0.0.1', mailPort = 0 } = {}) {
    const binary = process.env.YINGDA_BIN
    if (!binary) throw new Error('YINGDA_BIN must name the program to test, as `make e2e` does')
    const folder = await mkdtemp(join(tmpdir(), 'yingda-e2e-'))
    const port = await freePort()
    const quoted = (text) => JSON.stringify(text)
    await writeFile(
      join(folder, 'yingda.toml'),
      [
        `data_dir = ${quoted(join(folder, 'data'))}`,
        `demo = ${demo}`,
        '[server]',
        `listen = ${quoted(`${host}:${port}`)}`,
        ...(mailPort ? ['[smtp]', 'host = "127.0.0.1"', `port = ${mailPort}`, 'from = "应答 <noreply@yingda.example>"', 'tls = "none"'] : []),
        '[keys]',
        `file = ${quoted(join(folder, 'keys', 'master.key'))}`,
        '',
      ].join('\n'),
    )
    const program = new Program(folder, port, demo)
    await program.up()
    if (demo && !bot) await byHand(program.base)
    return program
  }

  /** Starts the program and waits until it is ready. */
  async up() {
    const child = spawn(process.env.YINGDA_BIN, ['--config', join(this.#folder, 'yingda.toml'), 'serve', ...(this.#demo ? ['--demo'] : [])], {
      cwd: this.#folder,
      // The program refuses YINGDA_ variables it does not know, and a tester's own must not reach it.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('YINGDA_'))),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    const keep = (data) => {
      this.#log = (this.#log + data).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let ended = false
    child.once('exit', () => {
      ended = true
    })
    child.once('error', (error) => {
      ended = true
      keep(String(error))
    })
    const until = Date.now() + startTime
    for (;;) {
      if (ended) throw new Error(`the program ended at its start:\n${this.#log}`)
      const ready = await fetch(`${this.base}/readyz`).then(
        (r) => r.ok,
        () => false,
      )
      if (ready) return
      if (Date.now() > until) throw new Error(`the program was not ready within ${startTime} ms:\n${this.#log}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Ends it without a chance to tidy up, as a power cut would. */
  kill() {
    return this.#end('SIGKILL')
  }

  /** Ends it properly and removes its folder. */
  async stop() {
    await this.#end('SIGTERM')
    await rm(this.#folder, { recursive: true, force: true })
  }

  get log() {
    return this.#log
  }

  #end(signal) {
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`the program did not end within ${stopTime} ms:\n${this.#log}`))
      }, stopTime)
      child.once('exit', () => {
        clearTimeout(limit)
        resolve()
      })
      child.kill(signal)
    })
  }
}
