export const session = {
  session: {
    title: '登录工作台',
    lead: '回答每一位客户，不漏一条消息。',
    email: '邮箱',
    password: '密码',
    show: '显示密码',
    hide: '隐藏密码',
    submit: '登录',
    demo: '这是演示公司',
    demoHint: '账号和密码已填好，直接登录即可。',
    wrong: '邮箱或密码不对。请检查后再试。',
    ended: '登录已过期，请重新登录。',
    logOut: '退出登录',
    stillIn: '没有退出，你仍处于登录状态',
  },
}
