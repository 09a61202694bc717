package training

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/platform/text"
)

// Order is what is to be learned.
type Order struct {
	Examples []nlu.Example `json:"examples"`
	// Outside are texts that mean none of the intents; the first Own of them
	// are the account's own.
	Outside []string `json:"outside"`
	Own     int      `json:"own,omitempty"`
	Seed    uint64   `json:"seed"`
	// Linear leaves out the model that takes minutes, Unjudged what the report
	// is made of.
	Linear   bool `json:"linear,omitempty"`
	Unjudged bool `json:"unjudged,omitempty"`
}

// Step is where a training is.
type Step struct {
	// Stage is the kind of model at work.
	Stage string `json:"stage"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// The kinds of models, in the order they are made.
const (
	Linear = "linear"
	Mixed  = "mixed"
)

// Made is a model that a training has made.
type Made struct {
	Kind   string `json:"kind"`
	Report Report `json:"report"`
	Missed []Miss `json:"missed"`
	// Model is its stored form.
	Model []byte `json:"-"`
}

// Trainer learns. It calls step often and made for each model, both on one
// goroutine; an error of made, or the end of ctx, ends the training. What was
// wrong with the order is Invalid, a trainer that died is Unavailable.
type Trainer interface {
	Train(ctx context.Context, o Order, step func(Step), made func(Made) error) error
}

// Learn is the work of a training: first the model that is ready in seconds,
// then, where it is better, the one that takes minutes. step may answer false
// to end it.
func Learn(o Order, clock desk.Clock, step func(Step) bool, made func(Made) error) error {
	kinds := []string{Linear, Mixed}
	if o.Linear || o.Unjudged {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		began := clock.Now()
		options := nlu.Options{Outside: o.Outside, Own: o.Own, Seed: o.Seed, Linear: kind == Linear, Unjudged: o.Unjudged}
		m, r, err := nlu.Train(o.Examples, options, func(p nlu.Progress) bool { return step(Step{kind, p.Done, p.Total}) })
		if err != nil {
			return err
		}
		if kind == Mixed && !m.Mixed() {
			return nil
		}
		if err := deliver(o, clock.Now().Sub(began).Seconds(), kind, m, r, made); err != nil {
			return err
		}
	}
	return nil
}

func deliver(o Order, seconds float64, kind string, m *nlu.Model, r nlu.Report, made func(Made) error) error {
	report, missed := judge(o.Examples, r)
	report.Outside, report.Seconds = len(o.Outside), seconds
	return made(Made{Kind: kind, Report: report, Missed: missed, Model: m.AppendBinary(nil)})
}

// Here is a Trainer that learns on the caller's goroutine: for tests and tools.
type Here struct {
	Clock desk.Clock
	// Linear and Unjudged are as in Order.
	Linear, Unjudged bool
}

// Train learns.
func (h Here) Train(ctx context.Context, o Order, step func(Step), made func(Made) error) error {
	o.Linear, o.Unjudged = o.Linear || h.Linear, o.Unjudged || h.Unjudged
	err := Learn(o, h.Clock, func(s Step) bool {
		step(s)
		return ctx.Err() == nil
	}, made)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// orderOf makes the order of an account's intents. Disabled ones are left out;
// what is an example of an intent is no stranger.
func orderOf(intents []Intent, seed uint64) Order {
	o := Order{Seed: seed}
	inside := make(map[string]bool)
	own := []string{}
	for _, i := range intents {
		switch {
		case !i.Enabled:
		case i.Name == Outside:
			own = i.Examples
		default:
			for _, e := range i.Examples {
				o.Examples = append(o.Examples, nlu.Example{Intent: i.Name, Text: e})
				inside[text.Normalize(e)] = true
			}
		}
	}
	for n, list := range [][]string{own, outsideTexts()} {
		for _, t := range list {
			if key := text.Normalize(t); !inside[key] {
				inside[key] = true
				o.Outside = append(o.Outside, t)
			}
		}
		if n == 0 {
			o.Own = len(o.Outside)
		}
	}
	return o
}
