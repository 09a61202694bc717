// One Chromium for all tests; contexts that refuse other hosts and remember errors of pages; axe.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const pictures = fileURLToPath(new URL('../../../docs/guide/images/', import.meta.url))

export const desktop = { width: 1440, height: 900 }
export const phone = { width: 390, height: 844 }

/** How long a thing may take to appear, in milliseconds; generous for slow machines. */
export const patience = Number(process.env.P ?? 60_000)

/** Requests of pages that have not ended. */
const underWay = new WeakMap()

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
  const open = new Set()
  underWay.set(page, open)
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) open.clear() // a new document
    if (['document', 'script', 'stylesheet', 'fetch', 'xhr'].includes(request.resourceType())) open.add(request)
  })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request))
  page.on('pageerror', (error) => strays.push(`error in the page: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy/.test(message.text())) strays.push(message.text())
  })
  return { context, page, strays }
}

/** Waits, three seconds at most, until nothing of a frame that has an end moves or fades any more, three pictures in a row. */
async function settled(frame) {
  await frame.evaluate(async () => {
    const frame = () => new Promise((resolve) => globalThis.requestAnimationFrame(resolve))
    const moving = () =>
      globalThis.document.getAnimations().some((a) => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime))
    const end = performance.now() + 3_000
    for (let still = 0; still < 3 && performance.now() < end; await frame()) still = moving() ? 0 : still + 1
  })
}

/**
 * Fails with a readable list when axe finds anything against WCAG 2.2 AA. Frames of the same origin are looked into. Meanwhile
 * the page is asked not to move: what is half faded in has not its colours yet.
 */
export async function assertAccessible(page, what) {
  const still = await page.evaluate(() => globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches)
  if (!still) await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const frame of page.frames()) {
    if (frame.url() === 'about:blank') continue
    await settled(frame)
    await frame.evaluate(axeSource)
  }
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
    const result = await globalThis.axe.run(globalThis.document, { runOnly: { type: 'tag', values: tags } })
    return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} (${n.failureSummary})`))
  })
  if (!still) await page.emulateMedia({ reducedMotion: 'no-preference' })
  assert.deepEqual(found, [], `${what} is not accessible`)
}

/** Keeps a picture for the guide when YINGDA_SCREENSHOTS=1. */
export async function picture(page, name) {
  if (process.env.YINGDA_SCREENSHOTS !== '1') return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}${name}.png` })
}

/** Waits until check gives a true value; fails with what when the time is over. */
export async function until(check, what, within = patience) {
  const end = Date.now() + within
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > end) assert.fail(`${what} did not happen within ${within} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/**
 * Waits until read gives what is wanted, or text that a wanted pattern fits; fails with the difference. For all that follows an
 * action: what a page shows right after it may still be what was there before.
 */
export async function comes(read, wanted, what) {
  const end = Date.now() + patience
  for (;;) {
    const value = await read()
    if (wanted instanceof RegExp ? wanted.test(value) : isDeepStrictEqual(value, wanted)) return value
    if (Date.now() > end) {
      if (wanted instanceof RegExp) assert.match(value, wanted, what)
      assert.deepEqual(value, wanted, what)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Waits until a page has loaded what it asks for: nothing is under way, and drawing what came asks for nothing more. */
export async function loaded(page) {
  const open = underWay.get(page)
  const drawn = () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))))
  for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (open.size === 0 && (await drawn(), open.size === 0)) return
    if (Date.now() > end) assert.fail(`still under way: ${[...open].map((request) => new URL(request.url()).pathname).join(', ')}`)
  }
}
