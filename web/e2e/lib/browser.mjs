// One Chromium for all tests; contexts that refuse other hosts and remember errors of pages; axe.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const pictures = fileURLToPath(new URL('../../../docs/guide/images/', import.meta.url))

export const desktop = { width: 1440, height: 900 }
export const phone = { width: 390, height: 844 }

/** How long a thing may take to appear, in milliseconds; generous for slow machines. */
export const patience = Number(process.env.P ?? 60_000)

export function launch() {
  return chromium.launch({
    timeout: 2 * patience,
    executablePath: process.env.YINGDA_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
}

/**
 * A person's browser. strays collects requests to other hosts and scripts' errors; both must stay empty.
 * Options are Playwright's; locale and colorScheme decide language and appearance.
 */
export async function person(browser, base, options = {}) {
  const context = await browser.newContext({ baseURL: base, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: desktop, ...options })
  context.setDefaultTimeout(patience)
  const strays = []
  const origin = new URL(base).host
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (/^(https?|wss?):$/.test(url.protocol) && url.host !== origin) strays.push(`request to ${url.host}`)
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => strays.push(`error in the page: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy/.test(message.text())) strays.push(message.text())
  })
  return { context, page, strays }
}

/** Waits, three seconds at most, until nothing of a frame that has an end moves or fades any more, two pictures in a row. */
async function settled(frame) {
  await frame.evaluate(async () => {
    const frame = () => new Promise((resolve) => globalThis.requestAnimationFrame(resolve))
    const moving = () =>
      globalThis.document.getAnimations().some((a) => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime))
    const end = performance.now() + 3_000
    for (let still = 0; still < 3 && performance.now() < end; await frame()) still = moving() ? 0 : still + 1
  })
}

/** Fails with a readable list when axe finds anything against WCAG 2.2 AA. Frames of the same origin are looked into. */
export async function assertAccessible(page, what) {
  for (const frame of page.frames()) {
    if (frame.url() === 'about:blank') continue
    await settled(frame) // what is half faded in has not its colours yet
    await frame.evaluate(axeSource)
  }
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
    const result = await globalThis.axe.run(globalThis.document, { runOnly: { type: 'tag', values: tags } })
    return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} (${n.failureSummary})`))
  })
  assert.deepEqual(found, [], `${what} is not accessible`)
}

/** Keeps a picture for the guide when YINGDA_SCREENSHOTS=1. */
export async function picture(page, name) {
  if (process.env.YINGDA_SCREENSHOTS !== '1') return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}${name}.png` })
}

/** Waits until check gives a true value; fails with what when patience ends. */
export async function until(check, what) {
  const end = Date.now() + patience
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > end) assert.fail(`${what} did not happen within ${patience} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
