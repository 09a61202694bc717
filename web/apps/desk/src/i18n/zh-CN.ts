import { conversations } from './zh-CN/conversations.ts'
import { queue } from './zh-CN/queue.ts'
import { session } from './zh-CN/session.ts'
import { shell } from './zh-CN/shell.ts'

/** 中文。对同事称「你」。 Chinese is the reference: the type of the other catalogue is this one's. One file a feature, in zh-CN/. */
export const chinese = { ...shell, ...session, ...conversations, ...queue }

export type Texts = typeof chinese
