package dialogue

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"yingda.dev/internal/engine/entity"
)

const (
	maxTimeout     = 20 * time.Second
	defaultTimeout = 5 * time.Second
)

// verbs are what a step may do, with the fields that may stand beside it.
var verbs = map[Verb][]string{
	Say: {"buttons", "card", "image"}, Ask: {"failed"}, FormAsk: {"failed"}, Choose: {"options", "again", "into", "retries", "failed"},
	Confirm: {"yes", "no", "again", "retries"}, Assign: nil, Clear: nil, If: {"then", "else"}, CallAPI: {"ok", "failed", "on"}, Goto: nil,
	SubFlow: {"with", "take"}, HandOver: {"summary", "say"}, Escalate: nil, End: nil,
}

var verbOrder = []Verb{Say, Ask, FormAsk, Choose, Confirm, Assign, Clear, If, CallAPI, Goto, SubFlow, HandOver, Escalate, End}

// operatorTypes are the names of the operators' form, {"type": …}.
var operatorTypes = map[string]Verb{
	"message": Say, "api_call": CallAPI, "flow": SubFlow, "handoff": HandOver, "set": Assign, "confirm": Confirm, "goto": Goto, "end": End, "ask": Ask, "escalate": Escalate,
}

// stepList reads steps; id is the prefix of their ids, path that of problems.
func (r *reader) stepList(n *yaml.Node, id, path string, depth int) (out []*Action) {
	path = "states." + strings.TrimPrefix(path, "states.")
	if depth > MaxNesting {
		r.say(n, path, "too_deep", MaxNesting)
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.say(n, path, "want_list", path)
		return nil
	}
	if len(n.Content) == 0 {
		r.say(n, path, "no_steps")
	}
	left := false
	for i, e := range n.Content {
		if r.steps++; r.steps > MaxSteps {
			r.say(e, path, "too_many", "steps", MaxSteps)
			return out
		}
		at := path + "[" + strconv.Itoa(i) + "]"
		a := r.step(e, id+"/"+strconv.Itoa(i), at, depth)
		if a == nil {
			continue
		}
		if left {
			r.warn(e, at, "after_jump")
		}
		left = a.Verb == Goto || a.Verb == End || a.Verb == HandOver
		out = append(out, a)
	}
	return out
}

func (r *reader) step(n *yaml.Node, id, path string, depth int) *Action {
	all := r.fields(n, path, "step", nil)
	if all == nil {
		if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
			r.say(n, path, "no_verb", verbNames())
		}
		return nil
	}
	if i := slices.IndexFunc(all, func(f field) bool { return f.name == "type" }); i >= 0 {
		if all = r.operators(all, i, path); all == nil {
			return nil
		}
	}
	var main *field
	for i := range all {
		if _, ok := verbs[Verb(all[i].name)]; !ok {
			continue
		}
		if main != nil && !slices.Contains(verbs[Verb(main.name)], all[i].name) {
			if slices.Contains(verbs[Verb(all[i].name)], main.name) {
				main = &all[i]
				continue
			}
			r.say(all[i].key, path, "two_verbs", main.name, all[i].name)
			return nil
		}
		if main == nil {
			main = &all[i]
		}
	}
	if main == nil {
		if near := nearestName(all[0].name, strings.Split(verbNames(), ", ")); near != "" {
			r.say(all[0].key, path, "did_you_mean", all[0].name, near)
		} else {
			r.say(n, path, "no_verb", verbNames())
		}
		return nil
	}
	a := &Action{ID: id, Verb: Verb(main.name), Line: n.Line, Retries: defaultRetries}
	beside := map[string]*field{}
	for i, f := range all {
		switch {
		case &all[i] == main:
		case slices.Contains(verbs[a.Verb], f.name):
			beside[f.name] = &all[i]
		default:
			possible := append([]string{main.name}, verbs[a.Verb]...)
			if near := nearestName(f.name, possible); near != "" {
				r.say(f.key, f.path, "did_you_mean", f.name, near)
			} else {
				r.say(f.key, f.path, "unknown_field", f.name, strings.Join(possible, ", "))
			}
		}
	}
	r.verb(a, *main, beside, depth)
	return a
}

