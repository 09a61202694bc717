import type { Status } from '@yingda/shared/api'
import { plainMarkdown } from '@yingda/shared/markdown'
import type { Trace } from '../thread/trace.ts'
import type { Conversation, Message, Part } from './shapes.ts'

/** What the customer wrote before a message, since they were last answered: the question that it answers. */
export function askedBefore(messages: readonly Message[], answer: Message): string {
  const said: string[] = []
  for (const m of messages.filter((o) => o.seq < answer.seq && o.visibility === 'public').reverse()) {
    if (m.author.kind !== 'visitor' && said.length > 0) break
    if (m.author.kind === 'visitor') said.unshift(plainText(m.parts))
  }
  return said.filter(Boolean).join(' ').slice(0, 500)
}

/** The lists of the desk, in the order of the rail. */
export const views = ['mine', 'mentioned', 'unassigned', 'open', 'pending', 'snoozed', 'resolved', 'all'] as const
export type View = (typeof views)[number]

export const viewIcons: Record<View, string> = {
  mine: 'i-lucide-user-round',
  mentioned: 'i-lucide-at-sign',
  unassigned: 'i-lucide-inbox',
  open: 'i-lucide-messages-square',
  pending: 'i-lucide-bot',
  snoozed: 'i-lucide-alarm-clock',
  resolved: 'i-lucide-circle-check',
  all: 'i-lucide-layers',
}

export function asView(value: unknown): View {
  return views.find((v) => v === value) ?? 'mine'
}

/** The words of a message, one part a line. */
export function plainText(parts: Part[]): string {
  return parts
    .flatMap((p) => [p.text && plainMarkdown(p.text), p.media?.name, p.location?.name, p.card?.title, ...(p.buttons ?? []).map((b) => b.label), p.form?.title])
    .filter((line): line is string => Boolean(line?.trim()))
    .join('\n')
}

/** The start of a message for a list, 120 characters as the server cuts it. */
export function previewOf(message: Message): string {
  return Array.from(plainText(message.parts).replace(/\s+/g, ' ').trim()).slice(0, 120).join('')
}

export interface Activity {
  /** Tells it apart from others, and puts those of one moment in order. */
  seq: number
  event: Trace
}

/**
 * What the conversation itself remembers, joined with what the feed told since the desk was opened: when it began, and
 * when it was resolved if nobody saw that happen.
 */
export function withMemory(activities: Activity[], c: Conversation): Activity[] {
  const all: Activity[] = [{ seq: 0, event: { type: 'opened', at: c.created_at, details: {} } }, ...activities]
  const seen = activities.some((a) => a.event.type === 'resolved' && Math.abs(Date.parse(a.event.at) - Date.parse(c.resolved_at ?? '')) < 5000)
  if (c.status === 'resolved' && c.resolved_at && !seen) {
    all.push({ seq: 1, event: { type: 'resolved', at: c.resolved_at, details: {} } })
  }
  return all
}

/** A message of ours that the server has not confirmed yet. */
export interface OutboxItem {
  /** Idempotency key and client_id; stays the same across retries. */
  key: string
  conversation: string
  mode: 'reply' | 'note'
  text: string
  /** Files that are uploaded already, sent after the text. */
  files?: Part[]
  reply_to?: string
  /** Ids of the colleagues a note calls. */
  mentions?: string[]
  at: string
  state: 'waiting' | 'sending' | 'failed'
  /** A sentence for a person when state is failed. */
  reason?: string
}

/** What is handed to the outbox: a message without the outbox's own fields. */
export type Outgoing = Pick<OutboxItem, 'conversation' | 'mode' | 'text' | 'files' | 'reply_to' | 'mentions'>

/** The parts of a message that is being sent. */
export function partsOf(item: Pick<Outgoing, 'text' | 'files'>): Part[] {
  return [...(item.text.trim() ? [{ type: 'text' as const, text: item.text }] : []), ...(item.files ?? [])]
}

export type Entry =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'message'; key: string; message: Message; head: boolean }
  | { kind: 'activity'; key: string; trace: Trace }
  | { kind: 'outgoing'; key: string; item: OutboxItem }

const groupGap = 5 * 60_000

/** Which of two times is later, to the microsecond: what a machine does fits into one millisecond. */
function compare(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b) || Number(a > b) - Number(a < b)
}

