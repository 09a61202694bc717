// Intents in a browser: taught, tried, imported, trained in a process of its own, taken back.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Agent } from '../lib/agent.mjs'
import { assertAccessible, desktop, launch, patience, person, phone, picture, until } from '../lib/browser.mjs'
import { Desk } from '../lib/desk.mjs'
import { Program } from '../lib/program.mjs'

const looks = [
  { name: 'desktop-light-zh', viewport: desktop, colorScheme: 'light', locale: 'zh-CN' },
  { name: 'desktop-dark-en', viewport: desktop, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'phone-light-en', viewport: phone, colorScheme: 'light', locale: 'en-GB', hasTouch: true, isMobile: true },
  { name: 'phone-dark-zh', viewport: phone, colorScheme: 'dark', locale: 'zh-CN', hasTouch: true, isMobile: true },
]

const ways = ['你们还招人吗', '应聘客服怎么投简历', '有没有仓库的岗位', '想来你们公司上班', '招聘邮箱是多少', '实习生招不招', '面试要带什么', '工资一般多少', '兼职还要人吗', '招聘要求是什么', '简历发到哪里', '校招什么时候开始']

describe('intents and their training', { timeout: 20 * patience }, () => {
  let program, browser, api, page
  const serving = async () => (await api.get('/bot/training')).models.find((m) => m.serves)
  /** A model that knows all that was said so far; the better one may still be at work. */
  const learned = () => until(async () => {
    const m = await serving()
    return m?.fresh ? m : false
  }, 'a model of the newest examples serving', 3 * patience)

  before(async () => {
    program = await Program.start()
    browser = await launch()
    api = await Agent.logIn(program.base)
    page = (await person(browser, program.base, { reducedMotion: 'reduce' })).page
    await new Desk(page).logInAs('demo@yingda.dev', '/desk/inbox/mine')
    await page.waitForURL(/desk\/inbox/)
    await page.goto('/desk/bot/intents')
  })
  after(async () => {
    await browser?.close()
    await program?.stop()
  })

  it('teaches a new intent by pasting examples, and recognises what it has never seen', async () => {
    await page.getByRole('link', { name: '新建意图' }).first().click()
    await page.getByLabel('名称').fill('招聘咨询')
    const box = page.getByLabel('添加一句，或粘贴多行')
    await box.evaluate((node, text) => {
      const data = new DataTransfer()
      data.setData('text', text)
      node.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    }, ways.map((w, i) => `${i + 1}、${w}`).join('\n'))
    await page.getByLabel('例句 12').waitFor()
    await page.getByRole('button', { name: '添加动作' }).click()
    await page.getByRole('menuitem', { name: '发消息' }).click()
    await page.getByLabel('消息内容').fill('感谢关注，职位和投递方式在官网“加入我们”页。')
    await page.getByRole('button', { name: '保存' }).click()
    await page.waitForURL(/\/bot\/intents\/int_/)
    await page.getByTestId('training-job').waitFor()
    await picture(page, 'training-progress')
    await learned()
    const lookIt = page.getByTestId('try')
    await lookIt.getByLabel('要试的话').fill('请问现在还招聘仓库的人吗')
    await lookIt.getByRole('button', { name: '试试' }).click()
    await lookIt.locator('[data-guess]').first().waitFor()
    const first = await lookIt.locator('[data-guess]').first().textContent()
    assert.match(first, /招聘咨询/)
    await page.mouse.move(0, 0)
    await assertAccessible(page, 'an intent')
    await picture(page, 'training-intent')
  })

  it('tells of a second person who has changed it meanwhile, and refuses actions that cannot be', async () => {
    const id = new URL(page.url()).pathname.split('/').at(-1)
    await page.getByLabel('名称').fill('找工作')
    const theirs = await api.get(`/bot/intents/${id}`)
    await api.put(`/bot/intents/${id}`, { name: theirs.name, title: '招聘', enabled: true, texts: theirs.texts, actions: theirs.actions, version: theirs.version })
    await page.getByTestId('conflict').waitFor()
    await page.getByTestId('conflict').getByRole('button').first().click()
    await until(async () => (await page.getByLabel('名称').inputValue()) === '招聘', 'the form showing what the other one saved')
    await page.getByRole('switch', { name: '以 JSON 编辑' }).click()
    const json = page.getByRole('textbox', { name: '以 JSON 编辑' })
    await json.fill('{')
    await page.getByText('这不是动作列表').waitFor()
    await json.fill('[{"type":"rocket"}]')
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByRole('alert').filter({ hasText: 'rocket' }).first().waitFor()
    await page.getByRole('button', { name: '放弃更改' }).click()
  })

  it('imports a sheet after a look at what is wrong with it', async () => {
    await page.goto('/desk/bot/intents/import')
    await page.getByLabel('表格内容').fill('意图\t例句\n企业团建\t能接待团建吗\n企业团建\t公司活动场地能借吗\n招聘\t你们还招人吗\n只有一列\n')
    await page.getByRole('button', { name: '预览' }).click()
    const looked = page.getByTestId('looked')
    await looked.getByText('第 5 行').waitFor()
    await assertAccessible(page, 'an import')
    await picture(page, 'training-import')
    await page.getByRole('button', { name: /跳过有问题的行，导入 2 句/ }).click()
    await page.getByTestId('imported').waitFor()
    const { items } = await api.get('/bot/intents')
    assert.equal(items.find((i) => i.title === '企业团建').examples, 2)
  })

  it('shows what a model is worth beside the one before, and goes back to it', async () => {
    await learned()
    await page.goto('/desk/bot/intents/training')
    await page.getByTestId('figures').waitFor()
    await page.getByTestId('history').waitFor()
    const now = await serving()
    const row = page.locator(`[data-version="${now.number - 1}"]`)
    await row.getByRole('button').click()
    await page.getByTestId('ask-confirm').click()
    await until(async () => (await serving()).number === now.number - 1, 'the model before serving')
    await row.getByText('使用中').waitFor()
  })

  it('cancels a training', async () => {
    await page.getByRole('button', { name: '立即训练' }).click()
    const job = page.getByTestId('training-job')
    await job.waitFor()
    await job.getByRole('button', { name: '取消训练' }).click()
    await until(async () => (await api.get('/bot/training')).job === undefined, 'nothing being trained')
    assert.equal((await api.get('/bot/training')).last.reason, 'asked')
  })

  for (const look of looks) {
    it(`is accessible and looks right: ${look.name}`, async () => {
      const { name, ...options } = look
      const one = await person(browser, program.base, { reducedMotion: 'reduce', ...options })
      await new Desk(one.page).logInAs('demo@yingda.dev', '/desk/inbox/mine')
      await one.page.waitForURL(/desk\/inbox/)
      await one.page.goto('/desk/bot/intents')
      await one.page.locator('[data-intent]').first().waitFor()
      await assertAccessible(one.page, `intents ${name}`)
      await picture(one.page, `training-intents-${name}`)
      await one.page.goto('/desk/bot/intents/training')
      await one.page.getByTestId('figures').waitFor()
      await assertAccessible(one.page, `training ${name}`)
      await picture(one.page, `training-figures-${name}`)
      await one.page.goto('/desk/bot/intents/int_greeting')
      await one.page.getByTestId('examples').waitFor()
      await assertAccessible(one.page, `built-in intent ${name}`)
      await picture(one.page, `training-builtin-${name}`)
      await one.context.close()
    })
  }
})
