package desk

import "time"

// LabelID names a label: "lbl_…".
type LabelID string

// Label is a word that agents put on conversations.
type Label struct {
	ID        LabelID
	AccountID AccountID
	Name      string
	// Color is one of LabelColors.
	Color       string
	Description string
	CreatedAt   time.Time
}

// Revision names what the label is now.
func (l Label) Revision() Revision { return RevisionOf(l.Name, l.Color, l.Description) }

// LabelColors are the colours of the house that a label may have.
func LabelColors() []string {
	return []string{"emerald", "slate", "amber", "red", "blue", "violet", "teal", "pink"}
}

// MaxLabels is how many labels a conversation has at most.
const MaxLabels = 20

// CannedReplyID names a canned reply: "cnd_…".
type CannedReplyID string

// CannedScope says who may use a canned reply.
type CannedScope string

// The scopes of canned replies.
const (
	CannedPersonal CannedScope = "personal"
	CannedTeam     CannedScope = "team"
	CannedAll      CannedScope = "all"
)

// CannedReply is an answer that is kept ready.
type CannedReply struct {
	ID        CannedReplyID
	AccountID AccountID
	// Shortcut is what is typed after "/" to find it.
	Shortcut string
	Title    string
	// Parts may hold variables: package toolbox says which.
	Parts []Part
	Scope CannedScope
	// AgentID is set for personal ones, TeamID for those of a team.
	AgentID   AgentID
	TeamID    TeamID
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Revision names what the canned reply is now.
func (c CannedReply) Revision() Revision {
	return RevisionOf(c.Shortcut, c.Title, c.Parts, c.Scope, c.TeamID)
}
