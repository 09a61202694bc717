/**
 * The conversation and message as the desk knows them: the wire's shapes, with what single answers add to them.
 */
import type { components, Conversation as WireConversation, Media as WireMedia, Message as WireMessage, Part as WirePart } from '@yingda/shared/api'

/** The shapes that are generated from the server's description of itself. */
export type Schemas = components['schemas']

export interface Conversation extends WireConversation {
  rating?: Schemas['Rating']
}

export interface Media extends WireMedia {
  id?: string
  thumbnail_url?: string
}

export type Part = Omit<WirePart, 'media'> & { media?: Media }

export interface Message extends Omit<WireMessage, 'parts'> {
  parts: Part[]
  /** Of the bot's answers: what they rest on, the decision they came from, what the customer thought. */
  sources?: Schemas['Source'][]
  decision_id?: string
  thumb?: Schemas['Thumb']
}
