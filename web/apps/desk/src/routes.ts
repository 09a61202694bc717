import { Problem } from '@yingda/shared/api'
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'
import { views } from './features/conversations/model.ts'
import { resume } from './features/session/api.ts'
import { session } from './features/session/model.ts'

export const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('./features/session/LoginView.vue'), meta: { open: true } },
  { path: '/devtest', name: 'devtest', component: () => import('./features/devtest/DevtestView.vue'), meta: { open: true } },
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
      { path: ':rest(.*)*', name: 'not-found', component: () => import('./shell/NotFoundView.vue') },
    ],
  },
]

export function createDeskRouter(): Router {
  const router = createRouter({ history: createWebHistory('/desk/'), routes })
  router.beforeEach(async (to) => {
    if (to.meta.open || session.value) return true
    try {
      await resume()
      return true
    } catch (error) {
      // Without an answer the log-in page is still the right place: it says what is wrong and tries again.
      const ended = error instanceof Problem && error.kind !== 'unauthenticated' ? { problem: error.kind } : {}
      return { name: 'login', query: { ...(to.fullPath === '/' ? {} : { to: to.fullPath }), ...ended } }
    }
  })
  return router
}
