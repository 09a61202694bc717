import { QueryClient } from '@tanstack/vue-query'
import { Client, Problem } from '@yingda/shared/api'

type Listener = () => void
const listeners = new Set<Listener>()

/** The one client of the agents' door. */
export const server = new Client({ onUnauthenticated: () => listeners.forEach((tell) => tell()) })

/** Tells when the server says that the session is over. */
export function onSessionEnd(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
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
