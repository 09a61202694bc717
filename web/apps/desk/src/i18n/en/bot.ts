import type { bot as chinese } from '../zh-CN/bot.ts'
import { area } from './bot/area.ts'
import { flows } from './bot/flows.ts'
import { intents } from './bot/intents.ts'
import { knowledge } from './bot/knowledge.ts'
import { review } from './bot/review.ts'
import { botService } from './bot/service.ts'

/** Texts of the bot's pages, loaded with the first of them. One file a feature, in bot/. */
export const bot: typeof chinese = {
  bot: area,
  flows,
  intents,
  knowledge,
  review,
  botService,
}
