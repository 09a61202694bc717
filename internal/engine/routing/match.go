package routing

import (
	"cmp"
	"slices"
	"time"
)

// Policy says how much being important is worth, in waiting time. The zero
// value is first come, first served.
type Policy struct {
	// VIP is added for each tier above the first.
	VIP time.Duration
	// Escalated is added when a conversation was escalated.
	Escalated time.Duration
	// Returned is added each time it was offered and not taken.
	Returned time.Duration
	// Unhurried is taken away when the customer left a message or waits for a
	// call, and does not sit before the chat.
	Unhurried time.Duration
}

// Usual is the policy of an account that has not set one.
var Usual = Policy{VIP: 5 * time.Minute, Escalated: 15 * time.Minute, Returned: 2 * time.Minute, Unhurried: time.Hour}

// MaxTier is the highest tier; returns count up to maxReturns. So the sum has a bound.
const (
	MaxTier    = 4
	maxReturns = 5
)

// Boost adds up what a conversation's standing is worth.
func (p Policy) Boost(tier int, escalated bool, returned int) time.Duration {
	boost := p.VIP*time.Duration(min(max(tier, 0), MaxTier)) + p.Returned*time.Duration(min(max(returned, 0), maxReturns))
	if escalated {
		boost += p.Escalated
	}
	return boost
}

// Longest is the largest difference that standing makes: who has waited that
// much longer than somebody else goes first, whoever that is.
func (p Policy) Longest() time.Duration { return p.Boost(MaxTier, true, maxReturns) + p.Unhurried }

// compare orders the queue: who counts as waiting longest first. The order
// does not depend on the time of asking, so a queue stays sorted by itself.
func compare(a, b Work) int {
	if c := a.WaitingSince.Add(-a.Boost).Compare(b.WaitingSince.Add(-b.Boost)); c != 0 {
		return c
	}
	if c := a.WaitingSince.Compare(b.WaitingSince); c != 0 {
		return c
	}
	return cmp.Compare(a.ID, b.ID)
}

// Sort puts a queue in the order in which it is served.
func Sort(queue []Work) { slices.SortFunc(queue, compare) }

// Match serves a queue: the most urgent first, each as in Choose, agents
// filling up as they get work. The arguments are not changed. Decisions come
// in the order they were made; what is not in them waits.
func Match(queue []Work, agents []Agent, now time.Time) []Decision {
	sorted, staff := slices.Clone(queue), slices.Clone(agents)
	Sort(sorted)
	byID := make(map[string]int, len(staff))
	free := 0
	for i, a := range staff {
		byID[string(a.ID)] = i
		if a.Taking {
			free += max(a.room(), 0)
		}
	}
	var out []Decision
	for _, w := range sorted {
		if free <= 0 {
			break
		}
		d, _, ok := Choose(w, staff, now)
		if !ok {
			continue
		}
		a := &staff[byID[string(d.Agent)]]
		a.Load += max(w.Weight, 1)
		a.IdleSince = now
		free -= max(w.Weight, 1)
		out = append(out, d)
	}
	return out
}

// Position is the 1-based place of a conversation among those that compete for
// the same agents: those of its team that go before it. 0 if it is not there.
func Position(queue []Work, w Work) int {
	place, there := 1, false
	for _, other := range queue {
		switch {
		case other.ID == w.ID:
			there = true
		case other.Team == w.Team && compare(other, w) < 0:
			place++
		}
	}
	if !there {
		return 0
	}
	return place
}