func verbNames() string {
	out := make([]string, 0, len(verbOrder))
	for _, v := range verbOrder {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}

// operators turns {"type":"api_call","method":…} into the form of the file.
func (r *reader) operators(all []field, i int, path string) []field {
	verb, ok := operatorTypes[all[i].value.Value]
	if !ok {
		r.say(all[i].value, all[i].path, "unknown_type", all[i].value.Value)
		return nil
	}
	rest := slices.Delete(slices.Clone(all), i, i+1)
	main := field{string(verb), all[i].key, nil, path}
	switch verb {
	case CallAPI: // everything but the branches is the call's
		main.value = &yaml.Node{Kind: yaml.MappingNode, Line: all[i].key.Line, Column: all[i].key.Column}
		kept := rest[:0]
		for _, f := range rest {
			if slices.Contains(verbs[CallAPI], f.name) {
				kept = append(kept, f)
				continue
			}
			main.value.Content = append(main.value.Content, f.key, f.value)
		}
		rest = kept
	default:
		names := map[Verb][]string{Say: {"text"}, SubFlow: {"flow", "name"}, HandOver: {"reason", "text"}, Assign: {"values"}, Confirm: {"text"}, Goto: {"state"}, End: {"text"}, Ask: {"slot", "slots"}, Escalate: {"reason"}}[verb]
		at := slices.IndexFunc(rest, func(f field) bool { return slices.Contains(names, f.name) })
		if at >= 0 {
			main.key, main.value = rest[at].key, rest[at].value
			rest = slices.Delete(rest, at, at+1)
		} else if verb == End || verb == HandOver {
			main.value = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		} else {
			r.say(all[i].key, path, "missing", names[0])
			return nil
		}
	}
	return append([]field{main}, rest...)
}

func (r *reader) verb(a *Action, main field, beside map[string]*field, depth int) {
	branch := func(name string) *Target {
		if f := beside[name]; f != nil {
			return r.target(*f, a.ID+"/"+name, depth)
		}
		return nil
	}
	switch a.Verb {
	case Say:
		r.message(a, main, beside)
	case Ask, FormAsk, Clear:
		r.slotNames(a, main)
		a.Else = branch("failed")
	case Choose, Confirm:
		r.question(a, main, beside, branch, depth)
	case Assign:
		a.Assign = r.assignments(main, true)
	case If:
		a.Cond = r.condition(main.value, main.path, main.name)
		a.Then, a.Else = branch("then"), branch("else")
		if a.Then == nil {
			r.say(main.key, main.path, "missing", "then")
		}
	case CallAPI:
		a.Request = r.request(main)
		a.Then, a.Else = branch("ok"), branch("failed")
		if f := beside["on"]; f != nil {
			r.statuses(a, *f, depth)
		}
	case Goto:
		a.Name = r.names(main.value, main.path)
		r.goals = append(r.goals, goal{a.Name, main.value, main.path})
	case SubFlow:
		if a.Name = r.text(main.value, main.path, main.name); a.Name != "" && !name.MatchString(a.Name) {
			r.say(main.value, main.path, "bad_name", a.Name)
		}
		if f := beside["with"]; f != nil {
			a.Assign = r.assignments(*f, false)
		}
		if f := beside["take"]; f != nil {
			a.Take = r.takes(*f)
		}
	case HandOver:
		if main.value.Tag != "!!null" {
			a.Name = r.text(main.value, main.path, main.name)
		}
		if f := beside["summary"]; f != nil {
			a.Summary = r.template(f.value, f.path, f.name, false)
		}
		if f := beside["say"]; f != nil {
			a.Text = r.template(f.value, f.path, f.name, false)
		}
	case Escalate:
		r.escalation(a, main)
	case End:
		if main.value.Tag != "!!null" && main.value.Value != "true" {
			a.Text = r.template(main.value, main.path, main.name, false)
		}
	}
}

func (r *reader) target(f field, id string, depth int) *Target {
	if f.value.Kind == yaml.ScalarNode {
		t := &Target{State: r.names(f.value, f.path)}
		r.goals = append(r.goals, goal{t.State, f.value, f.path})
		return t
	}
	return &Target{Steps: r.stepList(f.value, id, f.path, depth+1)}
}

func (r *reader) escalation(a *Action, main field) {
	if main.value.Kind == yaml.ScalarNode {
		a.Name = r.text(main.value, main.path, main.name)
		return
	}
	for _, f := range r.fields(main.value, main.path, main.name, []string{"reason", "score"}) {
		if f.name == "reason" {
			a.Name = r.text(f.value, f.path, f.name)
			continue
		}
		v, err := strconv.ParseFloat(f.value.Value, 64)
		if err != nil || v < 0 || v > 10 || v != v {
			r.say(f.value, f.path, "score_range")
		}
		a.Score = v
	}
}

func (r *reader) message(a *Action, main field, beside map[string]*field) {
	if main.value.Kind == yaml.MappingNode {
		known := append([]string{"text"}, verbs[Say]...)
		for _, f := range r.fields(main.value, main.path, main.name, known) {
			if f.name == "text" {
				a.Text = r.template(f.value, f.path, f.name, false)
			} else {
				beside[f.name] = &f
			}
		}
	} else {
		a.Text = r.template(main.value, main.path, main.name, false)
	}
	if f := beside["buttons"]; f != nil {
		a.Buttons = r.buttons(*f)
	}
	if f := beside["image"]; f != nil {
		a.Image = r.template(f.value, f.path, f.name, false)
	}
	if f := beside["card"]; f != nil {
		a.Card = r.card(*f)
	}
	if a.Text.Empty() && a.Card == nil && a.Image.Empty() {
		r.say(main.key, main.path, "text_without_host")
	}
}

func (r *reader) buttons(e field) (out []ButtonOf) {
	all := r.list(e, false)
	if len(all) > 12 {
		r.say(e.value, e.path, "too_many", "buttons", 12)
		return nil
	}
	for i, n := range all {
		at := e.path + "[" + strconv.Itoa(i) + "]"
		if n.Kind == yaml.ScalarNode {
			out = append(out, ButtonOf{Label: r.template(n, at, e.name, false)})
			continue
		}
		var b ButtonOf
		for _, f := range r.fields(n, at, e.name, []string{"label", "value", "url"}) {
			t := r.template(f.value, f.path, f.name, false)
			switch f.name {
			case "label":
				b.Label = t
			case "value":
				b.Value = t
			case "url":
				b.URL = t
			}
		}
		if b.Label.Empty() {
			r.say(n, at, "missing", "label")
		}
		out = append(out, b)
	}
	return out
}

func (r *reader) card(e field) *CardOf {
	c := &CardOf{}
	for _, f := range r.fields(e.value, e.path, e.name, []string{"title", "subtitle", "image", "url", "price", "buttons"}) {
		if f.name == "buttons" {
			c.Buttons = r.buttons(f)
			continue
		}
		t := r.template(f.value, f.path, f.name, false)
		switch f.name {
		case "title":
			c.Title = t
		case "subtitle":
			c.Subtitle = t
		case "image":
			c.Image = t
		case "url":
			c.URL = t
		case "price":
			c.Price = t
		}
	}
	if c.Title.Empty() {
		r.say(e.value, e.path, "missing", "title")
	}
	return c
}

// slotNames reads one name of a slot or several.
func (r *reader) slotNames(a *Action, main field) {
	for i, n := range r.list(main, true) {
		at := main.path + "[" + strconv.Itoa(i) + "]"
		s := r.text(n, at, main.name)
		slot := r.flow.slots[s]
		switch {
		case a.Verb == Clear:
			r.uses = append(r.uses, use{s, n, at})
		case slot == nil:
			r.say(n, at, "unknown_slot", s)
			continue
		case a.Verb == FormAsk && formKind(slot) == "":
			r.say(n, at, "form_kind", string(slot.Spec.Kind), s)
		}
		if a.Verb != Clear {
			r.used[s] = true
		}
		a.Slots = append(a.Slots, s)
	}
	if len(a.Slots) == 0 && main.value.Kind != yaml.SequenceNode {
		return
	}
	if len(a.Slots) == 0 {
		r.say(main.value, main.path, "missing", "slot")
	}
}

func (r *reader) question(a *Action, main field, beside map[string]*field, branch func(string) *Target, depth int) {
	a.Text = r.template(main.value, main.path, main.name, false)
	if f := beside["again"]; f != nil {
		a.Again = r.template(f.value, f.path, f.name, false)
	}
	if f := beside["retries"]; f != nil {
		a.Retries = r.number(*f, 0, 10)
	}
	if a.Verb == Confirm {
		a.Then, a.Else = branch("yes"), branch("no")
		return
	}
	a.Else = branch("failed")
	if f := beside["into"]; f != nil {
		a.Into = r.define(f.value, f.path, f.value.Value)
	}
	f := beside["options"]
	if f == nil {
		r.say(main.key, main.path, "missing", "options")
		return
	}
	all := r.list(*f, false)
	if len(all) < 2 || len(all) > 12 {
		r.say(f.value, f.path, "options")
		return
	}
	for i, n := range all {
		a.Options = append(a.Options, r.option(n, f.path+"["+strconv.Itoa(i)+"]", a.ID+"/options/"+strconv.Itoa(i), depth))
	}
	if _, err := entity.Compile(entity.Spec{Kind: entity.List, Items: itemsOf(a.Options)}); err != nil {
		r.say(f.value, f.path, "words", err.Error())
	}
}

func (r *reader) option(n *yaml.Node, at, id string, depth int) (o Option) {
	if n.Kind == yaml.ScalarNode {
		return Option{Label: r.text(n, at, "option")}
	}
	for _, f := range r.fields(n, at, "option", []string{"label", "value", "words", "then"}) {
		switch f.name {
		case "label":
			o.Label = r.text(f.value, f.path, f.name)
		case "value":
			o.Value = r.text(f.value, f.path, f.name)
		case "words":
			o.Words = r.words(f)
		case "then":
			o.Then = r.target(f, id, depth)
		}
	}
	if o.Label == "" {
		r.say(n, at, "missing", "label")
	}
	return o
}

// assignments read names with values; one that begins with "=" is an expression.
func (r *reader) assignments(e field, define bool) (out []Assignment) {
	for _, f := range r.fields(e.value, e.path, e.name, nil) {
		if define && r.define(f.key, f.path, f.name) == "" || !define && !name.MatchString(f.name) {
			if !define {
				r.say(f.key, f.path, "bad_name", f.name)
			}
			continue
		}
		a := Assignment{Name: f.name}
		if source, ok := strings.CutPrefix(f.value.Value, "="); ok && f.value.Kind == yaml.ScalarNode {
			n := *f.value
			n.Value = source
			a.Expr = r.condition(&n, f.path, f.name)
		} else {
			a.Value = r.tree(f.value, f.path, 0, true)
		}
		out = append(out, a)
	}
	return out
}

// takes read what is kept of a flow that was called: expressions over its variables.
func (r *reader) takes(e field) (out []Assignment) {
	for _, f := range r.fields(e.value, e.path, e.name, nil) {
		if r.define(f.key, f.path, f.name) == "" {
			continue
		}
		c, err := compile(r.text(f.value, f.path, f.name))
		if err != nil {
			r.say(f.value, f.path, "expression", err.Error())
			continue
		}
		out = append(out, Assignment{Name: f.name, Expr: c})
	}
	return out
}

var (
	methods   = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	forbidden = []string{"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "cookie", "proxy-authorization"}
	headerKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,60}$`)
	webURL    = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:[/?]|$)`)
)

