import type { FeedBatch, FeedEvent } from '@yingda/shared/api'
import { Connection, Follower } from '@yingda/shared/realtime'
import { applyEvent, resetAll, watchReads } from '../features/conversations/feed.ts'
import { hearContact, hearPage } from '../features/context/live.ts'
import { hearTyping } from '../features/conversations/typing.ts'
import { hearViewing } from '../features/thread/viewing.ts'
import { hearDraft } from '../features/bot/service/waiting.ts'
import { hearQueue, resetQueue } from '../features/queue/api.ts'
import { queries, server } from '../server.ts'
import { tell } from './events.ts'
import { line } from './lineState.ts'

const pollEvery = 5000
/** A push that was lost without another after it is found out by a look once in so many rounds: a minute. */
const lookEvery = 12

/** What pages of the bot have read is kept under ['bot', what was read]: intents, model, knowledge, flows, settings. */
function hearBot(event?: FeedEvent): void {
  if (event && event.type !== 'bot.changed') return
  const { what } = (event ?? {}) as { what?: string }
  void queries.invalidateQueries({ queryKey: what ? ['bot', what] : ['bot'] })
}

/**
 * Opens the realtime line and keeps the cache true. While the socket is down but the network is up, the feed is read
 * every five seconds, so a proxy that refuses sockets slows the desk down and does not stop it.
 */
export function openLine(handlers: { refused: () => void; back: () => void }): () => void {
  const follower = new Follower({
    fetch: async (epoch, since) => {
      const batch = await server.get<FeedBatch>('/feed', { epoch, since })
      return { ...batch, events: batch.events ?? [] }
    },
    apply: (event, seq) => {
      applyEvent(event, seq)
      hearQueue(event)
      hearBot(event)
      hearDraft(event)
      hearContact(event)
      tell(event)
    },
    reset: () => {
      resetAll()
      resetQueue()
      hearBot()
    },
  })
  const stopWatching = watchReads()
  const url = new URL('/connection/websocket', location.origin.replace(/^http/, 'ws'))
  const connection = new Connection(url.href, {
    connected: (epoch, seq) => {
      // What was read before the first connection may miss events between the read and now.
      if (follower.connected(epoch, seq)) resetAll()
      resetQueue()
      handlers.back()
    },
    push: (push) => follower.push(push),
    signal: (signal) => {
      hearTyping(signal)
      hearViewing(signal)
      hearPage(signal)
    },
    state: (state) => {
      line.value = state
    },
    refused: handlers.refused,
  })
  connection.open()
  let round = 0
  const poll = setInterval(() => {
    round++
    if (!navigator.onLine) return
    if (line.value !== 'connected' || follower.behind || round % lookEvery === 0) void follower.catchUp()
  }, pollEvery)
  const wake = (): void => {
    if (document.visibilityState === 'visible') void follower.catchUp()
  }
  document.addEventListener('visibilitychange', wake)
  return () => {
    clearInterval(poll)
    document.removeEventListener('visibilitychange', wake)
    stopWatching()
    connection.close()
    line.value = 'connecting'
  }
}
