package dialogue

import (
	"slices"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/engine/entity"
)

// askAll asks for the first slot of the step that is not known yet; a form asks
// for all of them at once, and once it was answered for the rest one by one.
func (m *machine) askAll(a *Action) (*Action, bool) {
	f, frame := m.flow(), m.top()
	var missing []*Slot
	for _, name := range a.Slots {
		s := f.slots[name]
		if _, known := frame.Vars[name]; known {
			m.note(a, WhyKnown, name)
			continue
		}
		if m.overhear(s) {
			m.note(a, WhyHeard, name)
			continue
		}
		missing = append(missing, s)
	}
	if len(missing) == 0 {
		return a.next, true
	}
	frame.Tries = 0
	if a.Verb == FormAsk && frame.Formed != a.ID && len(missing) > 1 {
		frame.Wait = WaitForm
		m.note(a, WhyAsked, "")
		m.sendForm(a)
		return nil, false
	}
	s := missing[0]
	frame.Wait, frame.Slot = WaitSlot, s.Name
	m.note(a, WhyAsked, s.Name)
	m.prompt(s, s.Ask.render(m.values()), false)
	return nil, false
}

// overhear takes a value from what the visitor wrote in this turn without being
// asked, if it has an unmistakable form.
func (m *machine) overhear(s *Slot) bool {
	found, ok := m.named(s)
	if !ok || !m.accept(s, found) {
		return false
	}
	m.heard = m.heard[:found.Start] + " " + m.heard[found.End:]
	return true
}

// named is the one value for a slot in what the visitor wrote in this turn, of a
// form that nothing else has.
func (m *machine) named(s *Slot) (found entity.Match, ok bool) {
	switch s.Spec.Kind {
	case entity.Text, entity.Number, entity.Integer, entity.YesNo:
		return found, false
	default: // has a form of its own
	}
	if m.heard == "" {
		return found, false
	}
	all := entity.Find(s.Spec, m.heard, m.now)
	if len(all) == 0 || all[0].Score < 0.6 || len(all) > 1 && all[1].Score >= all[0].Score {
		return found, false
	}
	return all[0], true
}

// accept keeps a value if the slot's check holds.
func (m *machine) accept(s *Slot, found entity.Match) bool {
	if s.Check != nil {
		v := m.values()
		v.facts["value"] = found.Value
		if ok, err := s.Check.holds(v); !ok || err != nil {
			return false
		}
	}
	return m.assign(s.Name, found.Value)
}

// prompt asks for a slot, with buttons where the answers are few.
func (m *machine) prompt(s *Slot, text string, escapes bool) {
	w := m.words()
	var labels []string
	switch {
	case s.Spec.Kind == entity.YesNo:
		labels = []string{w.yes, w.no}
	case s.Spec.Kind == entity.List && len(s.Options) <= 10:
		for _, o := range s.Options {
			labels = append(labels, o.Label)
		}
	}
	if s.Optional {
		labels = append(labels, w.skip)
	}
	if escapes {
		labels = append(labels, w.person, w.cancel)
	}
	m.sayButtons(text, labels)
}

// message is what the visitor wrote while a flow waits.
func (m *machine) message() {
	frame := m.top()
	if frame == nil {
		m.note(nil, WhyStale, "")
		return
	}
	if frame.Wait == WaitCall {
		m.note(nil, WhyBusy, "")
		m.sayText(m.words().busy)
		return
	}
	m.heard = m.in.Text
	a := m.resume()
	if a == nil {
		return
	}
	if personWords[packed(m.in.Text)] {
		m.note(a, WhyPerson, "")
		m.sayText(m.words().handoff)
		m.handOff(HandWish, "", a)
		return
	}
	switch frame.Wait {
	case WaitSlot:
		m.hearSlot(a)
	case WaitForm:
		m.hearForm(a)
	case WaitChoose:
		m.hearChoice(a)
	case WaitConfirm:
		m.hearConfirm(a)
	default:
		m.note(a, WhyStale, "")
	}
}

