import type { FeedEvent, Signal } from '@yingda/shared/api'
import { queries } from '../../server.ts'
import { refreshConversation } from '../conversations/api.ts'
import { cachedLists } from '../conversations/feed.ts'
import { keys } from '../conversations/keys.ts'
import type { Conversation } from '../conversations/shapes.ts'
import { contactKeys, forgetPeople, type Visit } from './api.ts'

const kept = 50

/** A customer opened a page right now: it is put on top of the trail, when the trail is on screen. */
export function hearPage(signal: Signal): void {
  if (signal.type !== 'page') return
  const { contact_id, url, title, at } = signal as Signal & { contact_id?: string } & Pick<Visit, 'url' | 'title' | 'at'>
  if (!contact_id || !url) return
  const page: Visit = { kind: 'page', url, at, ...(title ? { title } : {}) }
  queries.setQueryData<Visit[]>(contactKeys.pages(contact_id), (old) =>
    old && (old[0]?.url === url && Math.abs(Date.parse(old[0].at) - Date.parse(page.at)) < 1000 ? old : [page, ...old].slice(0, kept)),
  )
}

/** Somebody changed a customer, or made one of two: what is on screen of them is read again. */
export function hearContact(event: FeedEvent): void {
  const id = event.contact_id
  if (event.type === 'contact.merged' || event.type === 'contact.unmerged') return forgetPeople()
  if (event.type !== 'contact.updated' || !id) return
  void queries.invalidateQueries({ queryKey: contactKeys.one(id) })
  const shown = new Set<string>()
  for (const [, list] of cachedLists()) for (const page of list.pages) for (const c of page.items) if (c.contact.id === id) shown.add(c.id)
  for (const [, c] of queries.getQueriesData<Conversation>({ queryKey: keys.items })) if (c?.contact.id === id) shown.add(c.id)
  for (const conversation of shown) refreshConversation(conversation).catch(() => undefined) // the next read brings it
}
