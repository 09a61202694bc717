package scenario

import (
	"context"
	"maps"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
)

// Checked is what is to be said of a source.
type Checked struct {
	// Flow is nil if a problem is more than a warning.
	Flow       *dialogue.Flow
	Problems   []dialogue.Problem
	Rehearsals []dialogue.Rehearsal
	// Missing are secrets that the flow uses and nobody has set.
	Missing []string
}

// Check reads a source beside the flows that serve, and plays its test dialogues.
func (s *Service) Check(ctx context.Context, account desk.AccountID, source string) (Checked, error) {
	current, err := s.Flows(ctx, account)
	if err != nil {
		return Checked{}, err
	}
	var c Checked
	c.Flow, c.Problems = dialogue.Parse([]byte(source))
	if c.Flow == nil {
		return c, nil
	}
	c.Problems = append(c.Problems, dialogue.CheckSet(current.Set, c.Flow)...)
	for _, t := range c.Flow.Tests {
		c.Rehearsals = append(c.Rehearsals, dialogue.Rehearse(current.Set, c.Flow, t))
	}
	rows, err := s.deps.Store.ScenarioSecrets(ctx, account)
	if err != nil {
		return Checked{}, err
	}
	known := make(map[string]bool, len(rows))
	for _, row := range rows {
		known[row.Name] = true
	}
	for _, name := range c.Flow.Secrets() {
		if !known[name] {
			c.Missing = append(c.Missing, name)
		}
	}
	return c, nil
}

// Debug does one step of a source with a state that the caller keeps. If perform
// is set, calls are made and their results fed back at once.
func (s *Service) Debug(ctx context.Context, account desk.AccountID, source string, state []byte, in dialogue.Input, perform bool) (dialogue.Outcome, error) {
	const op = "debug flow"
	current, err := s.Flows(ctx, account)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	f, _ := dialogue.Parse([]byte(source))
	if f == nil {
		return dialogue.Outcome{}, desk.InvalidField(op, "source", "the flow has problems; they are shown beside its text")
	}
	set := maps.Clone(current.Set)
	set[f.Name] = f
	at, err := dialogue.ReadState(state)
	if err != nil {
		return dialogue.Outcome{}, err
	}
	if in.Kind == dialogue.Begin && in.Flow == "" {
		in.Flow = f.Name
	}
	facts := in.Facts
	out, err := dialogue.Step(set, at, in, s.deps.Clock.Now().In(s.deps.Zones.Zone(account)))
	// A dialogue that calls and calls is led on only so far.
	for range maxPerformed {
		if err != nil || !perform || out.State.Waiting() != dialogue.WaitCall || len(out.Effects) == 0 {
			break
		}
		last := out.Effects[len(out.Effects)-1]
		if last.Kind != dialogue.CallIt {
			break
		}
		result := s.Perform(ctx, account, "debug", *last.Call)
		next, stepErr := dialogue.Step(set, out.State, dialogue.Input{Kind: dialogue.Answered, Result: &result, Facts: facts}, s.deps.Clock.Now().In(s.deps.Zones.Zone(account)))
		err = stepErr
		out = dialogue.Outcome{State: next.State, Effects: append(out.Effects, next.Effects...), Trace: append(out.Trace, next.Trace...)}
	}
	return out, err
}

// maxPerformed is how many calls one step of the debugger makes.
const maxPerformed = 5