func (m *machine) hearSlot(a *Action) {
	frame := m.top()
	s := m.flow().slots[frame.Slot]
	if v := m.in.Form[s.Name]; v != "" && m.in.Text == "" { // a form that comes late
		m.in.Text, m.heard = v, v
	}
	found := entity.Find(s.Spec, m.in.Text, m.now)
	plain := len(found) > 0 && m.strong(s.Spec.Kind, found[0])
	if s.Spec.Kind != entity.YesNo && !plain && m.cancels(a) {
		return
	}
	if !plain && m.digress(a, s.Spec.Kind == entity.Text) {
		return
	}
	if s.Optional && !plain && skipWords[packed(m.in.Text)] {
		frame.Vars[s.Name] = nil
		m.heard = ""
		m.note(a, WhySkipped, s.Name)
		m.run(a)
		return
	}
	distinct := len(found) == 1 || len(found) > 1 && (s.Spec.Kind != entity.List || found[0].Score > found[1].Score)
	if distinct {
		if m.accept(s, found[0]) {
			m.note(a, WhyFilled, s.Name)
			m.heard = m.heard[:found[0].Start] + " " + m.heard[found[0].End:]
			m.run(a)
			return
		}
		m.missSlot(a, s, WhyInvalid)
		return
	}
	if m.cancels(a) {
		return
	}
	m.missSlot(a, s, WhyMissed)
}

// strong reports whether a value is surely meant as the answer: it has a form of
// its own, or the message is little more than it.
func (m *machine) strong(kind entity.Kind, found entity.Match) bool {
	switch kind {
	case entity.Text:
		return false
	case entity.List, entity.YesNo, entity.Number, entity.Integer, entity.Date, entity.Time, entity.DateTime:
		return found.Score >= 0.6 && 2*utf8.RuneCountInString(found.Text) >= utf8.RuneCountInString(strings.TrimSpace(m.in.Text)) || m.in.Guess == nil && m.in.Aside == nil
	default:
		return found.Score >= 0.6
	}
}

// cancels ends the flow if the whole message says so, and goes back to the one below.
func (m *machine) cancels(a *Action) bool {
	if !cancelWords[packed(m.in.Text)] {
		return false
	}
	m.note(a, WhyCancelled, "")
	m.sayText(m.words().cancelled)
	m.finish(EndedCancelled)
	for below := m.top(); below != nil; below = m.top() {
		if below.Wait == WaitFlow { // what called it cannot go on without it
			m.finish(EndedCancelled)
			continue
		}
		if a := m.resume(); a != nil {
			m.back(a)
		}
		break
	}
	return true
}

// digress follows another wish or answers a question in between, if that is
// surely meant, and asks again afterwards.
func (m *machine) digress(a *Action, anything bool) bool {
	f, at := m.flow(), interruptAt
	if anything {
		at = interruptTextAt
	}
	if !f.Digress {
		return false
	}
	if g := m.in.Guess; g != nil && g.P >= at && m.find(g.Flow) != nil && len(m.s.Frames) < MaxDepth &&
		!slices.ContainsFunc(m.s.Frames, func(x Frame) bool { return x.Flow == m.find(g.Flow).Name }) {
		to := m.find(g.Flow)
		m.note(a, WhyDigressed, g.Flow)
		m.push(to, nil)
		m.note(to.first[to.Start], WhyBegin, to.Name)
		m.run(to.first[to.Start])
		return true
	}
	if aside := m.in.Aside; aside != nil && aside.P >= at && aside.Content.Validate() == nil {
		m.note(a, WhyAside, "")
		m.effects = append(m.effects, Effect{Kind: SayIt, Content: &aside.Content, Aside: true})
		m.back(a)
		return true
	}
	return false
}

// missSlot goes down the ladder: ask again, then with buttons and a way to a
// person, then a person.
func (m *machine) missSlot(a *Action, s *Slot, why string) {
	m.note(a, why, s.Name)
	v, text := m.values(), m.words().again+"\n"+s.Ask.render(m.values())
	switch {
	case why == WhyInvalid && !s.Invalid.Empty():
		text = s.Invalid.render(v)
	case !s.Again.Empty():
		text = s.Again.render(v)
	}
	if m.miss(a, s.Retries) {
		m.prompt(s, text, m.top().Tries > 1)
	}
}

