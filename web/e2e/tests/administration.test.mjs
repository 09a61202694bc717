// Administration in a browser: people, teams, roles, chats and their design, tools, tokens; every page in four looks.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertAccessible, comes, desktop, launch, loaded, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'
import { digits } from '../lib/totp.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

const pages = ['account', 'security', 'company', 'people', 'teams', 'roles', 'roles/agent', 'roles/new', 'inboxes', 'canned', 'labels', 'tokens', 'audit', 'status', 'letters', 'rotation']

/** Those that the guide shows. */
const pictured = ['security', 'people', 'roles/agent', 'audit']

describe('administration', { timeout: 30 * patience }, () => {
  let program, browser
  before(async () => {
    program = await Program.start()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  /** The demo's administrator on a page of the settings. */
  async function administrator(path, options = {}) {
    const p = await person(browser, program.base, { reducedMotion: 'reduce', ...options })
    await new Desk(p.page).logIn('/desk/inbox/all')
    await p.page.goto(`/desk/settings/${path}`)
    await p.page.getByRole('heading', { level: 1 }).waitFor()
    return p
  }

  it('makes a team, and changes who is in it', async () => {
    const { page, strays } = await administrator('teams')
    await page.getByRole('button', { name: '新建小组' }).click()
    await page.getByLabel('小组名称').fill('大客户')
    await page.getByLabel('陈晨').check()
    await page.getByRole('button', { name: '保存' }).click()
    const row = page.locator('main li', { hasText: '大客户' })
    await row.getByText('陈晨').waitFor()
    await row.getByRole('button', { name: /编辑/ }).click()
    await page.getByLabel('林小满').check()
    await page.getByRole('button', { name: '保存' }).click()
    await row.getByText('2 人').waitFor()
    await row.getByRole('button', { name: /删除/ }).click()
    await page.getByTestId('ask-confirm').click()
    await row.waitFor({ state: 'detached' })
    assert.deepEqual(strays, [])
  })

  it('makes a role from another, says what it cannot do, and gives it to somebody', async () => {
    const { page } = await administrator('roles')
    await page.getByRole('link', { name: /客服/ }).click()
    await page.getByText('内置角色不能修改').waitFor()
    await page.getByRole('link', { name: '复制为新角色' }).click()
    await page.getByLabel('角色名称').fill('夜班客服')
    await page.locator('[data-permission="conversations.assign"]').getByRole('switch').click()
    await page.getByTestId('cannot').getByText('领取与分配').waitFor()
    await page.getByLabel('只看自己的').check()
    await page.getByRole('button', { name: '保存' }).click()
    await page.waitForURL(/\/roles\/rol_/)
    await page.getByTestId('save-bar').waitFor({ state: 'detached' })
    await page.goto('/desk/settings/people')
    const lin = page.locator('[data-person="lin@yingda.dev"]')
    await lin.getByRole('button').click()
    await page.getByRole('menuitem', { name: '更换角色' }).click()
    await page.getByRole('menuitemcheckbox', { name: '夜班客服' }).click()
    await lin.getByText('夜班客服').waitFor()
    // The other way round, and the role can go.
    await lin.getByRole('button').click()
    await page.getByRole('menuitem', { name: '更换角色' }).click()
    await page.getByRole('menuitemcheckbox', { name: '客服', exact: true }).click()
    await lin.getByText('客服', { exact: true }).waitFor()
  })

  it('asks before unsaved changes are left, and keeps them', async () => {
    const { page } = await administrator('roles/new')
    await page.getByLabel('角色名称').fill('没写完')
    await page.getByRole('link', { name: '标签' }).click()
    await page.getByRole('dialog').getByText('离开前不保存吗').waitFor()
    await page.getByRole('button', { name: '取消' }).click()
    await comes(() => page.getByLabel('角色名称').inputValue(), '没写完', 'what was written')
    await page.getByRole('link', { name: '标签' }).click()
    await page.getByTestId('ask-confirm').click()
    await page.waitForURL(/\/settings\/labels/)
  })

  it('lets two administrators change one chat, and overwrites nothing unseen', async () => {
    const one = await administrator('inboxes')
    await one.page.getByRole('link', { name: /商城网页/ }).click()
    await one.page.getByRole('link', { name: '基本' }).click()
    const address = one.page.url()
    await one.page.getByLabel('名称').fill('商城（一）')
    const two = await administrator('inboxes')
    await two.page.goto(address)
    await two.page.getByLabel('名称').fill('商城（二）')
    await two.page.getByRole('button', { name: '保存' }).click()
    await two.page.getByTestId('save-bar').waitFor({ state: 'detached' })
    await one.page.getByRole('button', { name: '保存' }).click()
    await one.page.getByTestId('conflict').waitFor()
    await one.page.getByRole('button', { name: '把我的更改放到最新的上面' }).click()
    await one.page.getByRole('button', { name: '保存' }).click()
    await one.page.getByTestId('save-bar').waitFor({ state: 'detached' })
    await two.page.reload()
    await until(async () => (await two.page.getByLabel('名称').inputValue()) === '商城（一）', 'the name that was saved last')
  })

  it('designs the chat beside the real one: colour, words, a form sorted by keyboard', async () => {
    const { page, strays } = await administrator('inboxes')
    await page.getByRole('link', { name: /商城/ }).click()
    await page.getByRole('link', { name: '外观与内容' }).click()
    const chat = page.getByTestId('preview').frameLocator('iframe')
    await page.getByLabel('色号').fill('#1d4ed8')
    await page.getByLabel('左下角').check()
    await assertAccessible(page, 'the designer')
    await picture(page, 'settings-design-desktop-light-zh')
    await page.getByRole('tab', { name: '文字与语言' }).click()
    await page.getByLabel('问候语').fill('欢迎来到商城')
    await chat.getByText('欢迎来到商城').first().waitFor()
    await page.getByRole('tab', { name: '提问前的表单' }).click()
    await page.getByRole('switch', { name: /先填表单/ }).click()
    for (const name of ['姓名', '订单号']) {
      await page.getByRole('button', { name: '添加问题' }).click()
      await page.getByRole('menuitem', { name }).click()
    }
    const order = () => page.locator('[data-field]').evaluateAll((rows) => rows.map((row) => row.dataset.field))
    await comes(order, ['name', 'order_number'], 'the questions')
    await page.locator('[data-field="order_number"] [data-move="up"]').press('Enter')
    await comes(order, ['order_number', 'name'], 'the question moved up')
    await chat.getByText('订单号').first().waitFor()
    await page.locator('[data-field="name"] [draggable="true"]').dragTo(page.locator('[data-field="order_number"]'))
    await until(async () => (await order()).join() === 'name,order_number', 'the question dragged to the top')
    await page.locator('[data-field="name"] [draggable="true"]').dragTo(page.locator('[data-field="order_number"]'))
    await until(async () => (await order()).join() === 'order_number,name', 'the question dragged down again')
    await assertAccessible(page, 'the form editor')
    await picture(page, 'settings-prechat-desktop-light-zh')
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('save-bar').waitFor({ state: 'detached' })
    // The visitor meets it.
    const visitor = await person(browser, program.base)
    await visitor.page.goto('/try?key=chk_demo')
    await visitor.page.locator('yingda-chat button.launch').click()
    await visitor.page.frameLocator('yingda-chat iframe').getByText('欢迎来到商城').first().waitFor()
    // And back, for the others.
    await page.getByRole('tab', { name: '提问前的表单' }).click()
    await page.getByRole('switch', { name: /先填表单/ }).click()
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('save-bar').waitFor({ state: 'detached' })
    assert.deepEqual(strays, [])
  })

  it('keeps canned replies with variables, and labels', async () => {
    const { page } = await administrator('canned')
    await page.getByRole('button', { name: '新建快捷回复' }).first().click()
    await page.getByLabel('快捷码').fill('fahuo')
    await page.getByRole('dialog').getByLabel('标题', { exact: true }).fill('发货时间')
    await page.getByRole('dialog').getByLabel('内容', { exact: true }).fill('，今天下单明天发货。')
    await page.getByRole('dialog').getByLabel('内容', { exact: true }).press('Home')
    await page.getByRole('button', { name: '客户姓名' }).click()
    await page.getByTestId('canned-preview').getByText('李小姐，今天下单明天发货。').waitFor()
    await assertAccessible(page, 'a canned reply')
    await page.getByRole('button', { name: '保存' }).click()
    await page.locator('[data-canned="fahuo"]').getByText('发货时间', { exact: true }).waitFor()
    await page.goto('/desk/settings/labels')
    await page.getByRole('button', { name: '新建标签' }).first().click()
    await page.getByRole('dialog').getByLabel('名称', { exact: true }).fill('退款')
    await page.getByRole('radio', { name: '红' }).click()
    await page.getByRole('button', { name: '保存' }).click()
    await page.locator('main li', { hasText: '退款' }).waitFor()
  })

  it('makes an API token that works, shows it once, and revokes it', async () => {
    const { page } = await administrator('tokens')
    await page.getByRole('button', { name: '新建令牌' }).click()
    await page.getByLabel('用途').fill('CRM')
    await page.getByRole('button', { name: '新建令牌' }).last().click()
    const secret = (await page.getByTestId('secret-once').locator('code').innerText()).trim()
    const call = () => fetch(`${program.base}/api/v1/conversations`, { headers: { Authorization: `Bearer ${secret}` } }).then((r) => r.status)
    assert.equal(await call(), 200)
    await page.getByRole('button', { name: /吊销/ }).click()
    await page.getByTestId('ask-confirm').click()
    await page.locator('main li', { hasText: 'CRM' }).waitFor({ state: 'detached' })
    assert.equal(await call(), 401)
  })

  it('changes the data key', async () => {
    const { page } = await administrator('rotation')
    await page.getByRole('button', { name: '更换密钥' }).click()
    await page.getByTestId('ask-confirm').click()
    await page.locator('[data-testid="rotation"][data-state="done"]').waitFor()
  })

  it('switches on the second factor, logs in with it, sees devices and logs one out', async () => {
    const log = async (fill) => {
      const p = await person(browser, program.base, { reducedMotion: 'reduce' })
      await p.page.goto('/desk/login')
      await p.page.locator('input[type="email"]').fill('lin@yingda.dev')
      await p.page.locator('form button[type="submit"]').click()
      await fill?.(p.page)
      await p.page.waitForURL(/\/desk\/inbox/)
      return p
    }
    const { page } = await log()
    // An agent has an account of their own and no administration.
    await page.goto('/desk/settings/security')
    await page.getByTestId('totp').getByRole('button', { name: '开启' }).waitFor()
    assert.equal(await page.getByRole('link', { name: '角色与权限' }).count(), 0)
    await page.getByTestId('totp').getByRole('button', { name: '开启' }).click()
    await page.getByRole('img', { name: '两步验证的二维码' }).waitFor()
    const secret = await page.getByTestId('totp-secret').innerText()
    await assertAccessible(page, 'the second factor')
    await page.getByLabel('输入验证器显示的六位数').fill('000000')
    await page.getByRole('button', { name: '确认并开启' }).click()
    await page.getByText('这个数不对').waitFor()
    await page.getByLabel('输入验证器显示的六位数').fill(digits(secret))
    await page.getByRole('button', { name: '确认并开启' }).click()
    const codes = (await page.getByTestId('recovery-codes').innerText()).split('\n').filter(Boolean)
    assert.equal(codes.length, 10)
    await assertAccessible(page, 'the recovery codes')
    await page.getByRole('button', { name: '我已保存' }).click()
    await page.locator('[data-testid="totp"][data-on="yes"]').waitFor()
    const second = await log(async (other) => {
      await other.getByLabel('验证码').fill(codes[0])
      await assertAccessible(other, 'the log-in with a code')
      await other.locator('form button[type="submit"]').click()
    })
    await page.reload()
    await page.getByText('还有 9 个恢复码可用').waitFor()
    await page.locator('[data-session="other"]').getByRole('button', { name: '让它退出' }).click()
    await page.getByTestId('ask-confirm').click()
    await page.locator('[data-session="other"]').waitFor({ state: 'detached' })
    await second.page.goto('/desk/')
    await second.page.waitForURL(/\/desk\/login/)
    await page.getByTestId('totp').getByRole('button', { name: '关闭' }).click()
    await page.getByRole('dialog').getByLabel('密码').fill('yingda-demo')
    await page.getByRole('dialog').getByRole('button', { name: '关闭', exact: true }).last().click()
    await page.locator('[data-testid="totp"][data-on="no"]').waitFor()
    // The record tells of it.
    const admin = await administrator('audit')
    await admin.page.locator('[data-audit="second_factor.enabled"]').first().getByText('林小满').first().waitFor()
  })

  for (const { name, ...options } of looks) {
    it(`${name}: every page is accessible`, async () => {
      const { page, strays } = await administrator('people', options)
      for (const path of pages) {
        await page.goto(`/desk/settings/${path}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await loaded(page)
        assert.equal(await page.getByRole('alert').count(), 0, `${path} did not load`)
        await assertAccessible(page, path)
        if (pictured.includes(path)) await picture(page, `settings-${path.replace('/', '-')}-${name}`)
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
      assert.equal(wide, false, 'the page scrolls sideways')
      assert.deepEqual(strays, [])
    })
  }
})
