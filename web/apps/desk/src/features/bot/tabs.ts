/** A tab of the bot's area. */
export interface BotTab {
  /** What meta.tab of its routes says. */
  id: string
  path: string
  icon: string
  /** One of these is needed to see it. */
  permissions: string[]
  /** The key of its name on screen. */
  label: string
}

/** The tabs in their order; each feature adds its line. */
export const tabs: BotTab[] = [
  { id: 'knowledge', path: '/bot/knowledge', icon: 'i-lucide-book-open', permissions: ['knowledge.read'], label: 'bot.tab.knowledge' },
  { id: 'intents', path: '/bot/intents', icon: 'i-lucide-message-circle-question', permissions: ['knowledge.read'], label: 'bot.tab.intents' },
  { id: 'flows', path: '/bot/flows', icon: 'i-lucide-workflow', permissions: ['bot.manage'], label: 'bot.tab.flows' },
  { id: 'review', path: '/bot/review', icon: 'i-lucide-inbox', permissions: ['knowledge.manage'], label: 'bot.tab.review' },
  { id: 'drafts', path: '/bot/drafts', icon: 'i-lucide-file-check', permissions: ['bot.assist'], label: 'botService.tab.drafts' },
  { id: 'decisions', path: '/bot/decisions', icon: 'i-lucide-scale', permissions: ['bot.manage'], label: 'botService.tab.decisions' },
  { id: 'settings', path: '/bot/settings', icon: 'i-lucide-settings-2', permissions: ['bot.manage'], label: 'botService.tab.settings' },
]

/** What somebody with these permissions sees. */
export const visibleTabs = (permissions: readonly string[]): BotTab[] => tabs.filter((t) => t.permissions.some((p) => permissions.includes(p)))
