package app

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/profile"
	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/flow/workspace"
)

// botFlows leads the bot's conversations along flows: those that operators
// wrote, and what an intent does, which is a small flow of its own.
type botFlows struct {
	scenarios *scenario.Service
	training  *training.Service
	library   *library.Service
	profiles  *profile.Service
	offices   *workspace.Service
	book      *bot.Book
	clock     desk.Clock
}

const (
	// intentFlow begins the names of flows that are made of an intent's actions.
	intentFlow = "intent_"
	// mostCalls bounds the calls of a turn.
	mostCalls = 8
	// flowName is how long a name may be.
	flowName = 60
)

// Step implements bot.Flows.
func (b botFlows) Step(ctx context.Context, account desk.AccountID, state json.RawMessage, in bot.Step) (bot.Stepped, error) {
	current, err := b.scenarios.Flows(ctx, account)
	if err != nil {
		return bot.Stepped{}, err
	}
	s, err := dialogue.ReadState(state)
	if err != nil {
		return bot.Stepped{Passed: true}, nil //nolint:nilerr // a state of another version: the question is an ordinary one
	}
	flows := playbook{set: maps.Clone(current.Set)}
	if flows.set == nil {
		flows.set = dialogue.Set{}
	}
	if err := b.known(ctx, account, s, &flows); err != nil {
		return bot.Stepped{}, err
	}
	input, ok, err := b.input(ctx, account, &flows, in)
	if err != nil || !ok || in.Begin == nil && !s.Active() {
		return bot.Stepped{Passed: true}, err
	}
	if input.Facts, err = b.facts(ctx, account, in); err != nil {
		return bot.Stepped{}, err
	}
	if in.Begin != nil {
		s = dialogue.State{}
	}
	out := bot.Stepped{Version: current.Version}
	out.Flow = strings.TrimPrefix(input.Flow, intentFlow)
	if out.Flow == "" {
		out.Flow = strings.TrimPrefix(s.Flow(), intentFlow)
	}
	s, err = b.play(ctx, account, flows.set, s, input, in, &out)
	if err != nil {
		return bot.Stepped{}, err
	}
	if s.Active() {
		out.State, err = json.Marshal(s)
	}
	return out, err
}

// play leads the dialogue on until somebody is waited for.
func (b botFlows) play(ctx context.Context, account desk.AccountID, set dialogue.Set, s dialogue.State, input dialogue.Input, in bot.Step, out *bot.Stepped) (dialogue.State, error) {
	for range mostCalls {
		outcome, err := dialogue.Step(set, s, input, b.clock.Now().In(b.book.Zone(account)))
		if err != nil {
			return s, err
		}
		s = outcome.State
		var call *dialogue.Call
		for _, e := range outcome.Effects {
			switch e.Kind {
			case dialogue.SayIt:
				out.Says = append(out.Says, *e.Content)
			case dialogue.CallIt:
				call = e.Call
			case dialogue.EscalateIt:
				out.Escalate, out.Reason, out.Score = true, e.Reason, e.Score
			case dialogue.HandOffIt:
				out.HandOff, out.Reason, out.Slots = true, e.Reason, learned(e, in.Locale)
			case dialogue.EndedIt:
			}
		}
		if call == nil {
			return s, nil
		}
		result := b.scenarios.Perform(ctx, account, string(in.Conversation), *call)
		input = dialogue.Input{Kind: dialogue.Answered, Result: &result, Facts: input.Facts}
	}
	out.HandOff, out.Reason = true, bot.Failure
	return dialogue.State{}, nil
}

// learned is what those who take over read of a flow.
func learned(e dialogue.Effect, l desk.Locale) map[string]string {
	out := make(map[string]string, len(e.Slots)+1)
	for _, k := range e.Slots {
		out[k.Label] = k.Value
	}
	if e.Summary != "" {
		word := "摘要"
		if l == desk.English {
			word = "Summary"
		}
		out[word] = e.Summary
	}
	return out
}

// playbook is the flows of a turn.
type playbook struct{ set dialogue.Set }

