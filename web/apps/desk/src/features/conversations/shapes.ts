/**
 * The conversation and message as the desk knows them: the wire's shapes, with what single answers add to them.
 */
import type { Conversation as WireConversation, Media as WireMedia, Message as WireMessage, Part as WirePart } from '@yingda/shared/api'

export interface Conversation extends WireConversation {
  rating?: { score: number; comment?: string; at?: string }
}

export interface Media extends WireMedia {
  id?: string
  thumbnail_url?: string
}

export type Part = Omit<WirePart, 'media'> & { media?: Media }

export interface Message extends Omit<WireMessage, 'parts'> {
  parts: Part[]
  recalled_at?: string
  /** Ids of the colleagues a note calls. */
  mentions?: string[]
}