var requestFields = []string{"get", "post", "put", "patch", "delete", "method", "url", "headers", "body", "timeout", "retries", "save"}

func (r *reader) request(main field) *Request {
	q := &Request{Method: "GET", Timeout: defaultTimeout}
	addresses := 0
	for _, f := range r.fields(main.value, main.path, main.name, requestFields) {
		switch f.name {
		case "method":
			if q.Method = strings.ToUpper(r.text(f.value, f.path, f.name)); !slices.Contains(methods, q.Method) {
				r.say(f.value, f.path, "bad_method")
			}
		case "headers":
			q.Headers = r.headers(f)
		case "body":
			q.Body = r.tree(f.value, f.path, 0, true)
		case "timeout":
			q.Timeout = r.duration(f, maxTimeout)
		case "retries":
			q.Retries = r.number(f, 0, 3)
		case "save":
			q.Save = r.saves(f)
		default:
			if addresses++; addresses > 1 {
				r.say(f.key, f.path, "two_addresses")
			}
			if f.name != "url" {
				q.Method = strings.ToUpper(f.name)
			}
			q.URL = r.address(f)
		}
	}
	if addresses == 0 {
		r.say(main.key, main.path, "missing", "url")
	}
	return q
}

// address reads a URL. What a visitor says may be in its path and query, never
// in its scheme and host.
func (r *reader) address(f field) Template {
	t := r.template(f.value, f.path, f.name, true)
	if len(t.pieces) == 0 {
		return t
	}
	first := t.pieces[0]
	secret := len(first.path) == 2 && first.path[0] == "secret"
	good := secret || first.path == nil && webURL.MatchString(first.text)
	if secret && len(t.pieces) > 1 && !strings.HasPrefix(t.pieces[1].text, "/") && !strings.HasPrefix(t.pieces[1].text, "?") {
		good = false
	}
	if !secret && first.path == nil && len(t.pieces) > 1 && !strings.ContainsAny(strings.TrimPrefix(strings.TrimPrefix(first.text, "https://"), "http://"), "/?") {
		good = false
	}
	if !good {
		r.say(f.value, f.path, "bad_url")
	}
	return t
}

