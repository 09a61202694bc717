package scenario

import (
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
)

// Failing is a step of a flow whose service did not answer as it should when it
// was last called, as far as this node knows.
type Failing struct {
	Flow, Step string
	// Failure is why, or empty; Status is the service's.
	Failure string
	Status  int
	// Times counts the failures in a row.
	Times int
	Since time.Time
	Last  time.Time
}

// maxFailing bounds what is remembered; beyond it all is forgotten, and what
// still fails is noted again at its next call.
const maxFailing = 1000

type callee struct {
	account    desk.AccountID
	flow, step string
}

// note remembers how a call came out: a success forgets the failures before it.
func (s *Service) note(account desk.AccountID, c dialogue.Call, r dialogue.Result) {
	key, now := callee{account, c.Flow, c.Step}, s.deps.Clock.Now()
	failed := r.Failure != "" || r.Status >= 500 || r.Status == 401 || r.Status == 403 || r.Status == 429
	s.calls.WithLabelValues(map[bool]string{true: "failed", false: "answered"}[failed]).Inc()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !failed {
		delete(s.failing, key)
		return
	}
	f, known := s.failing[key]
	if !known {
		if len(s.failing) >= maxFailing {
			clear(s.failing)
		}
		f = Failing{Flow: c.Flow, Step: c.Step, Since: now}
	}
	f.Failure, f.Status, f.Last = r.Failure, r.Status, now
	f.Times++
	s.failing[key] = f
}

// Failing lists the account's steps whose service fails, the newest failure first.
func (s *Service) Failing(account desk.AccountID) []Failing {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Failing
	for key, f := range s.failing {
		if key.account == account {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Failing) int {
		if c := b.Last.Compare(a.Last); c != 0 {
			return c
		}
		return strings.Compare(a.Flow+"\x00"+a.Step, b.Flow+"\x00"+b.Step)
	})
	return out
}
