package delivery

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/channel"
)

// Action says what to do after a failed Send.
type Action string

// The actions.
const (
	// Again: try later; the attempt counts.
	Again Action = "again"
	// Wait: try later; the attempt does not count and the whole inbox waits.
	Wait Action = "wait"
	// Held: the customer must write first.
	Held Action = "held"
	// Fail: give the message up.
	Fail Action = "fail"
)

// Classify says what to do about a failed Send of an account: a pure function
// of the error's class and what the account can do.
func Classify(e *channel.SendError, c channel.Capabilities) Action {
	switch e.Class {
	case channel.Temporary:
		return Again
	case channel.Throttled, channel.Auth:
		return Wait
	case channel.WindowClosed, channel.Quota:
		if c.Window == nil || c.Window.Overflow == channel.Drop {
			return Fail
		}
		return Held
	case channel.UnknownOutcome:
		if c.Idempotency.Kind == channel.NoIdempotency || c.Idempotency.Kind == "" {
			return Fail
		}
		return Again
	case channel.Blocked, channel.InvalidContent, channel.ClassUnsupported:
		return Fail
	default:
		// A class we do not know may have sent something.
		return Fail
	}
}

// underway marks an outbox row whose Send has begun and not ended.
const underway = "sending"

// interrupted marks one whose process stopped between two sends.
const interrupted = "interrupted"

// progress is what an outbox row remembers in its Error column beside the last
// failure: how many sends of the plan are done, and the plan's budget.
type progress struct {
	code         string
	done, budget int
}

// String renders "code done/budget", or only the code if nothing was planned.
func (p progress) String() string {
	if p.budget == 0 {
		return p.code
	}
	return fmt.Sprintf("%s %d/%d", p.code, p.done, p.budget)
}

// parseProgress is the inverse of String; text it cannot read is only a code.
func parseProgress(s string) progress {
	code, counts, ok := strings.Cut(s, " ")
	if !ok {
		return progress{code: s}
	}
	done, budget, _ := strings.Cut(counts, "/")
	d, err1 := strconv.Atoi(done)
	b, err2 := strconv.Atoi(budget)
	if err1 != nil || err2 != nil || d < 0 || b <= 0 || d > b {
		return progress{code: s}
	}
	return progress{code, d, b}
}

// expired reports whether a platform has forgotten our key since the first
// attempt, which was at the latest at the message's own age.
func expired(i channel.Idempotency, age time.Duration) bool {
	return i.KeyTTL > 0 && age >= i.KeyTTL
}