/** Puts messages (ascending), activities and unconfirmed messages in the order in which a person reads them. */
export function timeline(messages: Message[], activities: Activity[], outbox: OutboxItem[]): Entry[] {
  const entries: Entry[] = []
  const first = messages[0]
  // Activities older than the oldest loaded message belong to a page that is not loaded yet.
  const waiting = activities.filter((a) => first !== undefined && (compare(a.event.at, first.at) >= 0 || first.seq === 1)).sort((a, b) => compare(a.event.at, b.event.at) || a.seq - b.seq)
  let day = ''
  let previous: Message | null = null
  const openDay = (at: string): void => {
    const name = new Date(at).toDateString()
    if (name === day) return
    day = name
    previous = null
    entries.push({ kind: 'day', key: `day-${name}`, at })
  }
  const flush = (before: string | null): void => {
    while (waiting[0] && (before === null || compare(waiting[0].event.at, before) <= 0)) {
      const activity = waiting.shift()!
      openDay(activity.event.at)
      entries.push({ kind: 'activity', key: `activity-${activity.seq}`, trace: activity.event })
      previous = null
    }
  }
  for (const message of messages) {
    flush(message.at)
    openDay(message.at)
    entries.push({ kind: 'message', key: keyOf(message), message, head: !continues(previous, message) })
    previous = message
  }
  flush(null)
  const confirmed = new Set(messages.filter((m) => m.author.kind === 'agent').map((m) => m.client_id))
  for (const item of outbox) {
    if (confirmed.has(item.key)) continue
    openDay(item.at)
    entries.push({ kind: 'outgoing', key: `own-${item.key}`, item })
  }
  return entries
}

/** An own message keeps its row when it is confirmed. Others' client ids are theirs to choose and no key of ours. */
function keyOf(message: Message): string {
  return message.author.kind === 'agent' && message.client_id ? `own-${message.client_id}` : message.id
}

function continues(previous: Message | null, message: Message): boolean {
  return (
    previous !== null &&
    previous.author.kind === message.author.kind &&
    previous.author.id === message.author.id &&
    previous.visibility === message.visibility &&
    Date.parse(message.at) - Date.parse(previous.at) < groupGap
  )
}

/** The newest of our public messages, and how far it got: only it carries a receipt. */
export function receipt(messages: Message[], contactReadSeq: number): { id: string; state: 'read' | 'delivered' | 'sent' | 'queued' } | null {
  const own = messages.findLast((m) => m.visibility === 'public' && m.author.kind !== 'visitor' && m.status !== 'failed')
  if (!own) return null
  if (own.status === 'read' || own.seq <= contactReadSeq) return { id: own.id, state: 'read' }
  if (own.status === 'delivered') return { id: own.id, state: 'delivered' }
  if (own.status === 'queued' || own.status === 'sending') return { id: own.id, state: 'queued' }
  return { id: own.id, state: 'sent' }
}

export type SnoozeChoice = 'hour' | 'evening' | 'tomorrow' | 'monday' | 'week'

/** Times to put a conversation off to: in an hour, this evening, tomorrow, next Monday, in a week; only sensible ones. */
export function snoozeChoices(now: Date): { name: SnoozeChoice; at: Date }[] {
  const at = (days: number, hour: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour)
  const untilMonday = (8 - now.getDay()) % 7 || 7
  const choices: { name: SnoozeChoice; at: Date }[] = [{ name: 'hour', at: new Date(now.getTime() + 3_600_000) }]
  if (now.getHours() < 17) choices.push({ name: 'evening', at: at(0, 18) })
  choices.push({ name: 'tomorrow', at: at(1, 9) })
  if (untilMonday > 1) choices.push({ name: 'monday', at: at(untilMonday, 9) })
  choices.push({ name: 'week', at: at(7, 9) })
  return choices
}

export interface Difference {
  field: 'status' | 'assignee' | 'team'
  status?: Status
  assignee?: string
  team?: string
}

/** What somebody else changed between two looks at a conversation. */
export function differences(before: Conversation, after: Conversation): Difference[] {
  const found: Difference[] = []
  if (before.status !== after.status) found.push({ field: 'status', status: after.status })
  if ((before.assignee_id ?? '') !== (after.assignee_id ?? '')) found.push({ field: 'assignee', assignee: after.assignee_id ?? '' })
  if ((before.team_id ?? '') !== (after.team_id ?? '')) found.push({ field: 'team', team: after.team_id ?? '' })
  return found
}
