import { setIdle } from './api.ts'

/** Without a key or a movement for so long, hands are not on the keyboard. */
const after = 10 * 60_000

/** Tells the server when the person is not at the keyboard, and when they are back. Answers how to stop. */
export function watchHands(): () => void {
  let idle = false
  let last = Date.now()
  const say = (now: boolean): void => {
    idle = now
    // What does not arrive is said again with the next change; the server never waits for it.
    void setIdle(now).catch(() => undefined)
  }
  const touched = (): void => {
    last = Date.now()
    if (idle) say(false)
  }
  const look = setInterval(() => !idle && Date.now() - last >= after && say(true), 15_000)
  const kinds = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
  for (const kind of kinds) window.addEventListener(kind, touched, { passive: true })
  return () => {
    clearInterval(look)
    for (const kind of kinds) window.removeEventListener(kind, touched)
  }
}
