package dialogue

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"yingda.dev/internal/engine/entity"
)

const defaultRetries = 2

var (
	fileFields = []string{"flow", "title", "about", "locale", "salutation", "digress", "start", "slots", "states", "tests"}
	slotFields = []string{"label", "kind", "ask", "again", "invalid", "check", "items", "pattern", "optional", "retries"}
	itemFields = []string{"value", "label", "words"}
)

func (r *reader) file(root *yaml.Node) {
	f := r.flow
	f.Locale, f.Digress, f.slots = "zh", true, map[string]*Slot{}
	var states, tests *field
	for _, e := range r.fields(root, "", "flow", fileFields) {
		switch e.name {
		case "flow":
			f.Name = r.names(e.value, e.path)
		case "title":
			f.Title = r.text(e.value, e.path, e.name)
		case "about":
			f.About = r.text(e.value, e.path, e.name)
		case "locale":
			if f.Locale = r.text(e.value, e.path, e.name); f.Locale != "zh" && f.Locale != "en" {
				r.say(e.value, e.path, "bad_locale")
			}
		case "salutation":
			f.Salutation = r.text(e.value, e.path, e.name)
		case "digress":
			f.Digress = r.boolean(e)
		case "start":
			f.Start = r.names(e.value, e.path)
			r.goals = append(r.goals, goal{f.Start, e.value, e.path})
		case "slots":
			r.slotList(e)
		case "states":
			states = &e
		case "tests":
			tests = &e
		}
	}
	if f.Name == "" && root.Kind == yaml.MappingNode {
		r.say(root, "flow", "missing", "flow")
	}
	if f.Title == "" {
		f.Title = f.Name
	}
	if states == nil || len(states.value.Content) == 0 {
		r.say(root, "states", "no_states")
		return
	}
	r.stateList(*states)
	if tests != nil {
		r.testList(*tests)
	} else {
		r.warn(root, "tests", "no_tests")
	}
}

func (r *reader) slotList(e field) {
	all := r.fields(e.value, e.path, e.name, nil)
	if len(all) > MaxSlots {
		r.say(e.value, e.path, "too_many", e.name, MaxSlots)
		return
	}
	for _, x := range all {
		if r.define(x.key, x.path, x.name) == "" {
			continue
		}
		s := r.slot(x)
		r.flow.Slots = append(r.flow.Slots, s)
		r.flow.slots[s.Name] = s
	}
}

func (r *reader) slot(x field) *Slot {
	s := &Slot{Name: x.name, Label: x.name, Retries: defaultRetries, Line: x.key.Line}
	spec := entity.Spec{Kind: entity.Text}
	var pattern, items, kind *yaml.Node
	for _, e := range r.fields(x.value, x.path, x.name, slotFields) {
		switch e.name {
		case "label":
			s.Label = r.text(e.value, e.path, e.name)
		case "kind":
			kind = e.value
			spec.Kind = entity.Kind(r.text(e.value, e.path, e.name))
		case "ask":
			s.Ask = r.template(e.value, e.path, e.name, false)
		case "again":
			s.Again = r.template(e.value, e.path, e.name, false)
		case "invalid":
			s.Invalid = r.template(e.value, e.path, e.name, false)
		case "check":
			s.Check = r.condition(e.value, e.path, e.name, "value")
		case "items":
			items = e.value
			s.Options = r.items(e)
		case "pattern":
			pattern = e.value
			spec.Pattern = r.text(e.value, e.path, e.name)
		case "optional":
			s.Optional = r.boolean(e)
		case "retries":
			s.Retries = r.number(e, 0, 10)
		}
	}
	if kind == nil && items != nil {
		spec.Kind = entity.List
	} else if kind == nil && pattern != nil {
		spec.Kind = entity.Pattern
	}
	if s.Ask.Empty() {
		r.say(x.key, x.path+".ask", "missing", "ask")
	}
	s.Spec = r.compileSpec(spec, s.Options, x, kind, items, pattern)
	return s
}

