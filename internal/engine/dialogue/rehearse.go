package dialogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"yingda.dev/internal/desk"
)

// Rehearsal is how a test dialogue went.
type Rehearsal struct {
	Name   string
	Passed bool
	// Line is that of the file where it failed; Want and Got say how.
	Line      int
	Want, Got string
	Trace     []Note
}

// actor plays one test.
type actor struct {
	set     Set
	flow    *Flow
	test    Test
	state   State
	effects []Effect // not yet expected by a line
	trace   []Note
	begun   bool
	err     error
}

// Rehearse plays a test dialogue of the flow. The set holds the flows that it
// may call or change to; calls are answered by the test.
func Rehearse(set Set, f *Flow, t Test) Rehearsal {
	all := maps.Clone(set)
	if all == nil {
		all = Set{}
	}
	all[f.Name] = f
	p := &actor{set: all, flow: f, test: t}
	r := Rehearsal{Name: t.Name}
	for _, l := range t.Lines {
		if want, got, ok := p.play(l); !ok {
			r.Line, r.Want, r.Got, r.Trace = l.Line, want, got, p.trace
			return r
		}
	}
	r.Passed, r.Trace = true, p.trace
	if len(p.effects) > 0 && p.effects[0].Kind == CallIt {
		r.Passed, r.Line, r.Want, r.Got = false, t.Line, "", describe(p.effects[0])
	}
	return r
}

func (p *actor) step(in Input) {
	in.Facts = p.test.Facts
	out, err := Step(p.set, p.state, in, p.test.Now)
	if err != nil {
		p.err = err
		return
	}
	// What is stored between two inputs is JSON.
	data, err := json.Marshal(out.State)
	if err == nil {
		p.state, err = ReadState(data)
	}
	p.err = err
	p.effects, p.trace = append(p.effects, out.Effects...), append(p.trace, out.Trace...)
}

func (p *actor) play(l Line) (want, got string, ok bool) {
	switch l.Kind {
	case UserLine, ButtonLine, FormLine:
		if len(p.effects) > 0 && p.effects[0].Kind == CallIt {
			return "", describe(p.effects[0]), false
		}
		p.effects = nil
		in := Input{Kind: Message, Text: l.Text, Form: l.Form}
		if l.Flow != "" {
			in.Guess = &Guess{l.Flow, 0.95}
		}
		if l.Answer != "" {
			in.Aside = &Aside{desk.TextContent(l.Answer), 0.95}
		}
		if !p.begun {
			in.Kind, in.Flow, p.begun = Begin, p.flow.Name, true
		}
		p.step(in)
		if p.err != nil {
			return l.Text, p.err.Error(), false
		}
		return "", "", true
	case CallLine:
		return p.call(l)
	default: // what the bot is to do
	}
	for i, e := range p.effects {
		if e.Kind == EscalateIt || l.Kind != EndLine && e.Kind == EndedIt {
			continue
		}
		if l.matches(e) {
			p.effects = p.effects[i+1:]
			return "", "", true
		}
		if l.Kind != EndLine || e.Kind == CallIt {
			return l.wish(), describe(e), false
		}
	}
	return l.wish(), "—", false
}

func (p *actor) call(l Line) (want, got string, ok bool) {
	if len(p.effects) == 0 || p.effects[0].Kind != CallIt {
		got = "—"
		if len(p.effects) > 0 {
			got = describe(p.effects[0])
		}
		return l.wish(), got, false
	}
	e := p.effects[0]
	if !strings.Contains(describe(e), l.Text) {
		return l.wish(), describe(e), false
	}
	p.effects = p.effects[1:]
	r := &Result{Call: e.Call.ID, Status: l.Status, Failure: l.Failure}
	if l.Body != nil {
		r.Body, _ = json.Marshal(l.Body)
	}
	p.step(Input{Kind: Answered, Result: r})
	return "", "", p.err == nil
}

// matches reports whether the effect is what the line expects.
func (l Line) matches(e Effect) bool {
	switch l.Kind {
	case BotLine:
		return e.Kind == SayIt && strings.Contains(flat(shown(*e.Content)), flat(l.Text))
	case HandoffLine:
		return e.Kind == HandOffIt && strings.Contains(e.Reason, l.Text)
	case EndLine:
		return e.Kind == EndedIt || e.Kind == HandOffIt
	default:
		return false
	}
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// shown is what a visitor reads, with buttons and the questions of forms.
func shown(c desk.Content) string {
	var s strings.Builder
	s.WriteString(c.PlainText())
	for _, p := range c.Parts {
		if p.Form != nil {
			for _, f := range p.Form.Fields {
				s.WriteString("\n" + f.Label)
			}
		}
		if p.Card != nil {
			s.WriteString("\n" + p.Card.Price)
		}
	}
	return s.String()
}

func (l Line) wish() string { return string(l.Kind) + ": " + l.Text }

// describe is an effect as a line of a test.
func describe(e Effect) string {
	switch e.Kind {
	case SayIt:
		return "bot: " + shown(*e.Content)
	case CallIt:
		s := fmt.Sprintf("call: %s %s", e.Call.Method, e.Call.URL)
		if len(e.Call.Body) > 0 {
			s += " " + string(e.Call.Body)
		}
		return s
	case HandOffIt:
		return "handoff: " + e.Reason
	case EndedIt:
		return "end: " + e.Reason
	case EscalateIt:
		return "escalate: " + e.Reason
	}
	return string(e.Kind)
}
