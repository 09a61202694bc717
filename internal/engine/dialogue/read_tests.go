package dialogue

import (
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Test is a dialogue that a flow must lead as written.
type Test struct {
	Name  string
	Now   time.Time
	Facts map[string]any
	Lines []Line
	Line  int
}

// LineKind names what a line of a Test is.
type LineKind string

// The kinds of lines.
const (
	UserLine    LineKind = "user"
	ButtonLine  LineKind = "button"
	FormLine    LineKind = "form"
	BotLine     LineKind = "bot"
	CallLine    LineKind = "call"
	HandoffLine LineKind = "handoff"
	EndLine     LineKind = "end"
)

// Line is one line of a Test: something said, or something expected.
type Line struct {
	Kind LineKind
	// Text is what is said, or what must occur in what is done.
	Text string
	// Form are the values of a form.
	Form map[string]string
	// Flow and Answer are what a message of the user would mean outside of the
	// flow: another flow, or something that knowledge answers.
	Flow, Answer string
	// Status, Body and Failure are what a call gives.
	Status  int
	Body    any
	Failure string
	Line    int
}

var lineKinds = []string{"user", "button", "form", "bot", "call", "handoff", "end"}

func (r *reader) testList(e field) {
	all := r.list(e, false)
	if len(all) > MaxTests {
		r.say(e.value, e.path, "too_many", e.name, MaxTests)
		return
	}
	for i, n := range all {
		at := e.path + "[" + strconv.Itoa(i) + "]"
		t := Test{Name: strconv.Itoa(i + 1), Line: n.Line, Now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))}
		for _, f := range r.fields(n, at, e.name, []string{"name", "now", "facts", "talk"}) {
			switch f.name {
			case "name":
				t.Name = r.text(f.value, f.path, f.name)
			case "now":
				var err error
				if t.Now, err = time.Parse(time.RFC3339, f.value.Value); err != nil {
					r.say(f.value, f.path, "bad_time")
				}
			case "facts":
				t.Facts, _ = r.tree(f.value, f.path, 0, false).(map[string]any)
			case "talk":
				t.Lines = r.talk(f)
			}
		}
		if len(t.Lines) == 0 {
			r.say(n, at, "missing", "talk")
		}
		r.flow.Tests = append(r.flow.Tests, t)
	}
}

func (r *reader) talk(e field) (out []Line) {
	all := r.list(e, false)
	if len(all) > MaxLines {
		r.say(e.value, e.path, "too_many", e.name, MaxLines)
		return nil
	}
	for i, n := range all {
		at := e.path + "[" + strconv.Itoa(i) + "]"
		l, ok := r.line(n, at)
		if !ok {
			continue
		}
		if i == 0 && l.Kind != UserLine {
			r.say(n, at, "test_begin")
		}
		out = append(out, l)
	}
	return out
}

func (r *reader) line(n *yaml.Node, at string) (l Line, ok bool) {
	l.Line = n.Line
	gives := false
	for _, f := range r.fields(n, at, "talk", append([]string{"gives", "flow", "answer"}, lineKinds...)) {
		switch {
		case f.name == "gives":
			gives = true
			r.gives(&l, f)
		case f.name == "flow":
			l.Flow = r.names(f.value, f.path)
		case f.name == "answer":
			l.Answer = r.text(f.value, f.path, f.name)
		case l.Kind != "":
			r.say(f.key, f.path, "test_line")
		case f.name == "form":
			l.Kind, l.Form = FormLine, map[string]string{}
			for _, x := range r.fields(f.value, f.path, f.name, nil) {
				l.Form[x.name] = r.text(x.value, x.path, x.name)
			}
		case slices.Contains(lineKinds, f.name):
			l.Kind = LineKind(f.name)
			if (f.value.Value != "true" && f.value.Tag != "!!null") || l.Kind == UserLine {
				l.Text = r.text(f.value, f.path, f.name)
			}
		}
	}
	switch {
	case l.Kind == "":
		r.say(n, at, "test_line")
		return l, false
	case l.Kind == CallLine && !gives:
		r.say(n, at, "test_call")
	}
	return l, true
}

// gives reads what a service answers: a status with a body, or a failure.
func (r *reader) gives(l *Line, e field) {
	l.Status = 200
	for _, f := range r.fields(e.value, e.path, e.name, []string{"status", "body", "failure"}) {
		switch f.name {
		case "status":
			l.Status = r.number(f, 100, 599)
		case "body":
			l.Body = r.tree(f.value, f.path, 0, false)
		case "failure":
			l.Failure, l.Status = r.text(f.value, f.path, f.name), 0
		}
	}
}
