import type { RouteRecordRaw } from 'vue-router'
import { loadBotTexts } from '../../i18n/index.ts'

/** The bot's area. The desk carries only this line of it; which pages there are comes with them, at the first visit. */
export const botRoute: RouteRecordRaw = {
  path: 'bot',
  name: 'bot',
  component: async () => (await import('./pages.ts')).BotView,
  meta: { place: 'bot' },
  children: [{ path: ':rest(.*)*', component: () => import('../../shell/NotFoundView.vue') }],
}

/** The pages below /bot, once their texts are there. */
export const botPages = async (): Promise<RouteRecordRaw[]> => (await Promise.all([import('./pages.ts'), loadBotTexts()]))[0].pages
