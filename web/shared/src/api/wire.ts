/**
 * The JSON shapes of the agents' door, /api/v1. Field names are those on the wire; times are RFC 3339 UTC. Closed sets of
 * values are unions here, which the generated types leave as text; wire.check.ts holds the two together.
 * docs: /api/docs of a running installation.
 */

export type Status = 'pending' | 'open' | 'snoozed' | 'resolved'
export type AuthorKind = 'visitor' | 'agent' | 'bot' | 'system'
export type DeliveryStatus = 'received' | 'queued' | 'sending' | 'failed' | 'accepted' | 'sent' | 'delivered' | 'read'

export interface Author {
  kind: AuthorKind
  id?: string
  name?: string
}

export interface Media {
  url: string
  name?: string
  mime?: string
  size?: number
  width?: number
  height?: number
  duration_ms?: number
}

export interface Button {
  label: string
  value?: string
  url?: string
}

export interface Card {
  title: string
  subtitle?: string
  image_url?: string
  url?: string
  price?: string
  buttons?: Button[]
}

export interface FormField {
  name: string
  label: string
  kind: string
  required?: boolean
  options?: string[]
}

export interface Part {
  type: 'text' | 'image' | 'audio' | 'video' | 'file' | 'location' | 'card' | 'buttons' | 'form'
  text?: string
  media?: Media
  location?: { latitude: number; longitude: number; name?: string; address?: string }
  card?: Card
  buttons?: Button[]
  form?: { title?: string; fields: FormField[]; values?: Record<string, string> }
}

export interface Message {
  id: string
  conversation_id: string
  /** Counts the conversation's messages from 1; the order of display. */
  seq: number
  inbox_id: string
  author: Author
  visibility: 'public' | 'note'
  status: DeliveryStatus
  failure_reason?: string
  client_id?: string
  parts: Part[]
  reply_to?: string
  /** Colleagues whom a note names. */
  mentions?: string[]
  /** Set when it was taken back; parts are then empty. */
  recalled_at?: string
  sent_at?: string
  at: string
}

export interface Contact {
  id: string
  name?: string
  email?: string
  phone?: string
  locale?: string
  blocked?: boolean
}

/** What a feed event says about the conversation after it happened. */
export interface ConversationState {
  inbox_id: string
  status: Status
  assignee_id?: string
  team_id?: string
  seq: number
  /** Grows by one with each change. */
  version: number
  contact_read_seq: number
  agent_read_seq: number
  unread: number
  updated_at: string
  last_message_at?: string
  waiting_since?: string
  snoozed_until?: string
}

export interface Conversation extends ConversationState {
  id: string
  last_message_at: string
  contact: Contact
  label_ids?: string[]
  /** Of the newest public message. */
  last_message?: { author_kind: AuthorKind; recalled?: boolean }
  /** The reader has begun to write something. */
  draft?: boolean
  /** The start of the newest public message; missing when it has no words. */
  preview?: string
  created_at: string
  resolved_at?: string
}

export interface Counts {
  mine: number
  unassigned: number
  open: number
  pending: number
  snoozed: number
  mentioned: number
}

export interface Agent {
  id: string
  name: string
  initials?: string
  email: string
  /** administrator, supervisor, agent, or a role of the account's own. */
  role_id: string
  /** What the account calls it; of a built-in role its id. */
  role_name: string
  locale?: string
  disabled?: boolean
  totp: boolean
  last_seen?: string
}

export interface Team {
  id: string
  name: string
  member_ids: string[]
  /** What was seen of it; a change says which. */
  revision: string
}

export interface Inbox {
  id: string
  name: string
  channel: string
  key: string
  enabled: boolean
}

export interface Session {
  agent: Agent
  account: { id: string; name: string; locale: string; require_totp: boolean }
  /** What has to be done before anything else is permitted; totp is to set up a second factor. */
  must?: '' | 'totp'
  permissions: string[]
  visibility: 'own' | 'team' | 'all'
  csrf_token: string
  /** What this installation can do. */
  features: { mail: boolean; max_upload_bytes: number }
}

/** A committed fact. Which of the optional fields are there depends on the type. */
export interface FeedEvent {
  type: string
  at: string
  conversation_id?: string
  contact_id?: string
  actor?: Author
  message?: Message
  conversation?: ConversationState
  // conversation.status_changed
  from?: Status
  to?: Status
  reason?: string
  until?: string
  // conversation.assigned
  agent_id?: string
  team_id?: string
  previous_agent_id?: string
  previous_team_id?: string
  // messages.read
  by?: Author
  // messages.read, message.status_changed
  seq?: number
  message_id?: string
  status?: DeliveryStatus
}

export interface FeedItem {
  seq: number
  event: FeedEvent
}

export interface FeedBatch {
  epoch: string
  seq: number
  reset: boolean
  more: boolean
  events: FeedItem[]
}

/** Something fleeting that is never stored: typing, presence. */
export interface Signal {
  type: string
  conversation_id: string
  by: Author
  on: boolean
  text?: string
}

export interface Page<T> {
  items: T[]
  next_cursor?: string
}
