/** Every page of the bot's area, as one chunk. Each feature adds its routes here, and its tab in tabs.ts. */
import type { RouteRecordRaw } from 'vue-router'
// What both share stays in one chunk this way, and out of the desk's first screen.
import '../admin/pages.ts'

export { default as BotView } from './BotView.vue'

/** Paths are below /bot; meta.tab is the id of the tab they belong to. */
export const pages: RouteRecordRaw[] = [
]
