const { Chat, wxHost } = require('@yingda/sdk')

App({
  onLaunch() {
    // 一个小程序只需要一个会话，页面之间共用。
    this.chat = new Chat({
      endpoint: 'https://desk.example.com', // 换成你的应答地址，并加入小程序后台的合法域名
      channelKey: 'chk_demo', // 换成你的渠道密钥
      locale: 'zh-CN',
      host: wxHost(wx),
    })
  },
})
