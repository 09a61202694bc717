/** Every page of the bot's area, as one chunk. Each feature adds its routes here, and its tab in tabs.ts. */
import type { RouteRecordRaw } from 'vue-router'
// What both share stays in one chunk this way, and out of the desk's first screen.
import '../admin/pages.ts'
import FlowsView from './flows/FlowsView.vue'
import FlowView from './flows/FlowView.vue'
import SecretsView from './flows/SecretsView.vue'
import IntentImportView from './intents/ImportView.vue'
import IntentView from './intents/IntentView.vue'
import IntentsView from './intents/IntentsView.vue'
import IntentTrainingView from './intents/TrainingView.vue'
import EntryView from './knowledge/EntryView.vue'
import ImportView from './knowledge/ImportView.vue'
import KnowledgeView from './knowledge/KnowledgeView.vue'
import SynonymsView from './knowledge/SynonymsView.vue'
import TrainingView from './knowledge/TrainingView.vue'
import ReviewView from './review/ReviewView.vue'
import DecisionsView from './service/DecisionsView.vue'
import DraftsView from './service/DraftsView.vue'
import SettingsView from './service/SettingsView.vue'

export { default as BotView } from './BotView.vue'

/** Paths are below /bot; meta.tab is the id of the tab they belong to. */
export const pages: RouteRecordRaw[] = [
  { path: 'drafts', component: DraftsView, meta: { tab: 'drafts' } },
  { path: 'decisions', component: DecisionsView, meta: { tab: 'decisions' } },
  { path: 'settings', component: SettingsView, meta: { tab: 'settings' } },
  { path: 'knowledge', component: KnowledgeView, meta: { tab: 'knowledge' } },
  { path: 'knowledge/synonyms', component: SynonymsView, meta: { tab: 'knowledge' } },
  { path: 'knowledge/import', component: ImportView, meta: { tab: 'knowledge' } },
  { path: 'knowledge/training', component: TrainingView, meta: { tab: 'knowledge' } },
  { path: 'knowledge/new/:kind(faq|article)', component: EntryView, meta: { tab: 'knowledge' } },
  { path: 'knowledge/:id', component: EntryView, meta: { tab: 'knowledge' } },
  { path: 'flows', component: FlowsView, meta: { tab: 'flows' } },
  { path: 'flows/secrets', component: SecretsView, meta: { tab: 'flows' } },
  { path: 'flows/:id', component: FlowView, meta: { tab: 'flows' } },
  { path: 'review', component: ReviewView, meta: { tab: 'review' } },
  { path: 'intents', component: IntentsView, meta: { tab: 'intents' } },
  { path: 'intents/import', component: IntentImportView, meta: { tab: 'intents' } },
  { path: 'intents/training', component: IntentTrainingView, meta: { tab: 'intents' } },
  { path: 'intents/:id', component: IntentView, meta: { tab: 'intents' } },
]