func (r *reader) headers(e field) (out []HeaderOf) {
	all := r.fields(e.value, e.path, e.name, nil)
	if len(all) > 20 {
		r.say(e.value, e.path, "too_many", e.name, 20)
		return nil
	}
	for _, f := range all {
		if !headerKey.MatchString(f.name) || slices.Contains(forbidden, strings.ToLower(f.name)) {
			r.say(f.key, f.path, "bad_header", f.name)
			continue
		}
		out = append(out, HeaderOf{f.name, r.template(f.value, f.path, f.name, true)})
	}
	return out
}

// saves read what is kept of an answer: expressions over body and status.
func (r *reader) saves(e field) (out []Assignment) {
	for _, f := range r.fields(e.value, e.path, e.name, nil) {
		if r.define(f.key, f.path, f.name) == "" {
			continue
		}
		source := f.value
		if rest, ok := strings.CutPrefix(source.Value, "$."); ok { // as many write it
			n := *source
			n.Value = "body." + rest
			source = &n
		}
		if c := r.condition(source, f.path, f.name, "body", "status"); c != nil {
			out = append(out, Assignment{Name: f.name, Expr: c})
		}
	}
	return out
}

func (r *reader) statuses(a *Action, e field, depth int) {
	for _, f := range r.fields(e.value, e.path, e.name, nil) {
		status, err := strconv.Atoi(f.name)
		if err != nil || ((status < 200 || status >= 300) && (status < 400 || status >= 600)) {
			r.say(f.key, f.path, "bad_status", f.name)
			continue
		}
		a.On = append(a.On, StatusBranch{status, r.target(f, a.ID+"/on/"+f.name, depth)})
	}
}

// formKind is the kind of a form's field for a slot; empty if a form cannot ask for it.
func formKind(s *Slot) string {
	if s == nil || s.Spec == nil {
		return "text" // said already
	}
	switch s.Spec.Kind {
	case entity.Email:
		return "email"
	case entity.Phone:
		return "phone"
	case entity.Number, entity.Integer, entity.Money:
		return "number"
	case entity.List, entity.YesNo:
		return "select"
	case entity.Date:
		return "date"
	case entity.DateTime, entity.Time, entity.Order, entity.Tracking, entity.Pattern, entity.Text:
		return "text"
	}
	return ""
}
