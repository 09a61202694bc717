import { Problem } from '@yingda/shared/api'
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'
import { views } from './features/conversations/model.ts'
import { adminRoutes, openAdminRoutes, settingsPages } from './features/admin/routes.ts'
import { botPages, botRoute } from './features/bot/routes.ts'
import { resume } from './features/session/api.ts'
import { isDemo, session } from './features/session/model.ts'
import { server } from './server.ts'

export const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('./features/session/LoginView.vue'), meta: { open: true } },
  { path: '/devtest', name: 'devtest', component: () => import('./features/devtest/DevtestView.vue'), meta: { open: true } },
  ...openAdminRoutes,
  {
    path: '/',
    component: () => import('./shell/ShellView.vue'),
    children: [
      { path: '', redirect: '/inbox/mine' },
      {
        path: `inbox/:view(${views.join('|')})/:id?`,
        name: 'conversations',
        component: () => import('./features/conversations/ConversationsView.vue'),
      },
      ...adminRoutes,
      botRoute,
      { path: ':rest(.*)*', name: 'not-found', component: () => import('./shell/NotFoundView.vue') },
    ],
  },
]

export function createDeskRouter(): Router {
  const router = createRouter({ history: createWebHistory('/desk/'), routes })
  router.beforeEach(async (to) => {
    if (to.meta.open) return true
    try {
      const { must } = session.value ?? (await resume())
      if (!!must === (to.name === 'second-factor')) return true
      return must ? { name: 'second-factor', query: { to: to.fullPath } } : '/'
    } catch (error) {
      if (await isFresh(error)) return { name: 'setup' }
      // Without an answer the log-in page is still the right place: it says what is wrong and tries again.
      const ended = error instanceof Problem && error.kind !== 'unauthenticated' ? { problem: error.kind } : {}
      return { name: 'login', query: { ...(to.fullPath === '/' ? {} : { to: to.fullPath }), ...ended } }
    }
  })
  const lists = new Map([['settings', settingsPages], ['bot', botPages]])
  router.beforeEach(async (to) => {
    for (const [area, list] of lists) {
      if (to.matched.every((r) => r.name !== area)) continue
      const pages = await list()
      if (lists.delete(area)) for (const page of pages) router.addRoute(area, { ...page, meta: { place: area, ...page.meta } } as RouteRecordRaw)
      return to.fullPath
    }
    return true
  })
  return router
}

/** Whether nobody is logged in because there is no company yet: then the first visit registers one. */
async function isFresh(error: unknown): Promise<boolean> {
  if (isDemo() || !(error instanceof Problem) || error.kind !== 'unauthenticated') return false
  try {
    return (await server.get<{ needed: boolean }>('/setup')).needed
  } catch {
    return false
  }
}