func (r *reader) compileSpec(spec entity.Spec, options []Option, x field, kind, items, pattern *yaml.Node) *entity.Spec {
	spec.Items = itemsOf(options)
	at := func(n *yaml.Node) *yaml.Node {
		if n != nil {
			return n
		}
		return x.key
	}
	compiled, err := entity.Compile(spec)
	bad, ok := errors.AsType[*entity.CompileError](err)
	switch {
	case err == nil:
		return compiled
	case !ok:
		r.say(x.key, x.path, "syntax", err.Error())
	case bad.Key == "kind":
		var kinds []string
		for _, k := range entity.Kinds() {
			kinds = append(kinds, string(k))
		}
		r.say(at(kind), x.path+".kind", "unknown_kind", bad.Detail, strings.Join(kinds, ", "))
	case bad.Key == "pattern" && bad.Detail == "":
		r.say(at(pattern), x.path+".pattern", "missing", "pattern")
	case bad.Key == "pattern":
		r.say(at(pattern), x.path+".pattern", "pattern", bad.Detail)
	case bad.Key == "words":
		r.say(at(items), x.path+".items", "words", bad.Detail)
	default:
		r.say(at(items), x.path+".items", "items")
	}
	return nil
}

func itemsOf(options []Option) (out []entity.Item) {
	for _, o := range options {
		out = append(out, entity.Item{Value: o.Value, Label: o.Label, Words: o.Words})
	}
	return out
}

// items reads the members of a list: a text, or value, label and words.
func (r *reader) items(e field) (out []Option) {
	for i, n := range r.list(e, false) {
		at := e.path + "[" + strconv.Itoa(i) + "]"
		if n.Kind == yaml.ScalarNode {
			out = append(out, Option{Label: r.text(n, at, e.name)})
			continue
		}
		var o Option
		for _, x := range r.fields(n, at, e.name, itemFields) {
			switch x.name {
			case "value":
				o.Value = r.text(x.value, x.path, x.name)
			case "label":
				o.Label = r.text(x.value, x.path, x.name)
			case "words":
				o.Words = r.words(x)
			}
		}
		if o.Label == "" {
			o.Label = o.Value
		}
		out = append(out, o)
	}
	return out
}

func (r *reader) words(e field) (out []string) {
	for i, n := range r.list(e, true) {
		out = append(out, r.text(n, e.path+"["+strconv.Itoa(i)+"]", e.name))
	}
	return out
}

func (r *reader) stateList(e field) {
	all := r.fields(e.value, e.path, e.name, nil)
	if len(all) > MaxStates {
		r.say(e.value, e.path, "too_many", e.name, MaxStates)
		return
	}
	for _, x := range all {
		if !name.MatchString(x.name) {
			r.say(x.key, x.path, "bad_name", x.name)
			continue
		}
		block := &StateBlock{Name: x.name, Line: x.key.Line, Title: comment(x.key)}
		block.Steps = r.stepList(x.value, x.name, x.name, 0)
		r.flow.States = append(r.flow.States, block)
	}
	if r.flow.Start == "" && len(r.flow.States) > 0 {
		r.flow.Start = r.flow.States[0].Name
	}
}

// comment is what stands behind a state's name: its title on the picture.
func comment(n *yaml.Node) string {
	c := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(n.LineComment), "#"))
	if c == "" {
		lines := strings.Split(strings.TrimSpace(n.HeadComment), "\n")
		c = strings.TrimSpace(strings.TrimLeft(lines[len(lines)-1], "# "))
	}
	if rs := []rune(c); len(rs) > 40 {
		c = string(rs[:40]) + "…"
	}
	return c
}

