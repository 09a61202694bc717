// The agent's side.
import { until } from './browser.mjs'

export class Desk {
  /** deaf is for a page whose line to the server a test has cut from the start. */
  constructor(page, { deaf = false } = {}) {
    this.page = page
    this.deaf = deaf
  }

  /** Logs in as the demo's administrator, whose data the page has filled in. */
  async logIn(path = '/desk/') {
    await this.page.goto(path)
    await this.page.locator('form button[type="submit"]').click()
    await this.page.locator('[data-conversation], [data-testid="conversation-list"]').first().waitFor()
    await this.live()
  }

  /** Waits until the page hears of what happens: what happened before is read, not told. */
  async live() {
    if (!this.deaf) await this.page.locator('[data-line="connected"]').waitFor({ state: 'attached' })
  }

  /** Opens the list of a view, read and live. */
  async list(view) {
    await this.page.goto(`/desk/inbox/${view}`)
    await this.page.locator('[aria-busy="false"], #thread').first().waitFor()
    await this.live()
  }

  row(text) {
    return this.page.locator('[data-conversation]', { hasText: text }).first()
  }

  /** Searches with Ctrl-K until words are found, because the index follows the messages. Gives the hits. */
  async find(words) {
    const hits = this.page.locator('[role="option"][data-hit]')
    await this.page.keyboard.press('Control+k')
    const box = this.page.getByRole('combobox')
    await until(async () => {
      await box.fill(words)
      if (await hits.first().waitFor({ timeout: 12_000 }).then(() => true, () => false)) return true
      // An answer is kept for ten seconds; another word in between, and it is asked for again.
      await box.fill('')
      await this.page.waitForTimeout(500)
      return false
    }, `finding ${words}`)
    return hits
  }

  /** Opens the conversation whose newest words are text. */
  async openByText(text, view = 'all') {
    await this.list(view)
    await this.row(text).click()
    await this.sees(text)
  }

  get thread() {
    return this.page.locator('#thread')
  }

  get input() {
    return this.page.locator('form textarea')
  }

  message(text) {
    return this.thread.locator('article[data-seq]').getByText(text, { exact: true })
  }

  async sees(text) {
    await this.message(text).first().waitFor()
  }

  async say(text) {
    await this.input.fill(text)
    await this.input.press('Enter')
  }

  /** Calls the agents' API as the person who is logged in on this page. */
  api(method, path, body) {
    return this.page.evaluate(
      async ([method, path, body]) => {
        const { csrf_token } = await (await fetch('/api/v1/session')).json()
        const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'Idempotency-Key': crypto.randomUUID() }
        const answer = await fetch(`/api/v1${path}`, { method, ...(method === 'GET' ? {} : { headers, body: JSON.stringify(body ?? {}) }) })
        const text = await answer.text()
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
        return text ? JSON.parse(text) : null
      },
      [method, path, body],
    )
  }

  /** Logs in as somebody of the demo company. */
  async logInAs(email, path = '/desk/inbox/all') {
    await this.page.goto(`/desk/login?to=${encodeURIComponent(path.replace(/^\/desk/, ''))}`)
    await this.page.locator('input[type="email"]').fill(email)
    await this.page.locator('form input').nth(1).fill('yingda-demo')
    await this.page.locator('form button[type="submit"]').click()
    // The log-in page's own address names where to go, too.
    await this.page.waitForURL((url) => url.pathname.startsWith(path.replace(/\?.*/, '')))
    await this.live()
  }

  /** The texts of confirmed messages that contain mark, in the order on screen. */
  async texts(mark) {
    const all = await this.thread.locator('article[data-seq]').allInnerTexts()
    return all.flatMap((t) => t.split('\n')).filter((line) => line.includes(mark))
  }

  /** The message numbers on screen. They must follow each other without a gap. */
  seqs() {
    return this.thread.locator('article[data-seq]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)))
  }
}
