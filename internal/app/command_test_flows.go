package app

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
)

type testCommand struct {
	Flows testFlows `cmd:"" help:"Play the test dialogues of flows; the exit status is 1 if one does not go as written."`
}

type testFlows struct {
	Dir     string `help:"A folder of flows (.yaml, .yml, .json)." type:"existingdir" placeholder:"FOLDER"`
	Account string `help:"The drafts of this account in the configured database, by its id." placeholder:"ID"`
	Locale  string `help:"Language of problems." enum:"en,zh" default:"en"`
	JSON    bool   `help:"Print one line of JSON."`
}

// flowSource is a flow to be tested, with where it is from.
type flowSource struct{ from, source string }

// flowsTested is the JSON line of `yingda test flows`.
type flowsTested struct {
	Flows    int           `json:"flows"`
	Tests    int           `json:"tests"`
	Failed   int           `json:"failed"`
	Problems int           `json:"problems"`
	Failures []flowFailure `json:"failures,omitempty"`
}

// flowFailure is a problem of a file, or a test that did not go as written.
type flowFailure struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Test string `json:"test,omitempty"`
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
	Text string `json:"text,omitempty"`
}

// Run plays every test dialogue and prints what did not go as written.
func (t testFlows) Run(r *run) error {
	const op = "test flows"
	if (t.Dir == "") == (t.Account == "") {
		return desk.E(desk.Invalid, op, "name a folder (--dir) or an account (--account)")
	}
	sources, err := t.sources(r)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return desk.E(desk.NotFound, op, "there are no flows")
	}
	sum := t.play(sources)
	if t.JSON {
		if err := json.NewEncoder(r.process.Out).Encode(sum); err != nil {
			return err
		}
	} else {
		for _, f := range sum.Failures {
			if f.Text != "" {
				r.printf("%s:%d: %s\n", f.File, f.Line, f.Text)
				continue
			}
			r.printf("%s:%d: %s\n    want  %s\n    got   %s\n", f.File, f.Line, f.Test, f.Want, f.Got)
		}
		r.printf("%d flows, %d test dialogues, %d failed, %d problems\n", sum.Flows, sum.Tests, sum.Failed, sum.Problems)
	}
	if sum.Failed+sum.Problems > 0 {
		return desk.E(desk.Invalid, op, "not everything goes as written")
	}
	return nil
}

func (t testFlows) sources(r *run) (out []flowSource, err error) {
	if t.Account != "" {
		c, err := r.config()
		if err != nil {
			return nil, err
		}
		return out, r.withApp(c, func(ctx context.Context, a *App) error {
			account := desk.AccountID(t.Account)
			all, err := a.scenarios.List(ctx, account)
			for _, f := range all {
				full, err := a.scenarios.Get(ctx, account, f.ID)
				if err != nil {
					return err
				}
				out = append(out, flowSource{f.Name, full.Source})
			}
			return err
		})
	}
	for _, pattern := range []string{"*.yaml", "*.yml", "*.json"} {
		files, err := filepath.Glob(filepath.Join(t.Dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			out = append(out, flowSource{filepath.Base(file), string(source)})
		}
	}
	slices.SortFunc(out, func(a, b flowSource) int { return cmp.Compare(a.from, b.from) })
	return out, nil
}

// play reads all flows first, because they may call each other.
func (t testFlows) play(sources []flowSource) (sum flowsTested) {
	set := dialogue.Set{}
	flows := make([]*dialogue.Flow, len(sources))
	for i, s := range sources {
		var problems []dialogue.Problem
		flows[i], problems = dialogue.Parse([]byte(s.source))
		sum.problems(s.from, t.Locale, problems)
		if flows[i] != nil {
			set[flows[i].Name] = flows[i]
		}
	}
	for i, f := range flows {
		sum.Flows++
		if f == nil {
			continue
		}
		sum.problems(sources[i].from, t.Locale, dialogue.CheckSet(set, f))
		for _, test := range f.Tests {
			sum.Tests++
			if got := dialogue.Rehearse(set, f, test); !got.Passed {
				sum.Failed++
				sum.Failures = append(sum.Failures, flowFailure{File: sources[i].from, Line: got.Line, Test: got.Name, Want: got.Want, Got: got.Got})
			}
		}
	}
	return sum
}

func (s *flowsTested) problems(from, locale string, problems []dialogue.Problem) {
	for _, p := range problems {
		if !p.Warning {
			s.Problems++
			s.Failures = append(s.Failures, flowFailure{File: from, Line: p.Line, Text: p.Message(locale)})
		}
	}
}
