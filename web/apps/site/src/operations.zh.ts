/**
 * What each operation and group of the API is called in Chinese; English comes with the description itself. A test holds
 * the list complete.
 */
export const operations: Record<string, string> = {
  logIn: '登录',
  getSession: '当前登录的是谁',
  logOut: '退出登录',
  listConversations: '会话列表',
  getConversation: '打开会话',
  listMessages: '读取消息',
  reply: '回复顾客',
  addNote: '给同事留备注',
  assign: '分配给客服、团队、两者或取消分配',
  claim: '领取未分配的会话',
  resolve: '解决',
  reopen: '重新打开',
  snooze: '推迟到以后',
  markRead: '标记已读',
  typing: '告知正在输入',
  search: '搜索消息',
  fetchFeed: '此后发生了什么',
  listAgents: '同事',
  listTeams: '团队',
  listInboxes: '接入',
  listTokens: 'API 令牌',
  createToken: '新建 API 令牌；密钥只显示一次，重复的幂等键会冲突',
  revokeToken: '吊销 API 令牌',
  listDeadLetters: '没能处理的事件',
  replayDeadLetter: '重新处理',
  rotateKeys: '更换数据密钥并重新加密全部内容；进行中重复调用不会再开始一次',
  getRotation: '密钥更换的进度',
};

export const groups: Record<string, string> = {
  agents: '同事',
  conversations: '会话',
  'dead-letters': '死信',
  feed: '事件流',
  inboxes: '接入',
  keys: '密钥',
  search: '搜索',
  session: '登录会话',
  teams: '团队',
  tokens: 'API 令牌',
};
