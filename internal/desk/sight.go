package desk

import "slices"

// Reach is how far a role lets an agent see.
type Reach string

// The reaches, from least to most.
const (
	// ReachOwn are the conversations assigned to the agent, and those that nobody
	// has and no team is to have, so that they can be claimed.
	ReachOwn Reach = "own"
	// ReachTeam adds those of the agent's teams, whoever has them.
	ReachTeam Reach = "team"
	// ReachAll is everything in the account.
	ReachAll Reach = "all"
)

// Within reports whether r lets nobody see more than limit does. An unknown
// reach is within none.
func (r Reach) Within(limit Reach) bool {
	order := []Reach{ReachOwn, ReachTeam, ReachAll}
	i, j := slices.Index(order, r), slices.Index(order, limit)
	return i >= 0 && i <= j
}

// Sight says which conversations somebody may see. What is not seen is not
// there: it is NotFound, in no list, no count, no search and no feed. The zero
// value sees nothing.
type Sight struct {
	Reach Reach
	Agent AgentID
	// Teams are the agent's, for ReachTeam.
	Teams []TeamID
}

// SeesAll is the sight of the program itself and of those whose reach is all.
func SeesAll() Sight { return Sight{Reach: ReachAll} }

// Everything reports whether nothing is hidden.
func (s Sight) Everything() bool { return s.Reach == ReachAll }

// Sees reports whether a conversation with this assignee and team may be seen.
func (s Sight) Sees(assignee AgentID, team TeamID) bool {
	switch s.Reach {
	case ReachAll:
		return true
	case ReachTeam:
		if team != "" && slices.Contains(s.Teams, team) {
			return true
		}
	case ReachOwn:
	default:
		return false
	}
	return assignee == "" && team == "" || assignee != "" && assignee == s.Agent
}

// SeesConversation is Sees for a conversation as it is now.
func (s Sight) SeesConversation(c Conversation) bool { return s.Sees(c.AssigneeID, c.TeamID) }
