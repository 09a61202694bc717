/**
 * Compiles only while the shapes in wire.ts agree with openapi.ts, which is generated from api/openapi.json: ours may be
 * narrower (a union where the server says text), never hold a field the server does not know or lack one it demands.
 */
import type { components } from './openapi.ts'
import type { Agent, Contact, Conversation, Counts, Inbox, Message, Part, Session, Team } from './wire.ts'

type Schemas = components['schemas']

type Agrees<Ours, Theirs> = Ours extends Theirs ? (Exclude<keyof Ours, keyof Theirs> extends never ? true : Exclude<keyof Ours, keyof Theirs>) : 'differs'

export const agreement: [
  Agrees<Agent, Schemas['Agent']>,
  Agrees<Contact, Schemas['Contact']>,
  Agrees<Conversation, Schemas['Conversation']>,
  Agrees<Counts, Schemas['Counts']>,
  Agrees<Inbox, Pick<Schemas['Inbox'], keyof Inbox>>,
  Agrees<Message, Schemas['Message']>,
  Agrees<Part, Schemas['Part']>,
  Agrees<Session, Schemas['Session']>,
  Agrees<Team, Schemas['Team']>,
] = [true, true, true, true, true, true, true, true, true]
