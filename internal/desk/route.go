package desk

import (
	"encoding/json"
	"time"
)

// Handing gives a waiting conversation to an agent because the queue says so.
type Handing struct {
	Account      AccountID
	Conversation ConversationID
	Agent        AgentID
	// Detail explains it, as JSON.
	Detail json.RawMessage
	// AnswerWithin is how long the agent has; 0 is for ever.
	AnswerWithin time.Duration
}

// Releasing takes a conversation from an agent and lets it wait again.
type Releasing struct {
	Account      AccountID
	Conversation ConversationID
	// From is whose it must be; if it is not, nothing happens.
	From AgentID
	Why  AssignReason
	// Waiting, if not zero, must be since when the customer waits.
	Waiting time.Time
	// By is who did it; the zero value is the system.
	By Author
	// Key is the idempotency key of an agent's command; may be empty.
	Key string
}

// Escalation moves a conversation to the best there is.
type Escalation struct {
	Account      AccountID
	Conversation ConversationID
	// Team is the senior team; "" leaves it where it is, only more urgent.
	Team TeamID
	// Keep are agents who may keep it although they had it before, such as those
	// of the senior team.
	Keep func(AgentID) bool
	// Reason is a short code, Score the mood, -1 if none was measured.
	Reason string
	Score  float64
	By     Author
	Key    string
}
