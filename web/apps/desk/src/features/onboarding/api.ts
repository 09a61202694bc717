import type { Session } from '@yingda/shared/api'
import { server } from '../../server.ts'
import { accept } from '../session/api.ts'

export interface SetupNeed {
  /** No company exists yet: the first visitor registers one. */
  needed: boolean
  /** The code from the terminal is asked for, because the caller is not at the machine itself. */
  code_needed: boolean
}

export interface Registration {
  company: string
  name: string
  email: string
  password: string
  locale: string
  code?: string
}

export interface InvitationLook {
  company: string
  email?: string
  role_name: string
  locale?: string
}

export function setupNeed(): Promise<SetupNeed> {
  return server.get<SetupNeed>('/setup')
}

export async function register(body: Registration): Promise<Session> {
  return accept(await server.command<Session>('POST', '/setup', body))
}

export function lookAtInvitation(token: string): Promise<InvitationLook> {
  return server.command<InvitationLook>('POST', '/invitations/look', { token })
}

export async function acceptInvitation(body: { token: string; name: string; email: string; password: string; locale: string }): Promise<Session> {
  return accept(await server.command<Session>('POST', '/invitations/accept', body))
}
