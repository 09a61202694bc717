// Ten thousand conversations in one list. The rows are made here, so that the browser is measured and not the database;
// figures are Chromium's own Event Timing: from the press of a key or button to the next paint.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { launch, patience, person, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'

const total = 10_000

function row(n) {
  const at = new Date(Date.UTC(2026, 5, 1) - n * 60_000).toISOString()
  return {
    id: `cnv_x${String(total - n).padStart(6, '0')}`, contact: { id: `con_x${n}`, name: `客户 ${n}` }, inbox_id: 'inb_x', status: 'open', assignee_id: '', team_id: '', label_ids: [],
    seq: 3, version: 3, unread: n % 7 === 0 ? 1 : 0, contact_read_seq: 3, agent_read_seq: n % 7 === 0 ? 2 : 3, preview: `第 ${n} 个问题：什么时候发货？`, created_at: at, updated_at: at, last_message_at: at,
  }
}

describe('a list of ten thousand', () => {
  let program, browser, page
  before(async () => {
    program = await Program.start()
    browser = await launch()
    ;({ page } = await person(browser, program.base))
    await page.route(/\/api\/v1\/conversations\?/, (route) => {
      const query = new URL(route.request().url()).searchParams
      if (query.get('view') !== 'open') return route.continue()
      const from = Number(query.get('cursor') ?? 0)
      const limit = Number(query.get('limit') ?? 50)
      const items = Array.from({ length: Math.min(limit, total - from) }, (_, i) => row(from + i))
      return route.fulfill({ json: { items, ...(from + limit < total ? { next_cursor: String(from + limit) } : {}) } })
    })
    await page.route(/\/api\/v1\/conversations\/cnv_x\w+$/, (route) => route.fulfill({ json: row(total - Number(route.request().url().match(/cnv_x(\d+)/)[1])) }))
    await page.route(/\/api\/v1\/conversations\/cnv_x\w+\/(messages|activity|scheduled|draft)/, (route) => route.fulfill({ json: { items: [], more: false } }))
    await new Desk(page).logIn('/desk/inbox/open')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('answers every press, and says how fast', async () => {
    const list = page.locator('section .overflow-y-auto').first()
    let loaded = 0
    await until(async () => {
      loaded = await list.evaluate((box) => {
        box.scrollTop = box.scrollHeight
        return Math.round(box.scrollHeight / 64)
      })
      return loaded >= total
    }, 'all pages', 3 * patience)
    const inPage = await page.locator('[data-conversation]').count()
    assert.ok(inPage < 80, `${inPage} rows are in the page`)

    await page.evaluate(() => {
      globalThis.presses = []
      new PerformanceObserver((seen) => {
        for (const e of seen.getEntries()) if (e.interactionId) globalThis.presses.push({ name: e.name, ms: e.duration })
      }).observe({ type: 'event', durationThreshold: 16, buffered: false })
    })
    await list.evaluate((box) => (box.scrollTop = 0))
    await page.locator('[data-conversation]').first().click()
    let count = 1
    await page.locator('#thread').focus()
    for (const key of [...'jjjjjjjjjjkkkkkxjxjxjjjjjj']) {
      await page.keyboard.press(key)
      await page.waitForTimeout(60)
      count++
    }
    for (const part of [0.25, 0.5, 0.75, 0.99]) {
      await list.evaluate((box, part) => (box.scrollTop = box.scrollHeight * part), part)
      await page.waitForTimeout(150)
      await page.locator('[data-conversation]').nth(12).click()
      count++
      await page.waitForTimeout(150)
    }
    const presses = await page.evaluate(() => globalThis.presses)
    const slowest = new Map()
    const times = presses.map((p) => p.ms).sort((a, b) => a - b)
    for (const p of presses) slowest.set(p.name, Math.max(slowest.get(p.name) ?? 0, p.ms))
    // What took less than 16 ms is not reported by the browser: it counts as 16.
    const all = [...Array.from({ length: Math.max(0, count - times.length) }, () => 16), ...times].sort((a, b) => a - b)
    const at = (part) => all[Math.min(all.length - 1, Math.floor(all.length * part))]
    console.log(`10,000 rows, ${inPage} in the page: ${count} presses to paint: median ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${all.at(-1)} ms ${JSON.stringify(Object.fromEntries(slowest))}`)
    assert.ok(count > 25 && all.length >= count, 'every press was seen')
    // The median, because others compute on the machine of a test too; on a quiet one the slowest keeps it as well.
    assert.ok(at(0.5) < 100, `half of the presses took more than ${at(0.5)} ms to paint`)
  })
})
