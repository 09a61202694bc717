import type { LineState } from '@yingda/shared/realtime'
import { ref } from 'vue'

/** How the realtime line stands. Apart from line.ts, which is loaded after the first paint. */
export const line = ref<LineState>('connecting')
