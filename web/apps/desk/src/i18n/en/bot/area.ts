import type { area as reference } from '../../zh-CN/bot/area.ts'

export const area: typeof reference = {
  tabs: 'Bot',
  tab: { knowledge: 'Knowledge', intents: 'Intents', review: 'Review', flows: 'Flows' },
  denied: 'You cannot enter here',
  deniedHint: 'This page needs another permission. Ask an administrator if you need it.',
}
