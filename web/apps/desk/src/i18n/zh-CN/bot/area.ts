/** 机器人区的外框。 */
export const area = {
  tabs: '机器人',
  tab: { knowledge: '知识库', intents: '意图', review: '复核', flows: '流程' },
  denied: '你不能进入这里',
  deniedHint: '这个页面需要另外的权限。需要时请联系管理员。',
}
