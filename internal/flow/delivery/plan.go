package delivery

import (
	"time"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
)

// Verdict says what a plan is.
type Verdict string

// The verdicts.
const (
	// Go: send Plan.Sends.
	Go Verdict = "go"
	// Hold: the customer must write first.
	Hold Verdict = "hold"
	// GiveUp: it can never be sent like this.
	GiveUp Verdict = "give_up"
)

// The reasons of a plan that does not send, and of messages that failed.
const (
	ReasonWindowClosed = "window_closed"
	ReasonQuota        = "quota"
	ReasonContent      = "unsupported_content"
	ReasonTooLong      = "too_long"
)

// Window is how a customer's reply window stands. The zero value was never
// opened.
type Window struct {
	// ExpiresAt is the first moment at which it is shut.
	ExpiresAt time.Time
	// Quota is how many sends it grants, 0 any number; Used how many are gone.
	Quota, Used int
}

// Request is what a plan is made for.
type Request struct {
	Parts        []desk.Part
	Capabilities channel.Capabilities
	Author       desk.AuthorKind
	Window       Window
	Now          time.Time
	// Budget repeats the plan of an earlier attempt: the Plan.Budget it had. 0
	// plans anew.
	Budget int
	// Done is how many of its sends are done already.
	Done int
}

// Plan is what to do with a message.
type Plan struct {
	Verdict Verdict
	// Reason is set unless the verdict is Go.
	Reason string
	// Sends are the calls to make, each with its parts, in order.
	Sends [][]desk.Part
	// Budget is how many sends the plan was squeezed into; Unbounded if not.
	Budget int
}

// Unbounded is the budget of a plan without a quota.
const Unbounded = 1 << 20

// Make plans one message. It is pure: the same request gives the same plan,
// and the same parts with the same budget give the same sends.
func Make(r Request) Plan {
	budget, full, reason := r.budget()
	if reason != "" {
		return r.refuse(reason)
	}
	if r.Budget > 0 {
		// A message begun is finished the way it was begun, or held in between.
		sends, ok := squeeze(r.Parts, r.Capabilities, r.Budget)
		switch {
		case !ok:
			return Plan{Verdict: GiveUp, Reason: ReasonContent}
		case len(sends)-r.Done <= budget:
			return Plan{Verdict: Go, Sends: sends, Budget: r.Budget}
		default:
			return r.refuse(ReasonQuota)
		}
	}
	sends, ok := squeeze(r.Parts, r.Capabilities, budget)
	if !ok {
		return Plan{Verdict: GiveUp, Reason: ReasonContent}
	}
	if len(sends) <= budget {
		return Plan{Verdict: Go, Sends: sends, Budget: budget}
	}
	if len(sends) > full {
		if sends, _ = squeeze(r.Parts, r.Capabilities, full); len(sends) > full {
			return Plan{Verdict: GiveUp, Reason: ReasonTooLong}
		}
	}
	return r.refuse(ReasonQuota)
}

// budget is how many sends are allowed now and at the best of times; reason
// says why none is.
func (r Request) budget() (now, best int, reason string) {
	w := r.Capabilities.Window
	if w == nil {
		return Unbounded, Unbounded, ""
	}
	human := r.Author == desk.ByAgent
	best = Unbounded
	if o, ok := w.Opening(channel.OnMessage); ok && o.Quota > 0 {
		best = o.Quota
		if !human {
			best -= w.Reserve
		}
	}
	if !r.Now.Before(r.Window.ExpiresAt) {
		if w.Overflow == channel.HumanOnly && human {
			return Unbounded, Unbounded, ""
		}
		return 0, best, ReasonWindowClosed
	}
	if r.Window.Quota == 0 {
		return Unbounded, Unbounded, ""
	}
	now = r.Window.Quota - r.Window.Used
	if !human {
		now -= w.Reserve
	}
	if now <= 0 {
		return 0, best, ReasonQuota
	}
	return now, max(best, now), ""
}

func (r Request) refuse(reason string) Plan {
	if w := r.Capabilities.Window; w == nil || w.Overflow == channel.Drop {
		return Plan{Verdict: GiveUp, Reason: reason}
	}
	return Plan{Verdict: Hold, Reason: reason}
}

// squeeze turns parts into sends, as they are if they fit the budget, else
// with texts joined, else all as text. The result may still be over budget;
// false means that the channel takes neither the parts nor text.
func squeeze(parts []desk.Part, c channel.Capabilities, budget int) ([][]desk.Part, bool) {
	native, ok := render(parts, c, false)
	if !ok {
		return nil, false
	}
	sends := pack(cut(native, c), c)
	if len(sends) <= budget {
		return sends, true
	}
	if joined := pack(cut(join(native), c), c); len(joined) <= budget {
		return joined, true
	}
	plain, ok := render(parts, c, true)
	if !ok {
		return sends, true
	}
	if all := pack(cut(join(plain), c), c); len(all) < len(sends) {
		return all, true
	}
	return sends, true
}

// pack puts as many parts into each send as the platform takes.
func pack(parts []desk.Part, c channel.Capabilities) [][]desk.Part {
	per := max(1, c.PartsPerSend)
	sends := make([][]desk.Part, 0, (len(parts)+per-1)/per)
	for len(parts) > 0 {
		n := min(per, len(parts))
		sends = append(sends, parts[:n:n])
		parts = parts[n:]
	}
	return sends
}
