// The installed desk's service worker. It keeps the shell only - the page, its scripts, styles and icons - so that the desk
// opens without a network and says so. Conversations, files and everything else of the server is never kept.
const shell = 'yingda-desk-1'
const page = '/desk/'
/** Hashed files of more than a few versions; the oldest go first. */
const most = 300

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(shell)
      .then((cache) => cache.add(new Request(page, { cache: 'no-cache' })))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('yingda-desk-') && name !== shell).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin || !url.pathname.startsWith(page)) return
  if (request.mode === 'navigate') event.respondWith(newest(request))
  else if (/^\/desk\/(?:assets\/|icon-|mark\.svg|manifest)/.test(url.pathname)) event.respondWith(kept(request))
})

/** The page as the server has it now; the kept one when there is no answer. */
async function newest(request) {
  const cache = await caches.open(shell)
  try {
    const answer = await fetch(request)
    if (answer.ok) await cache.put(page, answer.clone())
    // A server that is starting or behind a broken proxy: the kept page can say so and try again.
    return answer.status >= 500 ? ((await cache.match(page)) ?? answer) : answer
  } catch (error) {
    const page_ = await cache.match(page)
    if (page_) return page_
    throw error
  }
}

/** A hashed file never changes: the kept one is as good as the server's. */
async function kept(request) {
  const cache = await caches.open(shell)
  const found = await cache.match(request)
  if (found) return found
  const answer = await fetch(request)
  if (answer.ok && answer.type === 'basic') {
    await cache.put(request, answer.clone())
    const all = (await cache.keys()).filter((r) => !r.url.endsWith(page))
    await Promise.all(all.slice(0, Math.max(0, all.length - most)).map((r) => cache.delete(r)))
  }
  return answer
}
