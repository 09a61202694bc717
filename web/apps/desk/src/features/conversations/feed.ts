/**
 * The only place where events change the cache of server state. All changes may be applied twice and in the company of
 * a running read: conversations are compared by version, messages by seq, activities by feed position.
 */
import type { ConversationState, DeliveryStatus, FeedEvent } from '@yingda/shared/api'
import { queries, server } from '../../server.ts'
import { me } from '../session/model.ts'
import { keys, type ConversationPages, type MessagePages } from './keys.ts'
import { isAbove, stands, type ListQuery, type Order } from './lists.ts'
import { traceOf } from '../thread/trace.ts'
import { forgetLabels, toolboxKeys } from './toolbox.ts'
import { previewOf, type Activity } from './model.ts'
import type { Conversation, Message } from './shapes.ts'

const rank: Record<DeliveryStatus, number> = { received: 0, queued: 1, sending: 2, failed: 3, accepted: 4, sent: 5, delivered: 6, read: 7 }

/** Listeners hear of new messages once the cache holds them: live region, outbox. */
/** state is the conversation's, right after the message, also of one that is in no list on screen. */
type MessageListener = (message: Message, state?: ConversationState) => void
const messageListeners = new Set<MessageListener>()
export function onMessage(listener: MessageListener): () => void {
  messageListeners.add(listener)
  return () => messageListeners.delete(listener)
}

/**
 * Events of the last half minute. A read that began before an event and ends after it would bring back the past; so
 * each finished read gets the recent events once more. Bounded: the oldest of 300 are dropped, older than any read.
 */
const recent: { at: number; event: FeedEvent; seq: number }[] = []
const recentFor = 30_000

export function applyEvent(event: FeedEvent, seq: number): void {
  recent.push({ at: Date.now(), event, seq })
  if (recent.length > 300) recent.shift()
  patch(event, seq)
  if (event.message) for (const tell of messageListeners) tell(event.message, event.conversation)
  if (event.type !== 'message.status_changed' && event.type !== 'messages.read') refreshCounts()
}

/** How many pages of a long list are read again at once; further ones are asked for when they come near. */
const pagesKept = 4

/** Reads everything on screen again: the feed could not say what happened. */
export function resetAll(): void {
  recent.length = 0
  for (const [key, list] of cachedLists()) {
    if (list.pages.length <= pagesKept) continue
    queries.setQueryData<ConversationPages>(key, { pages: list.pages.slice(0, pagesKept), pageParams: list.pageParams.slice(0, pagesKept) })
  }
  void queries.invalidateQueries({ queryKey: keys.all })
}

/** Keeps reads that end late from bringing back the past. Call once. */
export function watchReads(): () => void {
  return queries.getQueryCache().subscribe((change) => {
    if (change.type !== 'updated' || change.action.type !== 'success' || change.action.manual) return
    const key = change.query.queryKey
    if (key[0] !== keys.all[0] || key[1] === 'counts' || key[1] === 'activity') return
    const since = Date.now() - recentFor
    const id = key[1] === 'list' ? undefined : key[2]
    const again = recent.filter((r) => r.at >= since && (id === undefined || r.event.conversation_id === id))
    // After this notification, so that the write is not lost in the query's own update.
    if (again.length > 0) queueMicrotask(() => again.forEach((r) => patch(r.event, r.seq)))
  })
}

/** What events say beyond the common fields. */
interface More {
  added?: string[]
  removed?: string[]
  what?: string
  helpful?: boolean
}

function patch(event: FeedEvent, seq: number): void {
  const more = event as FeedEvent & More
  if (event.type === 'toolbox.changed') {
    if (more.what === 'labels') forgetLabels()
    else void queries.invalidateQueries({ queryKey: toolboxKeys.canned })
  }
  const id = event.conversation_id
  if (!id) return
  if (event.type === 'conversation.hidden') return forgetConversation(id)
  if (event.message) patchMessage(event.message)
  if (event.type === 'message.status_changed') patchDelivery(event)
  if (event.type === 'message.recalled') patchRecall(id, event)
  if (event.type === 'message.thumbed') changeMessages(id, (m) => (m.id === event.message_id ? { ...m, thumb: { helpful: more.helpful === true, reason: event.reason ?? '' } } : m))
  if (event.message && (event.message as Message).mentions?.includes(me())) void queries.invalidateQueries({ queryKey: keys.lists, predicate: (q) => (q.queryKey[2] as ListQuery).view === 'mentioned' })
  // A customer who writes can end what was to be sent later.
  if (event.type === 'schedule.changed' || event.message?.author.kind === 'visitor') void queries.invalidateQueries({ queryKey: keys.scheduled(id) })
  if (event.type === 'mentions.read' && (event.agent_id ?? '') === me()) void queries.invalidateQueries({ queryKey: keys.lists, predicate: (q) => (q.queryKey[2] as ListQuery).view === 'mentioned' })
  const trace = traceOf(event)
  if (trace) addActivity(id, { seq, event: trace })
  if (event.conversation) patchState(id, event, event.conversation)
}

