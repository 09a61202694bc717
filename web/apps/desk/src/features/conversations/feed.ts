/**
 * The only place where events change the cache of server state. All changes may be applied twice and in the company of
 * a running read: conversations are compared by version, messages by seq, activities by feed position.
 */
import type { Conversation, ConversationState, DeliveryStatus, FeedEvent, Message } from '@yingda/shared/api'
import { queries, server } from '../../server.ts'
import { me } from '../session/model.ts'
import { keys, type ConversationPages, type MessagePages } from './keys.ts'
import { belongs, isAbove, isActivity, previewOf, views, type Activity } from './model.ts'

const rank: Record<DeliveryStatus, number> = { received: 0, queued: 1, sending: 2, failed: 3, accepted: 4, sent: 5, delivered: 6, read: 7 }

/** Listeners hear of new messages once the cache holds them: live region, outbox. */
type MessageListener = (message: Message) => void
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
  if (event.message) for (const tell of messageListeners) tell(event.message)
  if (event.type !== 'message.status_changed' && event.type !== 'messages.read') refreshCounts()
}

/** Reads everything on screen again: the feed could not say what happened. */
export function resetAll(): void {
  recent.length = 0
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

function patch(event: FeedEvent, seq: number): void {
  const id = event.conversation_id
  if (!id) return
  if (event.message) patchMessage(event.message)
  if (event.type === 'message.status_changed') patchDelivery(event)
  if (isActivity(event)) addActivity(id, { seq, event })
  if (event.conversation) patchState(id, event, event.conversation)
}

function known(id: string): Conversation | undefined {
  let best = queries.getQueryData<Conversation>(keys.item(id))
  for (const view of views) {
    for (const page of queries.getQueryData<ConversationPages>(keys.list(view))?.pages ?? []) {
      const row = page.items.find((c) => c.id === id)
      if (row && (!best || row.version > best.version)) best = row
    }
  }
  return best
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
  if (event.message?.visibility === 'public') after.preview = previewOf(event.message)
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
  for (const view of views) {
    queries.setQueryData<ConversationPages>(keys.list(view), (old) => old && placeInList(old, c, belongs(view, c, me())))
  }
  queries.setQueryData<Conversation[]>(keys.ofContact(c.contact.id), (old) => old?.map((o) => (o.id === c.id && o.version <= c.version ? c : o)))
}

/** Exported for its test: the list with c at its place, or without it. */
export function placeInList(list: ConversationPages, c: Conversation, stays: boolean): ConversationPages {
  const present = list.pages.flatMap((p) => p.items).find((o) => o.id === c.id)
  if (present && present.version > c.version) return list
  const pages = list.pages.map((p) => (p.items.some((o) => o.id === c.id) ? { ...p, items: p.items.filter((o) => o.id !== c.id) } : p))
  if (stays) {
    for (const [index, page] of pages.entries()) {
      const at = page.items.findIndex((o) => isAbove(c, o))
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

/** Adds or replaces a message in the cached thread. */
export function patchMessage(message: Message): void {
  const key = keys.messages(message.conversation_id)
  let gap = false
  queries.setQueryData<MessagePages>(key, (old) => {
    if (!old) return old
    const result = placeMessage(old, message)
    gap = result === null
    return result ?? old
  })
  if (gap) void queries.invalidateQueries({ queryKey: key })
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
  queries.setQueryData<MessagePages>(keys.messages(id), (old) =>
    old && mapMessages(old, (m) => (m.id === message && rank[status] > rank[m.status] ? { ...m, status, failure_reason: event.reason ?? '' } : m)),
  )
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
