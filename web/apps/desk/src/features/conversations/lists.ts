/** Which conversations a list holds, and in which order: the view of the rail, narrowed by filters. */
import type { Conversation } from './shapes.ts'
import { asView, type View } from './model.ts'

export const orders = ['newest', 'waiting'] as const
export type Order = (typeof orders)[number]

export interface ListQuery {
  view: View
  team: string
  inbox: string
  label: string
  assignee: string
  unread: boolean
  order: Order
}

export const filterNames = ['team', 'inbox', 'label', 'assignee'] as const
export type FilterName = (typeof filterNames)[number]

/** Whether customers wait in a view, so that it can be ordered by that. */
export function waits(view: View): boolean {
  return view !== 'resolved' && view !== 'all'
}

type Address = Record<string, unknown>

/** Reads a list from the address: its view from the path, the rest from the query. */
export function readList(view: unknown, query: Address): ListQuery {
  const id = (value: unknown): string => (typeof value === 'string' && /^[a-z0-9_]{1,40}$/.test(value) ? value : '')
  const name = asView(view)
  return {
    view: name,
    team: id(query.team),
    inbox: id(query.inbox),
    label: id(query.label),
    // These views say already who has it.
    assignee: name === 'mine' || name === 'unassigned' ? '' : id(query.assignee),
    unread: query.unread === '1',
    order: query.order === 'waiting' && waits(name) ? 'waiting' : 'newest',
  }
}

/** The query of the address that readList reads back. */
export function writeList(list: ListQuery): Record<string, string> {
  const query: Record<string, string> = {}
  for (const name of filterNames) if (list[name]) query[name] = list[name]
  if (list.unread) query.unread = '1'
  if (list.order !== 'newest') query.order = list.order
  return query
}

export function filtersOn(list: ListQuery): number {
  return filterNames.filter((name) => list[name]).length + (list.unread ? 1 : 0)
}

/** Whether a conversation stands in a view. It says the same as the server's filter of that name. */
export function belongs(view: View, c: Conversation, agent: string): boolean {
  switch (view) {
    case 'mine':
      return c.assignee_id === agent && c.status === 'open'
    case 'unassigned':
      return !c.assignee_id && c.status === 'open'
    case 'all':
      return true
    case 'mentioned':
      return false // only the server knows; what is there stays until it is read again
    default:
      return c.status === view
  }
}

/**
 * Whether a conversation stands in a list now. present is whether it stood there before: a row does not vanish from
 * the unread ones under the reader's eyes.
 */
export function stands(list: ListQuery, c: Conversation, agent: string, present: boolean): boolean {
  if (list.view === 'mentioned') return present
  return (
    belongs(list.view, c, agent) &&
    (!list.team || c.team_id === list.team) &&
    (!list.inbox || c.inbox_id === list.inbox) &&
    (!list.label || (c.label_ids ?? []).includes(list.label)) &&
    (!list.assignee || c.assignee_id === list.assignee) &&
    (!list.unread || c.unread > 0 || present) &&
    (list.order !== 'waiting' || Boolean(c.waiting_since))
  )
}

/** Times of rows are read often, while lists are put in order, and seldom change. Bounded; begins anew when full. */
const moments = new Map<string, number>()

function moment(iso: string): number {
  let at = moments.get(iso)
  if (at === undefined) {
    at = Date.parse(iso)
    if (moments.size > 20_000) moments.clear()
    moments.set(iso, at)
  }
  return at
}

/** Whether a is further up than b, as the server pages: newest message first, or longest waiting first; then the id. */
export function isAbove(a: Conversation, b: Conversation, order: Order = 'newest'): boolean {
  if (order === 'waiting') {
    const at = moment(a.waiting_since ?? '') - moment(b.waiting_since ?? '')
    if (at !== 0 && !Number.isNaN(at)) return at < 0
    return a.id < b.id
  }
  const at = moment(a.last_message_at ?? a.created_at) - moment(b.last_message_at ?? b.created_at)
  return at === 0 ? a.id > b.id : at > 0
}
