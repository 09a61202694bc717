/**
 * Tells a person of what happens while they look elsewhere: a line on screen, a notification of the system, a sound, a
 * number at the tab and at the installed app. Loaded after the first paint.
 */
import { useToast } from '@nuxt/ui/composables'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { useCounts } from '../conversations/api.ts'
import { known, onMessage } from '../conversations/feed.ts'
import { plainText } from '../conversations/model.ts'
import { useCalled } from '../conversations/names.ts'
import type { Message } from '../conversations/shapes.ts'
import { preferences } from '../preferences/model.ts'
import { me } from '../session/model.ts'
import { worth } from './model.ts'
import { chime } from './sound.ts'
import { unseen } from './unseen.ts'

/** Starts telling; ends with the caller's component. leading is whether this tab is the one of several that tells. */
export function useNotifications(): { leading: Readonly<Ref<boolean>> } {
  const { t } = useI18n()
  const toast = useToast()
  const route = useRoute()
  const router = useRouter()
  const called = useCalled()
  const { data: counts } = useCounts()
  const leading = ref(!('locks' in navigator))
  let release: (() => void) | undefined
  const ended = new AbortController()
  // Of several tabs one tells; another takes over when it is closed.
  if ('locks' in navigator) {
    navigator.locks
      .request('yingda-notify', { signal: ended.signal }, () => {
        leading.value = true
        return new Promise<void>((resolve) => (release = resolve))
      })
      .catch(() => undefined) // ended before it was our turn
  }

  const visible = (): boolean => document.visibilityState === 'visible'

  function open(message: Message): void {
    window.focus()
    void router.push(`/inbox/all/${message.conversation_id}`)
  }

  function show(message: Message, kind: 'mention' | 'message'): void {
    const c = known(message.conversation_id)
    const name = called.author(message.author, c?.contact)
    const title = kind === 'mention' ? t('notify.mention', { name }) : name
    const text = (plainText(message.parts) || t('thread.noText')).slice(0, 140)
    if (!visible()) unseen.value++
    if (!leading.value) return
    const { desktop, sound } = preferences.value.notify
    if (sound) chime()
    if (visible()) {
      toast.add({
        id: `notify-${message.conversation_id}`,
        title,
        description: text,
        icon: kind === 'mention' ? 'i-lucide-at-sign' : 'i-lucide-message-square',
        color: 'neutral',
        actions: [{ label: t('notify.open'), color: 'neutral', variant: 'outline', onClick: () => open(message) }],
      })
    } else if (desktop && 'Notification' in window && Notification.permission === 'granted') {
      const notice = new Notification(title, { body: text, tag: `yingda-${message.conversation_id}`, icon: '/desk/icon-192.png', lang: document.documentElement.lang })
      notice.onclick = () => {
        notice.close()
        open(message)
      }
    }
  }

  const stop = onMessage((message, state) => {
    const watching = visible() && typeof route.params.id === 'string' ? route.params.id : ''
    // The event that brings a message also brings the conversation's new state; it is in the cache a moment later.
    setTimeout(() => {
      const kind = worth(message, known(message.conversation_id) ?? state, preferences.value.notify, { me: me(), now: Date.now(), watching })
      if (kind) show(message, kind)
    }, 50)
  })
  const seen = (): void => {
    if (visible()) unseen.value = 0
  }
  document.addEventListener('visibilitychange', seen)

  const badge = computed(() => (counts.value?.mine ?? 0))
  watch(
    badge,
    (n) => {
      const app = navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> }
      app.setAppBadge?.(n).catch(() => undefined) // not installed
    },
    { immediate: true },
  )

  onScopeDispose(() => {
    stop()
    ended.abort()
    release?.()
    document.removeEventListener('visibilitychange', seen)
    unseen.value = 0
  })
  return { leading }
}
