import { QueryClient } from '@tanstack/vue-query'
import { Client, Problem, type Session } from '@yingda/shared/api'

type Listener = () => void
const endings = new Set<Listener>()
const changes = new Set<Listener>()
let who = ''

/** The one client of the agents' door. */
export const server: Client = new Client({
  onUnauthenticated: () => endings.forEach((tell) => tell()),
  renewCSRF: async () => {
    const now = await server.get<Session>('/session')
    if (who === '' || now.agent.id === who) return now.csrf_token
    // Somebody else logged in at this browser: nothing of this page is done in their name.
    changes.forEach((tell) => tell())
    return undefined
  },
})

/** Remembers whose page this is; empty after log-out. */
export function belongsTo(agent: string): void {
  who = agent
}

/** Tells when the server says that the session is over. */
export function onSessionEnd(listener: Listener): () => void {
  endings.add(listener)
  return () => endings.delete(listener)
}

/** Tells when another person has logged in at this browser. */
export function onSomebodyElse(listener: Listener): () => void {
  changes.add(listener)
  return () => changes.delete(listener)
}

/** The one cache of server state. The feed keeps it true, so nothing is refetched by age or by focus. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (count, error) => count < 3 && (!(error instanceof Problem) || error.temporary),
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5000),
      networkMode: 'always',
    },
  },
})
