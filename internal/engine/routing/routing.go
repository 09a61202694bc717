package routing

import (
	"slices"
	"time"

	"yingda.dev/internal/desk"
)

// The levels of a skill: 1 has heard of it, 5 teaches it.
const (
	MinLevel = 1
	MaxLevel = 5
)

// Agent is somebody who may get work.
type Agent struct {
	ID    desk.AgentID
	Teams []desk.TeamID
	// Skills are levels by the skill's id; a missing one is 0.
	Skills map[string]int
	// Languages are what the agent writes in; empty means any.
	Languages []desk.Locale
	// Taking says that the agent is online and accepts new work.
	Taking bool
	// Capacity and Load are in units; a conversation takes Work.Weight of them.
	Capacity, Load int
	// IdleSince is when the agent last got or finished something.
	IdleSince time.Time
}

func (a Agent) room() int { return a.Capacity - a.Load }

// Need is a skill that the agent must have at a level or above.
type Need struct {
	Skill string
	Level int
}

// Work is a conversation that waits for a person.
type Work struct {
	ID desk.ConversationID
	// Team must be one of the agent's; "" is anybody's.
	Team  desk.TeamID
	Needs []Need
	// Language must be one of the agent's; "" is any.
	Language desk.Locale
	// Weight is the capacity it takes, at least 1.
	Weight int
	// Preferred is who had this customer last; "" is nobody.
	Preferred desk.AgentID
	// Boost is how much longer than it did the conversation counts as having
	// waited (see Policy.Boost).
	Boost time.Duration
	// WaitingSince is kept when it is offered again.
	WaitingSince time.Time
	// Declined have refused it or did not answer in time and do not get it again.
	Declined []desk.AgentID
}

// Why tells in one word what decided.
type Why string

// What decides, from the first to the last.
const (
	LastAgent   Why = "last_agent"   // the customer's last agent was free
	OnlyOne     Why = "only_one"     // nobody else could
	LeastLoaded Why = "least_loaded" // the smallest part of the capacity in use
	LongestIdle Why = "longest_idle" // equally loaded, longest without new work
)

// Decision gives a conversation to an agent.
type Decision struct {
	Work   desk.ConversationID
	Agent  desk.AgentID
	Reason Reason
}

// Reason is a Decision explained; it is stored and shown.
type Reason struct {
	Why Why `json:"why"`
	// Load and Capacity are the agent's before.
	Load     int `json:"load"`
	Capacity int `json:"capacity"`
	// Able is how many could have taken it.
	Able int `json:"able"`
	// Waited is for how long it had waited, in seconds, and Boost what was added.
	WaitedSeconds int64 `json:"waited_s"`
	BoostSeconds  int64 `json:"boost_s,omitempty"`
}

// Lack counts why each agent could not take a conversation; each agent counts
// once, for the first of these.
type Lack struct {
	// Team, Skill and Language: not theirs.
	Team     int `json:"team,omitempty"`
	Skill    int `json:"skill,omitempty"`
	Language int `json:"language,omitempty"`
	// Declined: they had it.
	Declined int `json:"declined,omitempty"`
	// Away: able, but not taking work.
	Away int `json:"away,omitempty"`
	// Full: able and there, but without room.
	Full int `json:"full,omitempty"`
}

// Hopeless reports that nobody could take it even if all came and were free.
func (l Lack) Hopeless() bool { return l.Away == 0 && l.Full == 0 }

// Choose picks the agent for a conversation: of those with the required team,
// skills, language and room the customer's last agent, else the least loaded,
// else the longest idle. If there is none, the Lack says why.
func Choose(w Work, agents []Agent, now time.Time) (Decision, Lack, bool) {
	best, able, tied, lack := -1, 0, false, Lack{}
	for i := range agents {
		a := &agents[i]
		if !able1(w, a, &lack) {
			continue
		}
		able++
		if best < 0 {
			best = i
			continue
		}
		if order := prefer(w, a, &agents[best]); order < 0 {
			best, tied = i, sameLoad(a, &agents[best])
		} else if sameLoad(a, &agents[best]) {
			tied = true
		}
	}
	if best < 0 {
		return Decision{}, lack, false
	}
	a := agents[best]
	why := LeastLoaded
	switch {
	case a.ID == w.Preferred:
		why = LastAgent
	case able == 1:
		why = OnlyOne
	case tied:
		why = LongestIdle
	}
	return Decision{Work: w.ID, Agent: a.ID, Reason: Reason{
		Why: why, Load: a.Load, Capacity: a.Capacity, Able: able,
		WaitedSeconds: int64(max(now.Sub(w.WaitingSince), 0) / time.Second), BoostSeconds: int64(w.Boost / time.Second),
	}}, Lack{}, true
}

// able1 reports whether the agent can take the work now, and counts why not.
func able1(w Work, a *Agent, lack *Lack) bool {
	switch {
	case w.Team != "" && !slices.Contains(a.Teams, w.Team):
		lack.Team++
	case !skilled(w.Needs, a.Skills):
		lack.Skill++
	case w.Language != "" && len(a.Languages) > 0 && !slices.Contains(a.Languages, w.Language):
		lack.Language++
	case slices.Contains(w.Declined, a.ID):
		lack.Declined++
	case !a.Taking:
		lack.Away++
	case a.room() < max(w.Weight, 1):
		lack.Full++
	default:
		return true
	}
	return false
}

func skilled(needs []Need, skills map[string]int) bool {
	for _, n := range needs {
		if skills[n.Skill] < max(n.Level, MinLevel) {
			return false
		}
	}
	return true
}

// prefer is below 0 if a goes before b for this work.
func prefer(w Work, a, b *Agent) int {
	if (a.ID == w.Preferred) != (b.ID == w.Preferred) {
		if a.ID == w.Preferred {
			return -1
		}
		return 1
	}
	// a.Load/a.Capacity against b.Load/b.Capacity without division.
	if l, r := a.Load*b.Capacity, b.Load*a.Capacity; l != r {
		return l - r
	}
	if c := a.IdleSince.Compare(b.IdleSince); c != 0 {
		return c
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

func sameLoad(a, b *Agent) bool { return a.Load*b.Capacity == b.Load*a.Capacity }
