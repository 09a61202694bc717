import type { Signal } from '@yingda/shared/api'
import { queries } from '../../server.ts'
import { contactKeys, type PageView } from './api.ts'

const kept = 50

/** A customer opened a page right now: it is put on top of the trail, when the trail is on screen. */
export function hearPage(signal: Signal): void {
  if (signal.type !== 'page') return
  const { contact_id, url, title, at } = signal as Signal & { contact_id?: string } & PageView
  if (!contact_id || !url) return
  const page: PageView = { url, at: at ?? new Date().toISOString(), ...(title ? { title } : {}) }
  queries.setQueryData<PageView[]>(contactKeys.pages(contact_id), (old) =>
    old && (old[0]?.url === url && Math.abs(Date.parse(old[0].at) - Date.parse(page.at)) < 1000 ? old : [page, ...old].slice(0, kept)),
  )
}
