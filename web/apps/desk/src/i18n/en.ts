import { conversations } from './en/conversations.ts'
import { queue } from './en/queue.ts'
import { session } from './en/session.ts'
import { shell } from './en/shell.ts'
import type { Texts } from './zh-CN.ts'

/** English: plain, short, active. One file a feature, in en/. */
export const english: Texts = { ...shell, ...session, ...conversations, ...queue }