// of is the flow that an intent begins; false if it does nothing.
func (p *playbook) of(name string, actions json.RawMessage) (string, bool) {
	var list []struct{ Type, Flow, Name string }
	if len(bytes.TrimSpace(actions)) == 0 || json.Unmarshal(actions, &list) != nil || len(list) == 0 {
		return "", false
	}
	if len(list) == 1 && list[0].Type == "flow" {
		f := list[0].Flow + list[0].Name
		_, ok := p.set[f]
		return f, ok
	}
	named := intentFlow + strings.TrimPrefix(name, "@")
	if len(named) > flowName {
		return "", false
	}
	flow, _ := dialogue.Actions(actions, named)
	if flow == nil {
		return "", false
	}
	p.set[named] = flow
	return named, true
}

// known adds the flows of intents that the state stands in.
func (b botFlows) known(ctx context.Context, account desk.AccountID, s dialogue.State, flows *playbook) error {
	for _, f := range s.Frames {
		name, ok := strings.CutPrefix(f.Flow, intentFlow)
		if !ok {
			continue
		}
		current, err := b.training.Current(ctx, account)
		if err != nil {
			return err
		}
		for _, n := range []string{name, "@" + name} {
			if in, ok := current.Find(n); ok {
				flows.of(in.Name, in.Actions)
				break
			}
		}
	}
	return nil
}

// input says what the flow hears; false if there is nothing for it.
func (b botFlows) input(ctx context.Context, account desk.AccountID, flows *playbook, in bot.Step) (dialogue.Input, bool, error) {
	switch {
	case in.Begin != nil:
		flow, ok := flows.of(in.Begin.Name, in.Begin.Actions)
		return dialogue.Input{Kind: dialogue.Begin, Flow: flow, Text: in.Text}, ok, nil
	case in.Expired:
		return dialogue.Input{Kind: dialogue.TimedOut}, true, nil
	}
	input := dialogue.Input{Kind: dialogue.Message, Text: in.Text, Form: in.Form}
	if in.Guess != "" && !strings.HasPrefix(in.Guess, "@") {
		current, err := b.training.Current(ctx, account)
		if err != nil {
			return input, false, err
		}
		if meant, ok := current.Find(in.Guess); ok {
			if flow, ok := flows.of(meant.Name, meant.Actions); ok {
				input.Guess = &dialogue.Guess{Flow: flow, P: in.GuessConfidence}
			}
		}
	}
	if strings.TrimSpace(in.Text) == "" {
		return input, true, nil
	}
	if in.Small != "" {
		input.Aside = &dialogue.Aside{Content: desk.TextContent(in.Small), P: in.GuessConfidence}
		return input, true, nil
	}
	found, err := b.library.Find(ctx, account, library.Ask{Text: in.Text, Locale: string(in.Locale), Limit: 1})
	if err != nil {
		return input, false, err
	}
	if len(found.Hits) > 0 {
		input.Aside = &dialogue.Aside{Content: found.Hits[0].Answer, P: found.Confidence}
	}
	return input, true, nil
}

// facts are what flows may say of the customer and the company.
func (b botFlows) facts(ctx context.Context, account desk.AccountID, in bot.Step) (map[string]any, error) {
	company, err := b.offices.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	facts := map[string]any{
		"account": map[string]any{"name": company.Name}, "conversation": map[string]any{"id": string(in.Conversation), "locale": string(in.Locale)},
	}
	view, err := b.profiles.Get(ctx, profile.By{Account: account, Sight: desk.SeesAll()}, in.Contact)
	if desk.KindOf(err) == desk.NotFound || in.Contact == "" {
		return facts, nil
	}
	if err != nil {
		return nil, err
	}
	p := view.Contact.Profile
	contact := map[string]any{"locale": string(in.Locale)}
	for k, v := range p.Attributes {
		contact[k] = v
	}
	for k, v := range map[string]string{"name": p.Name, "email": p.Email, "phone": p.Phone} {
		if v != "" {
			contact[k] = v
		}
	}
	facts["contact"] = contact
	return facts, nil
}
