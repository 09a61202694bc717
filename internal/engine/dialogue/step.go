package dialogue

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// How sure a guess must be to interrupt: where a value of a certain form is
// awaited, and where anything is.
const (
	interruptAt     = 0.8
	interruptTextAt = 0.9
)

// Step leads the dialogue on by one input. The State is not changed. An error
// tells that the State is of another version or no State.
func Step(flows Set, s State, in Input, now time.Time) (Outcome, error) {
	if err := s.check("step dialogue"); err != nil {
		return Outcome{}, err
	}
	m := &machine{flows: flows, s: s.clone(), in: in, now: now, budget: MaxStepsPerTurn}
	switch in.Kind {
	case Begin:
		m.begin(in.Flow)
	case Message:
		m.message()
	case Answered:
		m.answered()
	case TimedOut, Stop:
		m.stop()
	}
	return m.outcome(), nil
}

// machine is one Step.
type machine struct {
	flows  Set
	s      State
	in     Input
	now    time.Time
	budget int
	says   int
	// heard is what the visitor wrote in this turn, as far as it was not used.
	heard   string
	effects []Effect
	trace   []Note
}

// outcome measures what is kept: a State that is too large ends.
func (m *machine) outcome() Outcome {
	if data, err := json.Marshal(m.s); err != nil || len(data) > MaxState {
		m.handOff(HandTooLarge, "", nil)
	}
	return Outcome{State: m.s, Effects: m.effects, Trace: m.trace}
}

func (m *machine) top() *Frame {
	if len(m.s.Frames) == 0 {
		return nil
	}
	return &m.s.Frames[len(m.s.Frames)-1]
}

// flow is that of the uppermost frame; nil if it is no longer there.
func (m *machine) flow() *Flow {
	if f := m.top(); f != nil {
		return m.flows[f.Flow]
	}
	return nil
}

func (m *machine) words() words {
	if f := m.flow(); f != nil {
		return wordsOf(f.Locale)
	}
	return wordsOf("zh")
}

func (m *machine) note(a *Action, why, detail string) {
	if len(m.trace) >= 4*MaxStepsPerTurn {
		return
	}
	n := Note{Why: why, Detail: detail}
	if f := m.top(); f != nil {
		n.Flow, n.Step = f.Flow, f.At
	}
	if a != nil {
		n.Step, n.Line, n.Verb = a.ID, a.Line, a.Verb
	}
	m.trace = append(m.trace, n)
}

func (m *machine) values() values {
	v := values{facts: maps.Clone(m.in.Facts)}
	if v.facts == nil {
		v.facts = map[string]any{}
	}
	v.facts["today"], v.facts["now"] = m.now.Format("2006-01-02"), m.now.Format(time.RFC3339)
	if f := m.top(); f != nil {
		v.vars = f.Vars
	}
	if f := m.flow(); f != nil {
		v.salutation = f.Salutation
	}
	return v
}

// push begins a flow above the one that is under way. It inherits what it would
// ask for and the one below already knows, unless the visitor has just named
// another: who writes a second order number means that one.
func (m *machine) push(f *Flow, vars map[string]any) {
	frame := Frame{Flow: f.Name, Revision: f.Revision, Vars: map[string]any{}}
	if below := m.top(); below != nil {
		if from := m.flows[below.Flow]; from != nil {
			for _, s := range f.Slots {
				old := from.slots[s.Name]
				if v, ok := below.Vars[s.Name]; ok && v != nil && old != nil && old.Spec.Kind == s.Spec.Kind && old.Spec.Pattern == s.Spec.Pattern {
					if _, again := m.named(s); !again {
						frame.Vars[s.Name] = v
					}
				}
			}
		}
	}
	maps.Copy(frame.Vars, vars)
	m.s.Frames = append(m.s.Frames, frame)
}

// find looks for a flow by name. In an English conversation one that is called
// the same with _en behind it stands in for it.
func (m *machine) find(name string) *Flow {
	if locale, _ := (values{facts: m.in.Facts}).at([]string{"conversation", "locale"}).(string); strings.HasPrefix(locale, "en") {
		if f := m.flows[name+"_en"]; f != nil {
			return f
		}
	}
	return m.flows[name]
}

func (m *machine) begin(name string) {
	f := m.find(name)
	if f == nil {
		m.note(nil, WhyGone, name)
		return
	}
	if len(m.s.Frames) >= MaxDepth {
		m.s.Frames = nil
	}
	m.heard = m.in.Text
	m.push(f, nil)
	m.note(f.first[f.Start], WhyBegin, name)
	m.run(f.first[f.Start])
}

