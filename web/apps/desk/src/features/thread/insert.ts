import type { InjectionKey } from 'vue'

/** Puts a reply that was suggested into the composer of the thread. */
export const insertReply: InjectionKey<(text: string) => void> = Symbol('insertReply')
