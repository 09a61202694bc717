import type { RouteRecordRaw } from 'vue-router'
import { loadAdminTexts } from '../../i18n/index.ts'
import type * as pages from './pages.ts'

/**
 * A page of the administration. All of them are one chunk, with their texts and icons: loaded when somebody goes to the
 * first, and then moving between them waits for nothing. Many small chunks would cost the first screen their list.
 */
function late(name: Exclude<keyof typeof pages, 'settingsRoutes'>) {
  return async () => {
    const [all] = await Promise.all([import('./pages.ts'), loadAdminTexts()])
    return all[name]
  }
}

/** Pages before the desk: registering the company, following an invitation, setting up the second factor that the company requires. */
export const openAdminRoutes: RouteRecordRaw[] = [
  // Not open: one is logged in, and may do nothing else yet.
  { path: '/second-factor', name: 'second-factor', component: late('SecondFactorView') },
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
    name: 'settings',
    component: late('SettingsView'),
    meta: settings,
    // Which pages there are comes with them, in settingsPages: the desk's first screen does not carry the list.
    children: [{ path: ':rest(.*)*', component: () => import('../../shell/NotFoundView.vue') }],
  },
]

/** The pages below /settings. */
export const settingsPages = async (): Promise<RouteRecordRaw[]> => (await Promise.all([import('./pages.ts'), loadAdminTexts()]))[0].settingsRoutes
