import type { Presence, Staffing, Status, Waiting } from '../shapes.ts'
import { statuses } from '../shapes.ts'

export interface AgentFigure {
  id: string
  status: Status
  reason: string
  since: string
  load: number
  capacity: number
}

export interface TeamFigure {
  /** Empty for what is no team's. */
  id: string
  waiting: number
  /** Seconds. */
  longest: number
}

/** Those who sit before the chat; who left a message or wants a call knows that it takes a while. */
export const hurried = (w: Waiting): boolean => w.choice !== 'message' && w.choice !== 'callback'

/** Waiting for longer than an agent of the team has for the first answer, or escalated: somebody should look. */
export function atRisk(w: Waiting, staffing: Pick<Staffing, 'rules' | 'teams'> | undefined, now: number): boolean {
  if (!hurried(w)) return false
  const within = staffing?.teams[w.team_id ?? '']?.answer_within_s || staffing?.rules.answer_within_s || 120
  return w.escalated === true || (within > 0 && seconds(w, now) > within)
}

const seconds = (w: Waiting, now: number): number => Math.max(0, (now - Date.parse(w.waiting_since)) / 1000)
export const longest = (waiting: readonly Waiting[], now: number): number => Math.max(0, ...waiting.map((w) => seconds(w, now)))

/** Everybody who can take something, those who are there first, and of those the fullest. */
export function agentFigures(agents: readonly { id: string; disabled?: boolean }[], presence: readonly Presence[], staffing: Staffing | undefined): AgentFigure[] {
  return agents
    .filter((a) => !a.disabled)
    .map((a) => {
      const p = presence.find((x) => x.agent_id === a.id)
      return { id: a.id, status: p?.status ?? 'offline', reason: p?.reason ?? '', since: p?.since ?? '', load: p?.load ?? 0, capacity: staffing?.agents[a.id]?.capacity ?? 5 } satisfies AgentFigure
    })
    .sort((a, b) => statuses.indexOf(a.status) - statuses.indexOf(b.status) || b.load - a.load || a.id.localeCompare(b.id))
}

/** Every team, and those who wait for anybody when there are any. */
export function teamFigures(teams: readonly { id: string }[], waiting: readonly Waiting[], now: number): TeamFigure[] {
  const figure = (id: string): TeamFigure => {
    const of = waiting.filter((w) => (w.team_id ?? '') === id)
    return { id, waiting: of.length, longest: longest(of, now) }
  }
  const all = teams.map((g) => figure(g.id))
  const nobodys = figure('')
  return (nobodys.waiting > 0 || all.length === 0 ? [...all, nobodys] : all).sort((a, b) => b.longest - a.longest)
}
