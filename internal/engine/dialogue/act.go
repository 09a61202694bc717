package dialogue

import (
	"encoding/json"
	"fmt"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/entity"
)

// do performs one step. It returns the next one, or false if the turn is over.
func (m *machine) do(a *Action) (next *Action, on bool) {
	f := m.flow()
	if a.Verb != Ask && a.Verb != FormAsk && a.Verb != If {
		m.note(a, WhyNext, a.Name)
	}
	switch a.Verb {
	case Say:
		m.say(m.content(a))
	case Ask, FormAsk:
		return m.askAll(a)
	case Choose, Confirm:
		m.top().Wait, m.top().Tries = Wait(a.Verb), 0
		m.sayButtons(a.Text.render(m.values()), a.labels(m.words()))
		return nil, false
	case Assign:
		m.assignAll(a)
	case Clear:
		for _, s := range a.Slots {
			delete(m.top().Vars, s)
		}
		m.top().Formed = ""
	case If:
		return m.branch(a)
	case CallAPI:
		m.call(a)
		return nil, false
	case Goto:
		return f.first[a.Name], true
	case SubFlow:
		return m.enter(a)
	case HandOver:
		farewell := m.words().handoff
		if !a.Text.Empty() {
			farewell = a.Text.render(m.values())
		}
		m.sayText(farewell)
		reason := a.Name
		if reason == "" {
			reason = HandFlow
		}
		m.handOff(reason, a.Summary.render(m.values()), a)
		return nil, false
	case Escalate:
		m.effects = append(m.effects, Effect{Kind: EscalateIt, Reason: a.Name, Score: a.Score, Flow: f.Name})
	case End:
		m.sayText(a.Text.render(m.values()))
		return nil, true
	}
	return a.next, true
}

func (m *machine) branch(a *Action) (*Action, bool) {
	yes, err := a.Cond.holds(m.values())
	switch {
	case err != nil:
		m.note(a, WhyBroken, a.Cond.Source)
	case yes:
		m.note(a, WhyTrue, a.Cond.Source)
		return m.flow().entry(a.Then, a.next), true
	default:
		m.note(a, WhyFalse, a.Cond.Source)
	}
	return m.flow().entry(a.Else, a.next), true
}

func (m *machine) assignAll(a *Action) {
	for _, s := range a.Assign {
		m.assign(s.Name, m.compute(a, s))
	}
}

func (m *machine) compute(a *Action, s Assignment) any {
	if s.Expr == nil {
		return fill(s.Value, m.values())
	}
	out, err := s.Expr.eval(m.values())
	if err != nil {
		m.note(a, WhyBroken, s.Name)
	}
	return out
}

// enter begins the flow that a step calls.
func (m *machine) enter(a *Action) (*Action, bool) {
	f := m.find(a.Name)
	if f == nil || len(m.s.Frames) >= MaxDepth {
		m.note(a, WhyGone, a.Name)
		m.sayText(m.words().handoff)
		m.handOff(HandGone, "", a)
		return nil, false
	}
	vars := map[string]any{}
	for _, s := range a.Assign {
		vars[s.Name] = m.compute(a, s)
	}
	m.top().Wait = WaitFlow
	m.push(f, nil)
	for k, v := range vars {
		m.assign(k, v)
	}
	m.note(f.first[f.Start], WhyBegin, f.Name)
	return f.first[f.Start], true
}

// call asks for a request to be performed.
func (m *machine) call(a *Action) {
	v := m.values()
	m.s.Calls++
	c := &Call{
		ID: fmt.Sprintf("call_%d", m.s.Calls), Step: a.ID, Method: a.Request.Method, URL: a.Request.URL.parts(v, inURL),
		Timeout: a.Request.Timeout, Retries: a.Request.Retries,
	}
	for _, h := range a.Request.Headers {
		c.Headers = append(c.Headers, Header{h.Name, h.Value.parts(v, inHeader)})
	}
	if a.Request.Body != nil {
		if body, err := json.Marshal(fill(a.Request.Body, v)); err == nil {
			c.Body = body
		}
	}
	m.top().Wait, m.top().Call = WaitCall, c.ID
	m.note(a, WhyCalled, c.Method)
	c.Flow = m.top().Flow
	m.effects = append(m.effects, Effect{Kind: CallIt, Call: c, Flow: m.top().Flow})
}

// content makes the message of a say.
func (m *machine) content(a *Action) (c desk.Content) {
	v := m.values()
	if s := a.Image.render(v); s != "" {
		c.Parts = append(c.Parts, desk.Part{Type: desk.ImagePart, Media: &desk.Media{URL: s}})
	}
	text, buttons := a.Text.render(v), buttonsOf(a.Buttons, v)
	switch {
	case len(buttons) > 0:
		c.Parts = append(c.Parts, desk.Part{Type: desk.ButtonsPart, Text: text, Buttons: buttons})
	case text != "":
		c.Parts = append(c.Parts, desk.Part{Type: desk.TextPart, Text: text})
	}
	if a.Card != nil {
		c.Parts = append(c.Parts, desk.Part{Type: desk.CardPart, Card: &desk.Card{
			Title: a.Card.Title.render(v), Subtitle: a.Card.Subtitle.render(v), ImageURL: a.Card.Image.render(v), URL: a.Card.URL.render(v),
			Price: a.Card.Price.render(v), Buttons: buttonsOf(a.Card.Buttons, v),
		}})
	}
	return c
}

func buttonsOf(all []ButtonOf, v values) (out []desk.Button) {
	for _, b := range all {
		if label := b.Label.render(v); label != "" {
			out = append(out, desk.Button{Label: label, Value: b.Value.render(v), URL: b.URL.render(v)})
		}
	}
	return out
}

// sendForm asks for several slots at once.
func (m *machine) sendForm(a *Action) {
	f, w := m.flow(), m.words()
	form := &desk.Form{}
	for _, name := range a.Slots {
		s := f.slots[name]
		if _, known := m.top().Vars[name]; known || s == nil {
			continue
		}
		field := desk.FormField{Name: name, Label: s.Label, Kind: formKind(s), Required: !s.Optional}
		switch s.Spec.Kind {
		case entity.List:
			for _, o := range s.Options[:min(len(s.Options), 100)] {
				field.Options = append(field.Options, o.Label)
			}
		case entity.YesNo:
			field.Options = []string{w.yes, w.no}
		default: // filled by writing
		}
		form.Fields = append(form.Fields, field)
	}
	m.say(desk.Content{Parts: []desk.Part{{Type: desk.FormPart, Form: form}}})
}