// resolve looks at the file as a whole once all of it was read.
func (r *reader) resolve() {
	f := r.flow
	f.steps, f.first = map[string]*Action{}, map[string]*Action{}
	if f.slots == nil {
		f.slots = map[string]*Slot{}
	}
	for _, b := range f.States {
		f.first[b.Name] = chain(f, b.Steps, nil, b.Name)
	}
	for _, g := range r.goals {
		if _, ok := f.first[g.state]; !ok && g.state != "" {
			r.say(g.node, g.path, "unknown_state", g.state)
		}
	}
	for _, u := range r.uses {
		if !r.defined[u.name] && !slices.Contains(facts, u.name) {
			r.say(u.node, u.path, "unknown_variable", u.name)
		} else if f.slots[u.name] != nil {
			r.used[u.name] = true
		}
	}
	if len(r.defined) > maxVariables {
		r.problems = append(r.problems, Problem{Line: 1, Column: 1, Key: "too_many", Args: []any{"variables", maxVariables}})
	}
	if !Broken(r.problems) {
		r.reach()
	}
}

// chain joins each step with what follows it, and returns the first.
func chain(f *Flow, steps []*Action, after *Action, state string) *Action {
	next := after
	for _, s := range slices.Backward(steps) {

		s.next, s.state = next, state
		f.steps[s.ID] = s
		for _, t := range s.targets() {
			chain(f, t.Steps, next, state)
		}
		next = s
	}
	return next
}

// targets are the branches of a step that hold steps or lead to states.
func (a *Action) targets() (out []*Target) {
	for _, t := range []*Target{a.Then, a.Else} {
		if t != nil {
			out = append(out, t)
		}
	}
	for _, o := range a.Options {
		if o.Then != nil {
			out = append(out, o.Then)
		}
	}
	for _, b := range a.On {
		out = append(out, b.To)
	}
	return out
}

// entry is the first step of a target; nil if it is empty.
func (f *Flow) entry(t *Target, otherwise *Action) *Action {
	switch {
	case t == nil:
		return otherwise
	case t.State != "":
		return f.first[t.State]
	case len(t.Steps) > 0:
		return t.Steps[0]
	}
	return otherwise
}

// reach warns of states that nothing leads to, slots that nothing asks for, and
// circles in which nobody is waited for.
func (r *reader) reach() {
	f := r.flow
	seen := map[string]bool{}
	var walk func(state string)
	var inside func(steps []*Action)
	inside = func(steps []*Action) {
		for _, s := range steps {
			if s.Verb == Goto {
				walk(s.Name)
			}
			for _, t := range s.targets() {
				if t.State != "" {
					walk(t.State)
				}
				inside(t.Steps)
			}
		}
	}
	walk = func(state string) {
		if seen[state] {
			return
		}
		seen[state] = true
		for _, b := range f.States {
			if b.Name == state {
				inside(b.Steps)
			}
		}
	}
	walk(f.Start)
	for _, b := range f.States {
		if !seen[b.Name] {
			r.warn(&yaml.Node{Line: b.Line}, "states."+b.Name, "unreachable", b.Name)
		}
	}
	for _, s := range f.Slots {
		if !r.used[s.Name] {
			r.warn(&yaml.Node{Line: s.Line}, "slots."+s.Name, "unused_slot", s.Name)
		}
	}
	r.circles()
}

// circles refuses a way round that asks nothing and calls nothing.
func (r *reader) circles() {
	f := r.flow
	const white, grey, black = 0, 1, 2
	colour := map[*Action]int{}
	var visit func(a *Action) bool
	visit = func(a *Action) bool {
		if a == nil || colour[a] == black || a.waits() {
			return false
		}
		if colour[a] == grey {
			r.say(&yaml.Node{Line: a.Line}, a.ID, "endless", a.state)
			return true
		}
		colour[a] = grey
		found := false
		switch a.Verb {
		case Goto:
			found = visit(f.first[a.Name])
		case End, HandOver:
		case If:
			found = visit(f.entry(a.Then, a.next)) || visit(f.entry(a.Else, a.next))
		default:
			found = visit(a.next)
		}
		colour[a] = black
		return found
	}
	for _, b := range f.States {
		if visit(f.first[b.Name]) {
			return
		}
	}
}

// waits reports whether the step may wait for somebody or for a service. An ask
// whose slot is filled does not, but goes on.
func (a *Action) waits() bool {
	switch a.Verb {
	case Ask, FormAsk, Choose, Confirm, CallAPI, SubFlow:
		return true
	default:
		return false
	}
}