// stop ends everything without a word.
func (m *machine) stop() {
	reason := EndedStopped
	if m.in.Kind == TimedOut {
		if m.s.Waiting() == WaitCall {
			return // the call ends by itself
		}
		reason = EndedTimeout
	}
	for len(m.s.Frames) > 0 {
		m.finish(reason)
	}
	m.s.Frames = nil
}

// finish takes the uppermost frame off.
func (m *machine) finish(reason string) {
	f := m.top()
	m.note(nil, WhyEnded, reason)
	m.effects = append(m.effects, Effect{Kind: EndedIt, Flow: f.Flow, Reason: reason})
	m.s.Frames = m.s.Frames[:len(m.s.Frames)-1]
}

// handOff ends all flows and gives the conversation to a person.
func (m *machine) handOff(reason, summary string, a *Action) {
	m.note(a, WhyHanded, reason)
	e := Effect{Kind: HandOffIt, Reason: reason, Summary: summary, Slots: m.known()}
	if f := m.top(); f != nil {
		e.Flow = f.Flow
	}
	m.effects = append(m.effects, e)
	m.s.Frames = nil
}

// known is what was learned, for those who take over: of the lowest flow first.
func (m *machine) known() (out []Known) {
	for _, frame := range m.s.Frames {
		f := m.flows[frame.Flow]
		if f == nil {
			continue
		}
		for _, s := range f.Slots {
			value := s.show(frame.Vars[s.Name], wordsOf(f.Locale))
			if value != "" && !slices.ContainsFunc(out, func(k Known) bool { return k.Label == s.Label && k.Value == value }) {
				out = append(out, Known{s.Label, value})
			}
		}
	}
	return out
}

// show is a slot's value as people read it.
func (s *Slot) show(v any, w words) string {
	if b, ok := v.(bool); ok {
		if b {
			return w.yes
		}
		return w.no
	}
	read := readable(v)
	for _, o := range s.Options {
		if o.Value == read && read != "" {
			return o.Label
		}
	}
	return read
}

func (m *machine) say(c desk.Content) {
	if m.says++; m.says > maxSays || len(c.Parts) == 0 {
		return
	}
	if c.Validate() != nil { // a variable did not fit: what can be read is said
		rs := []rune(strings.TrimSpace(c.PlainText()))
		if len(rs) == 0 {
			return
		}
		c = desk.TextContent(string(rs[:min(len(rs), desk.MaxTextRunes)]))
		if c.Validate() != nil {
			return
		}
	}
	m.effects = append(m.effects, Effect{Kind: SayIt, Content: &c})
}

func (m *machine) sayText(s string) {
	if s = strings.TrimSpace(s); s != "" {
		m.say(desk.TextContent(s))
	}
}

// sayButtons says a text with buttons under it.
func (m *machine) sayButtons(s string, labels []string) {
	if len(labels) == 0 {
		m.sayText(s)
		return
	}
	p := desk.Part{Type: desk.ButtonsPart, Text: strings.TrimSpace(s)}
	for _, l := range labels {
		p.Buttons = append(p.Buttons, desk.Button{Label: l})
	}
	m.say(desk.Content{Parts: []desk.Part{p}})
}

// run does steps until somebody is waited for or nothing is left.
func (m *machine) run(a *Action) {
	for {
		if a == nil {
			var ok bool
			if a, ok = m.leave(); !ok {
				return
			}
			continue
		}
		if m.budget--; m.budget < 0 {
			m.note(a, WhyLoop, "")
			m.sayText(m.words().handoff)
			m.handOff(HandLoop, "", a)
			return
		}
		m.top().At, m.top().Wait = a.ID, ""
		next, on := m.do(a)
		if !on {
			return
		}
		a = next
	}
}

// leave ends the uppermost flow and goes on in the one below: after the step
// that called it, or by asking again what it had interrupted.
func (m *machine) leave() (*Action, bool) {
	ended := *m.top()
	m.finish(EndedDone)
	below := m.top()
	if below == nil {
		return nil, false
	}
	a := m.resume()
	switch {
	case a == nil:
		return nil, false
	case below.Wait == WaitFlow:
		v := values{vars: ended.Vars, facts: m.values().facts}
		for _, t := range a.Take {
			out, err := t.Expr.eval(v)
			if err != nil {
				m.note(a, WhyBroken, t.Name)
			}
			m.assign(t.Name, out)
		}
		m.note(a, WhyReturned, ended.Flow)
		return a.next, true
	}
	m.back(a)
	return nil, false
}

