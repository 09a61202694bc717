import type { RouteRecordRaw } from 'vue-router'
import { loadAdminTexts } from '../../i18n/index.ts'
import type * as pages from './pages.ts'

/**
 * A page of the administration. All of them are one chunk, with their texts and icons: loaded when somebody goes to the
 * first, and then moving between them waits for nothing. Many small chunks would cost the first screen their list.
 */
function late(name: keyof typeof pages) {
  return async () => {
    const [all] = await Promise.all([import('./pages.ts'), loadAdminTexts()])
    return all[name]
  }
}

/** Pages before log-in: registering the company, and following an invitation. */
export const openAdminRoutes: RouteRecordRaw[] = [
  { path: '/setup', name: 'setup', component: late('SetupView'), meta: { open: true } },
  { path: '/invite', name: 'invite', component: late('InviteView'), meta: { open: true } },
]

const settings = { place: 'settings' }

/** Pages inside the desk's frame. */
export const adminRoutes: RouteRecordRaw[] = [
  { path: 'start', name: 'start', component: late('GuideView'), meta: settings },
  { path: 'queue', name: 'queue', component: late('QueueView'), meta: { place: 'queue' } },
  { path: 'wall', name: 'wall', component: late('WallView'), meta: { place: 'wall' } },
  {
    path: 'settings',
    component: late('SettingsView'),
    meta: settings,
    children: [
      { path: '', name: 'settings', component: late('SettingsHome'), meta: settings },
      { path: 'account', component: late('AccountView'), meta: settings },
      { path: 'security', component: late('SecurityView'), meta: settings },
      { path: 'people', component: late('PeopleView'), meta: settings },
      { path: 'teams', component: late('TeamsView'), meta: settings },
      { path: 'skills', component: late('SkillsView'), meta: settings },
      { path: 'hours', component: late('HoursView'), meta: settings },
      { path: 'queue', component: late('RulesView'), meta: settings },
      { path: 'roles', component: late('RolesView'), meta: settings },
      { path: 'roles/:id', component: late('RoleView'), meta: settings },
      { path: 'inboxes', component: late('InboxesView'), meta: settings },
      { path: 'inboxes/:id/:tab(install|design|access|general)?', component: late('InboxView'), meta: settings },
      { path: 'canned', component: late('CannedView'), meta: settings },
      { path: 'labels', component: late('LabelsView'), meta: settings },
      { path: 'tokens', component: late('TokensView'), meta: settings },
      { path: 'audit', component: late('AuditView'), meta: settings },
      { path: 'letters', component: late('LettersView'), meta: settings },
      { path: 'rotation', component: late('RotationView'), meta: settings },
    ],
  },
]
