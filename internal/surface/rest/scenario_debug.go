package rest

import (
	"context"
	"encoding/json"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
)

type debugScenarioInput struct {
	Keyed
	Body struct {
		Source  string          `json:"source" minLength:"1" maxLength:"131072" doc:"YAML or JSON; docs/guide has the format."`
		State   json.RawMessage `json:"state,omitempty" doc:"As the step before gave it; left out at the beginning."`
		Perform bool            `json:"perform,omitempty" doc:"Make the calls of the flow and go on with what they give."`
		Input   debugInput      `json:"input"`
	}
}

// debugInput is what a step reacts to.
type debugInput struct {
	Kind   string            `json:"kind" enum:"begin,message,result,timeout,stop"`
	Text   string            `json:"text,omitempty" maxLength:"4096"`
	Form   map[string]string `json:"form,omitempty"`
	Flow   string            `json:"flow,omitempty" maxLength:"60" doc:"Another flow that the message would begin."`
	Answer string            `json:"answer,omitempty" maxLength:"4096" doc:"What knowledge would answer to the message."`
	Result *debugResult      `json:"result,omitempty"`
	Name   string            `json:"contact_name,omitempty" maxLength:"200"`
}

// debugResult is what a call gave.
type debugResult struct {
	Call    string          `json:"call" maxLength:"60"`
	Status  int             `json:"status,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
	Failure string          `json:"failure,omitempty" maxLength:"60"`
}

func (d debugInput) input() dialogue.Input {
	in := dialogue.Input{Kind: dialogue.InputKind(d.Kind), Text: d.Text, Form: d.Form, Facts: map[string]any{"contact": map[string]any{"name": d.Name}}}
	if d.Flow != "" {
		in.Guess = &dialogue.Guess{Flow: d.Flow, P: 0.95}
	}
	if d.Answer != "" {
		in.Aside = &dialogue.Aside{Content: desk.TextContent(d.Answer), P: 0.95}
	}
	if r := d.Result; r != nil {
		in.Result = &dialogue.Result{Call: r.Call, Status: r.Status, Body: r.Body, Failure: r.Failure}
	}
	return in
}

// ScenarioStep is what a step of a flow led to.
type ScenarioStep struct {
	State   json.RawMessage  `json:"state" doc:"To be handed in with the next step."`
	Waiting string           `json:"waiting,omitempty" enum:"slot,form,choose,confirm,call,flow" doc:"What the flow waits for; left out when it has ended."`
	At      string           `json:"at,omitempty" doc:"The id of the step that waits."`
	Effects []ScenarioEffect `json:"effects"`
	Trace   []dialogue.Note  `json:"trace"`
}

// ScenarioEffect is something that a flow does.
type ScenarioEffect struct {
	Kind    dialogue.EffectKind `json:"kind" enum:"say,call,escalate,handoff,ended"`
	Parts   []desk.Part         `json:"parts,omitempty"`
	Call    *ScenarioCall       `json:"call,omitempty"`
	Flow    string              `json:"flow,omitempty"`
	Reason  string              `json:"reason,omitempty"`
	Score   float64             `json:"score,omitempty"`
	Summary string              `json:"summary,omitempty"`
	Slots   []dialogue.Known    `json:"slots,omitempty"`
}

// ScenarioCall is a request of a flow; secrets are shown by their names.
type ScenarioCall struct {
	ID     string          `json:"id"`
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body,omitempty"`
}

func (s *Server) debugScenario(ctx context.Context, c caller, in *debugScenarioInput) (out[ScenarioStep], error) {
	b := in.Body
	step, err := s.deps.Scenarios.Debug(ctx, c.Account, b.Source, b.State, b.Input.input(), b.Perform)
	if err != nil {
		return out[ScenarioStep]{}, err
	}
	state, err := json.Marshal(step.State)
	if err != nil {
		return out[ScenarioStep]{}, desk.Wrap(desk.Internal, "debug flow", err)
	}
	o := ScenarioStep{State: state, Waiting: string(step.State.Waiting()), Effects: []ScenarioEffect{}, Trace: step.Trace}
	if frames := step.State.Frames; len(frames) > 0 {
		o.At = frames[len(frames)-1].At
	}
	if o.Trace == nil {
		o.Trace = []dialogue.Note{}
	}
	for _, e := range step.Effects {
		x := ScenarioEffect{Kind: e.Kind, Flow: e.Flow, Reason: e.Reason, Score: e.Score, Summary: e.Summary, Slots: e.Slots}
		if e.Content != nil {
			x.Parts = e.Content.Parts
		}
		if e.Call != nil {
			x.Call = &ScenarioCall{ID: e.Call.ID, Method: e.Call.Method, URL: e.Call.URL.String(), Body: e.Call.Body}
		}
		o.Effects = append(o.Effects, x)
	}
	return out[ScenarioStep]{o}, nil
}