// resume finds the step at which the uppermost frame waits. If the flow has
// changed meanwhile and the step is gone, it begins again with what is known.
func (m *machine) resume() *Action {
	frame, f := m.top(), m.flow()
	if f == nil {
		m.note(nil, WhyGone, frame.Flow)
		m.sayText(m.words().handoff)
		m.handOff(HandGone, "", nil)
		return nil
	}
	if a := f.steps[frame.At]; a != nil && (frame.Revision == f.Revision || fits(a, *frame)) {
		frame.Revision = f.Revision
		return a
	}
	*frame = Frame{Flow: frame.Flow, Revision: f.Revision, Vars: frame.Vars}
	m.note(f.first[f.Start], WhyRestarted, f.Name)
	m.run(f.first[f.Start])
	return nil
}

// fits reports whether a step of a changed flow still asks what the frame waits for.
func fits(a *Action, frame Frame) bool {
	switch frame.Wait {
	case WaitSlot:
		return (a.Verb == Ask || a.Verb == FormAsk) && slices.Contains(a.Slots, frame.Slot)
	case WaitForm:
		return a.Verb == FormAsk
	case WaitChoose:
		return a.Verb == Choose
	case WaitConfirm:
		return a.Verb == Confirm
	case WaitCall:
		return a.Verb == CallAPI
	case WaitFlow:
		return a.Verb == SubFlow
	}
	return false
}

// back asks again what a digression had interrupted.
func (m *machine) back(a *Action) {
	m.note(a, WhyReturned, "")
	switch frame := m.top(); frame.Wait {
	case WaitSlot:
		if s := m.flow().slots[frame.Slot]; s != nil {
			m.prompt(s, m.words().back+"\n"+s.Ask.render(m.values()), false)
		}
	case WaitForm:
		m.sendForm(a)
	case WaitChoose, WaitConfirm:
		m.sayButtons(m.words().back+"\n"+a.Text.render(m.values()), a.labels(m.words()))
	case WaitCall, WaitFlow:
	}
}

// labels are the answers that a choose or a confirm offers.
func (a *Action) labels(w words) (out []string) {
	if a.Verb == Confirm {
		return []string{w.yes, w.no}
	}
	for _, o := range a.Options {
		out = append(out, o.Label)
	}
	return out
}

// assign keeps a variable, as JSON and of a bounded size; what does not fit is nil.
func (m *machine) assign(name string, v any) bool {
	vars := m.top().Vars
	data, err := json.Marshal(v)
	if _, old := vars[name]; err != nil || len(data) > maxValue || !old && len(vars) >= maxVariables {
		vars[name] = nil
		return false
	}
	var plain any
	if json.Unmarshal(data, &plain) != nil {
		return false
	}
	vars[name] = plain
	return true
}

// answered goes on with what a call gave.
func (m *machine) answered() {
	frame := m.top()
	r := m.in.Result
	if frame == nil || r == nil || frame.Wait != WaitCall || frame.Call != r.Call {
		m.note(nil, WhyStale, "")
		return
	}
	a := m.resume()
	if a == nil {
		return
	}
	frame.Call = ""
	f := m.flow()
	to, named := a.Else, false
	for _, b := range a.On {
		if b.Status == r.Status && r.Failure == "" {
			to, named = b.To, true
		}
	}
	good := r.Failure == "" && r.Status >= 200 && r.Status < 300
	if good || named {
		if !m.save(a, r) {
			good, named, to = false, false, a.Else
		}
	}
	switch {
	case named:
		m.note(a, WhyAnswered, strconv.Itoa(r.Status))
		m.run(f.entry(to, a.next))
	case good:
		m.note(a, WhyAnswered, strconv.Itoa(r.Status))
		m.run(f.entry(a.Then, a.next))
	default:
		m.note(a, WhyFailed, strings.TrimSpace(strconv.Itoa(r.Status)+" "+r.Failure))
		if to != nil {
			m.run(f.entry(to, a.next))
			return
		}
		m.sayText(m.words().failed)
		m.handOff(HandCallFailed, "", a)
	}
}

// save keeps what the call's answer holds; false if it is too large.
func (m *machine) save(a *Action, r *Result) bool {
	var body any
	if len(r.Body) > 0 && json.Unmarshal(r.Body, &body) != nil {
		body = nil
	}
	v := m.values()
	v.facts["body"], v.facts["status"] = body, float64(r.Status)
	fits := true
	for _, s := range a.Request.Save {
		out, err := s.Expr.eval(v)
		if err != nil {
			m.note(a, WhyBroken, s.Name)
		}
		fits = m.assign(s.Name, out) && fits
	}
	return fits
}
