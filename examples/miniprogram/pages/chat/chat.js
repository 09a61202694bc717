const { mediaPart } = require('@yingda/sdk')

/** 发送状态的说明文字。 */
const states = { waiting: '等待网络', sending: '发送中', failed: '发送失败，点按重试', sent: '', read: '已读', received: '' }

/** 把一条消息变成页面要显示的样子。 */
function row(m, endpoint) {
  const part = m.parts[0] || {}
  const url = (part.media && (part.media.thumbnail_url || part.media.url)) || ''
  return {
    key: m.key,
    id: m.id,
    own: m.author.kind === 'visitor',
    name: m.author.name || '客服',
    text: m.recalledAt ? '消息已撤回' : part.text || (part.media ? part.media.name || '[文件]' : '[卡片]'),
    image: !m.recalledAt && part.type === 'image' ? (url.startsWith('/') ? endpoint + url : url) : '',
    recalled: !!m.recalledAt,
    state: m.state,
    hint: states[m.state],
  }
}

Page({
  data: { rows: [], draft: '', typing: '', connection: '', last: '', stars: [1, 2, 3, 4, 5], rating: 0, canRate: false, progress: 0 },

  onLoad() {
    const chat = (this.chat = getApp().chat)
    const endpoint = getApp().endpoint || 'https://desk.example.com'
    this.ends = [
      chat.on('messages', (list) => {
        const rows = list.map((m) => row(m, endpoint))
        this.setData({ rows, last: rows.length ? 'm-' + rows.length : '' })
        chat.markRead()
      }),
      chat.on('typing', ({ on, by }) => this.setData({ typing: on ? (by.name || '客服') + ' 正在输入…' : '' })),
      chat.on('state', ({ state, error }) => {
        const words = { connecting: '正在连接…', offline: '网络不可用，消息会在恢复后发送', refused: (error && error.message) || '暂时无法使用客服' }
        this.setData({ connection: words[state] || '' })
      }),
      chat.on('conversation', (c) => {
        this.setData({ rating: (c && c.rating && c.rating.score) || 0, canRate: !!c && c.status === 'resolved' })
      }),
    ]
    chat.setPage({ url: 'https://miniprogram.example.com/chat', title: '在线客服' })
    chat.start()
  },

  onUnload() {
    for (const end of this.ends) end()
    this.chat.stop()
  },

  onInput(e) {
    this.setData({ draft: e.detail.value })
    this.chat.typing(true, e.detail.value)
  },

  onSend() {
    const text = this.data.draft.trim()
    if (!text) return
    this.chat.send(text)
    this.setData({ draft: '' })
  },

  onPicture() {
    wx.chooseMedia({
      count: 1,
      mediaType: ['image'],
      success: async ({ tempFiles }) => {
        const file = tempFiles[0]
        try {
          const uploaded = await this.chat.upload(
            { path: file.tempFilePath, size: file.size, name: 'photo.jpg', type: 'image/jpeg' },
            { onProgress: ({ loaded, total }) => this.setData({ progress: total ? Math.round((loaded / total) * 100) : 0 }) },
          )
          this.chat.send([mediaPart(uploaded)])
        } catch (problem) {
          wx.showToast({ title: problem.message, icon: 'none' })
        }
        this.setData({ progress: 0 })
      },
    })
  },

  onTapMessage(e) {
    const { key, id, state, own } = e.currentTarget.dataset
    if (state === 'failed') this.chat.resend(key)
    else if (own && this.chat.canRecall(id)) {
      wx.showActionSheet({
        itemList: ['撤回'],
        success: () => this.chat.recall(id).catch((problem) => wx.showToast({ title: problem.message, icon: 'none' })),
      })
    }
  },

  onMore() {
    if (this.chat.hasOlder) this.chat.loadOlder().catch(() => {})
  },

  onRate(e) {
    this.chat.rate(Number(e.currentTarget.dataset.score)).catch((problem) => wx.showToast({ title: problem.message, icon: 'none' }))
  },
})
