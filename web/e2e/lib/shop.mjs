// The visitor's side: the demo shop with the widget pasted in.

export class Shop {
  constructor(page) {
    this.page = page
    this.frame = page.frameLocator('yingda-chat iframe')
  }

  async open() {
    await this.page.goto('/demo')
    await this.openChat()
  }

  async openChat() {
    await this.page.locator('yingda-chat button.launch').click()
    await this.input.waitFor()
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