/** It is no longer this person's to see: it leaves every list, and its page says so. */
function forgetConversation(id: string): void {
  for (const [key, list] of cachedLists()) {
    if (find(list, id)) queries.setQueryData<ConversationPages>(key, { ...list, pages: list.pages.map((p) => ({ ...p, items: p.items.filter((c) => c.id !== id) })) })
  }
  queries.removeQueries({ queryKey: keys.messages(id) })
  void queries.resetQueries({ queryKey: keys.item(id), exact: true })
}

/** What was said is taken back: the message keeps its place and says nothing any more. */
function patchRecall(id: string, event: FeedEvent): void {
  changeMessages(id, (m) => (m.id === event.message_id && !m.recalled_at ? { ...m, parts: [], recalled_at: event.at } : m))
}

/** The lists that were read, by their keys. */
export function cachedLists(): [readonly unknown[], ConversationPages][] {
  return queries.getQueriesData<ConversationPages>({ queryKey: keys.lists }).filter((entry): entry is [readonly unknown[], ConversationPages] => entry[1] !== undefined)
}

/** The newest version of a conversation in any cached place. */
export function known(id: string): Conversation | undefined {
  let best = queries.getQueryData<Conversation>(keys.item(id))
  for (const [, list] of cachedLists()) {
    const row = find(list, id)
    if (row && (!best || row.version > best.version)) best = row
  }
  return best
}

function find(list: ConversationPages, id: string): Conversation | undefined {
  for (const page of list.pages) {
    const row = page.items.find((c) => c.id === id)
    if (row) return row
  }
  return undefined
}

export function readConversation(id: string): Promise<Conversation> {
  return server.get<Conversation>(`/conversations/${id}`)
}

const missing = new Map<string, Promise<void>>()

function patchState(id: string, event: FeedEvent, state: ConversationState): void {
  const before = known(id)
  if (!before) return fetchMissing(id)
  if (state.version < before.version) return
  // Absent fields of the state are cleared ones.
  const after: Conversation = { ...before, assignee_id: '', team_id: '', waiting_since: '', snoozed_until: '', ...state, id, last_message_at: state.last_message_at ?? before.last_message_at }
  after.unread = Math.max(0, after.seq - after.agent_read_seq)
  const { added, removed } = event as FeedEvent & More
  if (event.type === 'conversation.labelled') after.label_ids = [...(before.label_ids ?? []).filter((l) => !removed?.includes(l) && !added?.includes(l)), ...(added ?? [])]
  // As on the server: what the system says by itself is no preview, unless nobody has said anything.
  if (event.message?.visibility === 'public' && (event.message.author.kind !== 'system' || !before.preview)) {
    after.last_message = { author_kind: event.message.author.kind }
    after.preview = previewOf(event.message)
  }
  if (after.status !== 'resolved') delete after.resolved_at
  else if (before.status !== 'resolved') after.resolved_at = event.at
  patchConversation(after)
}

/** A conversation nobody has on screen yet: read it once, however many events tell of it. */
function fetchMissing(id: string): void {
  if (missing.has(id)) return
  const reading = readConversation(id)
    .then(patchConversation)
    .catch(() => undefined) // the next list read brings it
    .finally(() => missing.delete(id))
  missing.set(id, reading)
}

