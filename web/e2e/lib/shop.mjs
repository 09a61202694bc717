// The visitor's side: the demo shop with the widget pasted in.
import { until } from './browser.mjs'

export class Shop {
  constructor(page) {
    this.page = page
    this.frame = page.frameLocator('yingda-chat iframe')
  }

  async open() {
    await this.page.goto('/demo')
    await this.openChat()
  }

  /** Opens the chat unless it is open; a click that came while the page was still being built is made again. */
  async openChat() {
    const launch = this.page.locator('yingda-chat button.launch')
    await launch.waitFor()
    await until(async () => {
      if ((await launch.getAttribute('aria-expanded')) !== 'true') await launch.click()
      return this.input.waitFor({ timeout: 5_000 }).then(() => true, () => false)
    }, 'the chat being open')
  }

  get input() {
    return this.frame.locator('.composer textarea')
  }

  async say(text) {
    await this.input.fill(text)
    await this.input.press('Enter')
  }

  bubble(text) {
    return this.frame.getByRole('log').getByText(text, { exact: true })
  }

  async sees(text) {
    await this.bubble(text).waitFor()
  }

  /** Waits until the server has confirmed an own message. */
  async stored(text) {
    await this.frame.locator('article.own:not(.pending)', { hasText: text }).locator('time').waitFor()
  }

  /** The texts of the messages that contain mark, in the order on screen. */
  async texts(mark) {
    const all = await this.frame.locator('[role="log"] article').allInnerTexts()
    return all.flatMap((t) => t.split('\n')).filter((line) => line.includes(mark))
  }
}
