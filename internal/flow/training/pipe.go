package training

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"yingda.dev/internal/desk"
)

// What parent and child say to each other: the parent writes an Order as JSON,
// the child answers with lines of JSON. The bytes of a model follow their line
// in parts, so that no line is long.

// line is what the child says.
type line struct {
	Step *Step `json:"step,omitempty"`
	Made *Made `json:"made,omitempty"`
	// Size is how many bytes of a model follow a Made, as Parts.
	Size int    `json:"size,omitempty"`
	Part []byte `json:"part,omitempty"`
	// Refused is why the order cannot be followed.
	Refused string `json:"refused,omitempty"`
}

const (
	// maxModel bounds what the parent takes: a model of 5,000 intents has about 100 MB.
	maxModel = 1 << 30
	partSize = 48 << 10
)

// Serve is the child's side: it reads an order, learns and tells.
func Serve(in io.Reader, out io.Writer, clock desk.Clock) error {
	const op = "train"
	var o Order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return desk.Wrap(desk.Invalid, op, err)
	}
	w := bufio.NewWriter(out)
	lines := json.NewEncoder(w)
	last := Step{Done: -1}
	var broken error
	say := func(l line) {
		if broken == nil {
			broken = lines.Encode(l)
		}
	}
	err := Learn(o, clock, func(s Step) bool {
		// A thousandth is enough to look at.
		if s.Stage == last.Stage && s.Done-last.Done < s.Total/1000 {
			return broken == nil
		}
		last = s
		say(line{Step: &s})
		broken = errors.Join(broken, w.Flush())
		return broken == nil
	}, func(m Made) error {
		say(line{Made: &m, Size: len(m.Model)})
		for rest := m.Model; len(rest) > 0; rest = rest[min(partSize, len(rest)):] {
			say(line{Part: rest[:min(partSize, len(rest))]})
		}
		broken = errors.Join(broken, w.Flush())
		return broken
	})
	if broken == nil && desk.KindOf(err) == desk.Invalid {
		say(line{Refused: desk.UserMessage(err)})
		return errors.Join(err, broken, w.Flush())
	}
	return err
}

// Ear is the parent's side: it makes steps and models of what a child says.
// It is not safe for concurrent use.
type Ear struct {
	// Step and Made hear; an error of Made is Hear's.
	Step func(Step)
	Made func(Made) error

	pending *Made
	size    int
}

// Hear takes a line. Invalid is what the child refuses, Unavailable what it
// cannot mean.
func (e *Ear) Hear(raw []byte) error {
	const op = "hear trainer"
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	switch {
	case l.Refused != "":
		return desk.E(desk.Invalid, op, l.Refused)
	case l.Step != nil:
		e.Step(*l.Step)
	case l.Made != nil:
		if l.Size < 1 || l.Size > maxModel || e.pending != nil {
			return desk.E(desk.Unavailable, op, "a model of an impossible size")
		}
		e.pending, e.size = l.Made, l.Size
	case e.pending != nil:
		m := e.pending
		m.Model = append(m.Model, l.Part...)
		if len(m.Model) > e.size {
			return desk.E(desk.Unavailable, op, "a model of an impossible size")
		}
		if len(m.Model) == e.size {
			e.pending = nil
			return e.Made(*m)
		}
	}
	return nil
}

// Whole tells whether nothing was left half said.
func (e *Ear) Whole() bool { return e.pending == nil }
