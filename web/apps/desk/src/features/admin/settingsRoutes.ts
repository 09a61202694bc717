import type { RouteRecordRaw } from 'vue-router'
import * as pages from './pages.ts'

/** Paths are below /settings. */
export const settingsRoutes: RouteRecordRaw[] = [
  { path: '', component: pages.SettingsHome },
  { path: 'account', component: pages.AccountView },
  { path: 'security', component: pages.SecurityView },
  { path: 'company', component: pages.CompanyView },
  { path: 'people', component: pages.PeopleView },
  { path: 'teams', component: pages.TeamsView },
  { path: 'skills', component: pages.SkillsView },
  { path: 'hours', component: pages.HoursView },
  { path: 'queue', component: pages.RulesView },
  { path: 'alerts', component: pages.AlertsView },
  { path: 'roles', component: pages.RolesView },
  { path: 'roles/:id', component: pages.RoleView },
  { path: 'inboxes', component: pages.InboxesView },
  { path: 'inboxes/:id/:tab(install|design|access|general)?', component: pages.InboxView },
  { path: 'canned', component: pages.CannedView },
  { path: 'labels', component: pages.LabelsView },
  { path: 'tokens', component: pages.TokensView },
  { path: 'audit', component: pages.AuditView },
  { path: 'status', component: pages.StatusView },
  { path: 'letters', component: pages.LettersView },
  { path: 'rotation', component: pages.RotationView },
]
