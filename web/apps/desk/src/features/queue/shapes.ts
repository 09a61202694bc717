/** Shapes of the queue's doors, as the server writes them. */
export const statuses = ['online', 'busy', 'break', 'offline'] as const
export type Status = (typeof statuses)[number]

export interface Presence {
  agent_id: string
  status: Status
  reason?: string
  /** Set by hand; otherwise it follows connections and hands. */
  chosen?: boolean
  since?: string
  /** What they have now, in units. */
  load?: number
}

export const lacks = ['team', 'skill', 'language', 'declined', 'away', 'full'] as const

export interface Waiting {
  conversation_id: string
  contact_id: string
  inbox_id: string
  team_id?: string
  position: number
  waiting_since: string
  escalated?: boolean
  returned?: number
  contact_name?: string
  /** What the customer does meanwhile; missing is to wait. */
  choice?: 'keep' | 'message' | 'callback'
  low_s?: number
  high_s?: number
  /** How many colleagues lack what. */
  lack: Partial<Record<(typeof lacks)[number], number>>
}

export interface Skill {
  id: string
  name: string
  /** What was seen of it, so that nobody else's name is overwritten. */
  revision?: string
}

export interface AgentWork {
  capacity: number
  skills?: Record<string, number>
  languages?: string[]
  revision?: string
}

/** Minutes from midnight; a `to` above 1440 is on the next day. */
export interface Period {
  from: number
  to: number
}

export interface Exception {
  date: string
  name?: string
  periods?: Period[]
}

export interface TeamWork {
  zone: string
  /** Sunday first. */
  hours: { week: (Period[] | null)[]; exceptions?: Exception[] | null }
  senior?: boolean
  answer_within_s?: number
  /** 0 as others, up to 4: five minutes of waiting each. */
  priority?: number
  revision?: string
}

export interface InboxRule {
  team_id?: string
  needs?: { skill: string; level: number }[] | null
  language?: string
}

export interface QueueRules {
  automatic: boolean
  answer_within_s?: number
  escalated_min?: number
  returned_min?: number
  weights?: Record<string, number> | null
  inboxes?: Record<string, InboxRule> | null
  compensation?: Script[] | null
  alerts?: AlertRules | null
  revision?: string
}

/** A text that is ready to be sent. */
export interface Script {
  title: string
  text: string
}

export const alertRules = ['longest_wait', 'waiting', 'at_risk', 'nobody', 'escalated'] as const
export type AlertRule = (typeof alertRules)[number]

/** Of what supervisors are told; 0 and false are never. */
export interface AlertRules {
  longest_wait_s: number
  waiting: number
  at_risk: number
  nobody: boolean
  escalated: boolean
}

/** Those of a company that has said nothing, as the server has them. */
export const usualAlerts: AlertRules = { longest_wait_s: 300, waiting: 20, at_risk: 5, nobody: true, escalated: true }

export interface QueueDay {
  since: string
  assigned: number
  abandoned: number
  closed: number
  /** How long those who got somebody had waited, on average. */
  waited_s: number
  alerts: { rule: AlertRule; value: number; since: string }[]
}

export interface Callback {
  id: string
  conversation_id: string
  contact_id: string
  contact_name?: string
  phone: string
  note?: string
  from?: string
  to?: string
  state: 'open' | 'done' | 'withdrawn'
  created_at: string
}

export const robotKinds = ['wecom', 'dingtalk', 'feishu'] as const

/** A group robot; its address and secret are not shown. */
export interface Robot {
  id: string
  name: string
  kind: (typeof robotKinds)[number]
  host: string
  signed?: boolean
  /** None is all. */
  rules: AlertRule[]
  enabled: boolean
  error?: string
  sent_at?: string
}

export interface Staffing {
  agents: Record<string, AgentWork>
  teams: Record<string, TeamWork>
  rules: QueueRules
}

/** Why the queue gave a conversation to somebody. */
export interface Why {
  why: 'last_agent' | 'only_one' | 'least_loaded' | 'longest_idle'
  load: number
  capacity: number
  able: number
  waited_s: number
  boost_s?: number
}