// miss counts an answer that was not understood; false if that was one too many.
func (m *machine) miss(a *Action, retries int) bool {
	frame := m.top()
	if frame.Tries++; frame.Tries <= retries {
		return true
	}
	if a.Else != nil && a.Verb != Confirm {
		m.note(a, WhyFailed, "")
		m.heard = ""
		m.run(m.flow().entry(a.Else, a.next))
		return false
	}
	m.sayText(m.words().handoff)
	m.handOff(HandNotUnderstood, "", a)
	return false
}

// hearForm takes the values of a form, or of a text that answers some of it.
func (m *machine) hearForm(a *Action) {
	f, frame := m.flow(), m.top()
	if m.in.Form == nil {
		some := false
		for _, name := range a.Slots {
			if _, known := frame.Vars[name]; !known && m.overhear(f.slots[name]) {
				m.note(a, WhyHeard, name)
				some = true
			}
		}
		if !some && (m.cancels(a) || m.digress(a, false)) {
			return
		}
	}
	for _, name := range a.Slots {
		s := f.slots[name]
		value := strings.TrimSpace(m.in.Form[name])
		if s == nil || value == "" {
			if s != nil && s.Optional && m.in.Form != nil {
				frame.Vars[name] = nil
			}
			continue
		}
		if found := entity.Find(s.Spec, value, m.now); len(found) > 0 && m.accept(s, found[0]) {
			m.note(a, WhyFilled, name)
		} else {
			m.note(a, WhyInvalid, name)
		}
	}
	frame.Formed, m.heard = a.ID, ""
	m.run(a)
}

func (m *machine) hearChoice(a *Action) {
	spec, err := entity.Compile(entity.Spec{Kind: entity.List, Items: itemsOf(a.Options)})
	if err != nil {
		m.note(a, WhyBroken, "")
		return
	}
	found := entity.Find(spec, m.in.Text, m.now)
	plain := len(found) > 0 && m.strong(entity.List, found[0])
	if !plain && (m.cancels(a) || m.digress(a, false)) {
		return
	}
	if len(found) == 0 || len(found) > 1 && found[0].Score == found[1].Score {
		m.missQuestion(a)
		return
	}
	for _, o := range a.Options {
		if (entity.Item{Value: o.Value, Label: o.Label}).Key() == found[0].Value {
			m.note(a, WhyChosen, o.Label)
			if a.Into != "" {
				m.assign(a.Into, found[0].Value)
			}
			m.heard = ""
			m.run(m.flow().entry(o.Then, a.next))
			return
		}
	}
}

func (m *machine) hearConfirm(a *Action) {
	spec, err := entity.Compile(entity.Spec{Kind: entity.YesNo})
	if err != nil {
		return
	}
	found := entity.Find(spec, m.in.Text, m.now)
	if len(found) == 0 {
		if !m.cancels(a) && !m.digress(a, false) {
			m.missQuestion(a)
		}
		return
	}
	m.heard = ""
	if yes, _ := found[0].Value.(bool); yes {
		m.note(a, WhyConfirmed, "")
		m.run(m.flow().entry(a.Then, a.next))
		return
	}
	m.note(a, WhyDeclined, "")
	if a.Else == nil {
		m.sayText(m.words().cancelled)
		m.run(nil)
		return
	}
	m.run(m.flow().entry(a.Else, a.next))
}

// missQuestion is missSlot for a choose or a confirm.
func (m *machine) missQuestion(a *Action) {
	m.note(a, WhyMissed, "")
	v, w := m.values(), m.words()
	text := w.again + "\n" + a.Text.render(v)
	if !a.Again.Empty() {
		text = a.Again.render(v)
	}
	if m.miss(a, a.Retries) {
		labels := a.labels(w)
		if m.top().Tries > 1 {
			labels = append(labels, w.person, w.cancel)
		}
		m.sayButtons(text, labels)
	}
}
