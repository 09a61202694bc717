import { ref, type Ref } from 'vue'

const now = ref(Date.now())
let timer: ReturnType<typeof setInterval> | undefined

/** The present for the screen, moving every 20 seconds. One timer for all. */
export function useNow(): Ref<number> {
  timer ??= setInterval(() => {
    now.value = Date.now()
  }, 20_000)
  return now
}