/** Puts a conversation into every cached place: its own entry and the lists in which it now belongs. */
export function patchConversation(c: Conversation): void {
  queries.setQueryData<Conversation>(keys.item(c.id), (old) => (old && old.version > c.version ? old : c))
  for (const [key, list] of cachedLists()) {
    const query = key[2] as ListQuery
    queries.setQueryData<ConversationPages>(key, placeInList(list, c, stands(query, c, me(), find(list, c.id) !== undefined), query.order))
  }
  queries.setQueryData<Conversation[]>(keys.ofContact(c.contact.id), (old) => old?.map((o) => (o.id === c.id && o.version <= c.version ? c : o)))
}

/** Exported for its test: the list with c at its place, or without it. */
export function placeInList(list: ConversationPages, c: Conversation, stays: boolean, order: Order = 'newest'): ConversationPages {
  const present = find(list, c.id)
  if (!present && !stays) return list
  if (present && present.version > c.version) return list
  const pages = list.pages.map((p) => (p.items.some((o) => o.id === c.id) ? { ...p, items: p.items.filter((o) => o.id !== c.id) } : p))
  if (stays) {
    for (const [index, page] of pages.entries()) {
      const at = page.items.findIndex((o) => isAbove(c, o, order))
      const end = index === pages.length - 1 && !page.next_cursor
      if (at < 0 && !end) continue
      const items = [...page.items]
      items.splice(at < 0 ? items.length : at, 0, c)
      pages[index] = { ...page, items }
      break
    }
    // Below everything that is loaded: a later page brings it.
  }
  return { ...list, pages }
}

/** Every cached run of a conversation's messages; the one with the newest has the shortest key. */
function runs(id: string): [readonly unknown[], MessagePages][] {
  return queries.getQueriesData<MessagePages>({ queryKey: keys.messages(id) }).filter((entry): entry is [readonly unknown[], MessagePages] => entry[1] !== undefined)
}

/** Adds or replaces a message in the cached thread. */
export function patchMessage(message: Message): void {
  const newest = keys.messages(message.conversation_id)
  for (const [key, run] of runs(message.conversation_id)) {
    const next = placeMessage(run, message)
    if (next) queries.setQueryData<MessagePages>(key, next)
    // A run around an older message ends before the gap; it grows when the reader comes there.
    else if (key.length === newest.length) void queries.invalidateQueries({ queryKey: key, exact: true })
  }
}

/** Exported for its test: the pages with the message in them; null when messages before it are missing. */
export function placeMessage(list: MessagePages, message: Message): MessagePages | null {
  const newest = list.pages[0]
  if (!newest) return list
  const last = newest.items.at(-1)?.seq ?? 0
  if (message.seq > last + 1) return null
  if (message.seq === last + 1) {
    return { ...list, pages: [{ ...newest, items: [...newest.items, message] }, ...list.pages.slice(1)] }
  }
  return mapMessages(list, (m) => (m.seq === message.seq && rank[message.status] >= rank[m.status] ? message : m))
}

function patchDelivery(event: FeedEvent): void {
  const { conversation_id: id, message_id: message, status } = event
  if (!id || !status) return
  changeMessages(id, (m) => (m.id === message && rank[status] > rank[m.status] ? { ...m, status, failure_reason: event.reason ?? '' } : m))
}

/** Changes single messages of a conversation wherever they are cached. */
export function changeMessages(id: string, change: (m: Message) => Message): void {
  for (const [key, run] of runs(id)) queries.setQueryData<MessagePages>(key, mapMessages(run, change))
}

/** Changes single messages and leaves untouched pages the same objects. */
function mapMessages(list: MessagePages, change: (m: Message) => Message): MessagePages {
  let changed = false
  const pages = list.pages.map((page) => {
    let touched = false
    const items = page.items.map((m) => {
      const next = change(m)
      if (next !== m) touched = true
      return next
    })
    changed ||= touched
    return touched ? { ...page, items } : page
  })
  return changed ? { ...list, pages } : list
}

function addActivity(id: string, activity: Activity): void {
  queries.setQueryData<Activity[]>(keys.activity(id), (old = []) => (old.some((a) => a.seq === activity.seq) ? old : [...old, activity].slice(-200)))
}

let countsTimer: ReturnType<typeof setTimeout> | undefined

/** Counts are the server's; read them at most once a second. */
function refreshCounts(): void {
  countsTimer ??= setTimeout(() => {
    countsTimer = undefined
    void queries.invalidateQueries({ queryKey: keys.counts })
  }, 1000)
}
