import { Problem, type Session } from '@yingda/shared/api'
import { belongsTo, queries, server } from '../../server.ts'
import { session } from './model.ts'

/** Takes the answer of a log-in, however it came about: from here on this person works. */
export function accept(answer: Session): Session {
  server.setCSRF(answer.csrf_token)
  belongsTo(answer.agent.id)
  session.value = answer
  return answer
}

/** Asks the server who is signed in. Rejects with an unauthenticated Problem when nobody is. */
export async function resume(): Promise<Session> {
  return accept(await server.get<Session>('/session'))
}

export async function logIn(email: string, password: string, code = ''): Promise<Session> {
  return accept(await server.command<Session>('POST', '/session', { email, password, ...(code ? { code } : {}) }))
}

/** Ends the session at the server. Rejects when that did not work: then the person is still logged in. */
export async function logOut(): Promise<void> {
  try {
    await server.command('DELETE', '/session')
  } catch (error) {
    if (!(error instanceof Problem && error.kind === 'unauthenticated')) throw error
  }
}

/** Drops everything that belongs to the person who was signed in. */
export function forget(): void {
  session.value = null
  server.setCSRF('')
  belongsTo('')
  queries.clear()
}
