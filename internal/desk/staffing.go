package desk

import "time"

// SkillID names something agents know: "skl_…".
type SkillID string

// Skill is something that conversations may need and agents have at a level
// from 1 (has heard of it) to 5 (teaches it).
type Skill struct {
	ID        SkillID
	AccountID AccountID
	Name      string
	CreatedAt time.Time
}

// Revision names what the skill is now.
func (k Skill) Revision() Revision { return RevisionOf(k.Name) }

// PresenceStatus is whether an agent can be given work.
type PresenceStatus string

// Where an agent can be. Only Online gets new conversations by itself.
const (
	Online  PresenceStatus = "online"
	Busy    PresenceStatus = "busy"
	OnBreak PresenceStatus = "break"
	Offline PresenceStatus = "offline"
)

// Presence is where an agent is, and how we know.
type Presence struct {
	AccountID AccountID
	AgentID   AgentID
	// Choice is what the agent has chosen; "" follows the connections and the
	// hands on the keyboard.
	Choice PresenceStatus
	// Reason is the agent's own word for a break, or "idle" or "disconnected".
	Reason string
	Status PresenceStatus
	Since  time.Time
}

// Taking reports whether the agent gets new conversations by itself.
func (p Presence) Taking() bool { return p.Status == Online }

// Reasons that nobody has to choose.
const (
	PresenceIdle         = "idle"
	PresenceDisconnected = "disconnected"
)

// Settle says where the agent is, given the choice and the connections: of
// those how many there are and whether all are idle. A choice wins, but nobody
// is there without a connection.
func (p Presence) Settle(connections int, idle bool, now time.Time) (Presence, bool) {
	status, reason := p.Choice, p.Reason
	switch {
	case connections == 0:
		status, reason = Offline, PresenceDisconnected
	case p.Choice != "":
		if p.Reason == PresenceIdle || p.Reason == PresenceDisconnected {
			reason = ""
		}
	case idle:
		status, reason = OnBreak, PresenceIdle
	default:
		status, reason = Online, ""
	}
	if status == p.Status && reason == p.Reason {
		return p, false
	}
	if status != p.Status {
		p.Since = now
	}
	p.Status, p.Reason = status, reason
	return p, true
}

// AssignReason says in a word why a conversation changed hands.
type AssignReason string

// Why conversations change hands when nobody did it by hand.
const (
	RoutedByQueue  AssignReason = "queue"
	NotAnswered    AssignReason = "no_answer"
	Declined       AssignReason = "declined"
	WentAway       AssignReason = "went_away"
	ShiftEnded     AssignReason = "shift_ended"
	Transferred    AssignReason = "transferred"
	EscalatedToTop AssignReason = "escalated"
)
