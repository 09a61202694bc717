/** 机器人服务中：草稿、建议、决定、设置。 */
export const botService = {
  tab: { drafts: '待审核', decisions: '决定', settings: '设置' },
  source: '来源：',
  corrected: '已纠正',
  draft: { title: '机器人草稿，等你确认', text: '草稿内容', sure: '把握 {part}', left: '还剩 {n} 秒', send: '发送', sendEdited: '发送修改后的回答', refuse: '拒绝，转人工', teach: '同时把修改后的回答加入知识库', theirs: '{name} 正在处理' },
  suggest: { title: '建议回复', ignore: '不采用' },
  correct: { save: '加入知识库', cancel: '取消' },
  teach: {
    correct: '纠正机器人的回答', correctLead: '改成正确的回答，机器人下次就这样答。', learn: '把这条回复加入知识库', learnLead: '下次有人问同样的问题，机器人就这样答。', question: '客户的问题', answer: '正确的回答',
    already: '同事已经纠正过这个回答。', source: '打开它依据的知识：{title}', done: '已加入知识库，马上生效',
  },
  thumb: { up: '客户觉得有帮助', down: '客户觉得没帮助' },
  kind: { answer: '自动回答', review: '人工审核', ask_back: '反问', flow: '执行流程', smalltalk: '寒暄', hand_over: '转人工' },
  reason: {
    wish: '客户要求人工', mood: '客户情绪不佳', unknown: '知识之外', repeated: '重复提问', policy: '主题规定由人工处理', flow: '流程要求', no_text: '不是文字', failure: '机器人出错',
    thumb_down: '客户说没帮助', review_expired: '没人及时审核', review_refused: '草稿被拒绝', switched_off: '机器人已关闭', close: '两个答案接近', chosen: '客户自己选的', unsure: '把握不够',
  },
  outcome: { resolved: '机器人解决', handed_over: '已转人工', taken_over: '同事接手' },
  draftState: { waiting: '等待审核', sent: '已发送', refused: '已拒绝', expired: '已超时', overtaken: '已过期' },
  column: { at: '时间', question: '问题', did: '处理', sure: '把握', outcome: '结果' },
  topic: { label: '主题', all: '所有主题', none: '没有主题' },
  adoption: { title: '建议回复采纳率', inserted: '原样采用', edited: '修改后采用', ignored: '未采用', none: '还没有人收到过建议回复。客户等待时，建议会出现在输入框上方。' },
  byTopic: {
    title: '按主题看', lead: '机器人自己的把握，和同事抽查发现的出错率，放在一起比较。', topic: '主题', asked: '问题', answered: '自动回答', sure: '平均把握', wrong: '抽查出错', found: '{part}（{n} 个）', unchecked: '未抽查', person: '人工', check: '抽查“{topic}”',
  },
  drafts: { title: '待审核草稿', lead: '机器人把握不够的回答，先给人看一眼再发。没人处理时会转人工。', none: '没有等待审核的草稿', noneHint: '有新的草稿时会出现在这里，也会出现在会话里。', open: '打开会话' },
  decisions: {
    title: '决定与门槛', lead: '把握多大时自动回答、多大时先给人看。数字来自最近 30 天的真实问题。', none: '还没有机器人的决定', noneHint: '在接入设置里打开“机器人先接待”，有客户提问后这里就有数据。',
    more: '有帮助 {up} · 没帮助 {down} · 机器人解决 {resolved}',
  },
  curve: {
    title: '风险与覆盖', label: '自动回答的比例与其中出错的比例', axes: '横轴：自动回答的比例。纵轴：已知结果的回答里出错的比例。实心圈是滑块的位置，虚线圈是现在的门槛。', across: '自动回答的比例', unknown: '还不知道哪些答对了：等客户评价，或在下面抽查', here: '答 {part}，错 {risk}', person: '这个主题总是由人工回答，门槛不起作用。',
    each: '每个门槛会怎样', column: { threshold: '把握', coverage: '自动回答', count: '问题数', risk: '出错', known: '已知结果' }, answerAt: '把握 ≥ {n}% 自动回答', reviewAt: '把握 ≥ {n}% 先给人看',
    month: '最近 30 天的 {n} 个问题', now: '现在', would: '改后', wrong: '自动回答中出错（已知）', save: '保存门槛', saveTopic: '保存“{topic}”的门槛',
  },
  sample: { title: '抽查自动回答', lead: '看看这些自动回答对不对，出错率会和把握放在一起比较。', none: '没有要抽查的自动回答了。', right: '对', wrong: '不对' },
  log: { title: '决定记录', more: '更早的' },
  settings: {
    title: '机器人设置', lead: '哪些接入由机器人先接待，在各自的接入设置里打开。', enabled: '启用机器人', enabledHint: '关闭后所有会话直接进入人工。', name: '名字', nameHint: '客户看到的名字，会同时标明是智能助手。',
    burst: '等待后续消息（毫秒）', burstHint: '客户分几条发的话会合成一个问题来读。', review: '草稿等待（秒）', reviewHint: '没人处理就转人工。', sources: '显示来源', sourcesHint: '在回答下面告诉客户依据是什么。',
    zone: '时区', zoneHint: '流程里的“今天”和时间按这个时区算。', find: '查找', returns: '解决后再来由机器人接待', returnsHint: '客户在会话解决后又来问时，先由机器人回答。', language: { 'zh-CN': '中文用语', en: '英文用语' },
    text: { greeting: '欢迎语', hand_over: '转人工时', fallback: '答不上来时', salutation: '称呼（放在回答前面）' }, textDefault: '留空使用默认用语',
  },
  rules: {
    title: '按主题的规则', lead: '某个主题由谁回答、转人工后给哪个团队。没有列出的主题按通用门槛回答。主题写在问答和意图里。', answers: '谁来回答', team: '转人工后给', teamHint: '机器人转人工时给这个团队，按主题的规则优先。',
    who: { usual: '机器人，按通用门槛', own: '机器人，用自己的门槛', person: '总是由人工回答' }, anyTeam: '按排队规则分配', usualTeam: '默认：{team}', goneTeam: '已删除的团队',
    answer_at: '自动回答，把握 ≥', review_at: '先给人看，把握 ≥', remove: '移除“{name}”的规则', topic: '主题名称', add: '添加规则',
  },
  health: { title: '运行状况', full: '一切正常', no_network: '负载高：暂停网络模型', plain_search: '负载很高：只做关键词检索', figures: '等待 {waiting} 个会话 · 最慢一次 {slowest} 毫秒' },
}
