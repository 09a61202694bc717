package bot

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// work is one turn while it is done.
type work struct {
	s        *Service
	ctx      context.Context //nolint:containedctx // one turn's, on the worker's stack
	turn     turn
	set      Settings
	keys     *seal.AccountKeys
	session  session
	question question
	evidence evidence
	// read is up to which message the bot has read.
	read      int64
	started   time.Time
	windowEnd time.Time
	// why is part of the idempotency key of what is not an answer to a message.
	why string
	// expired is the draft that nobody decided on; the zero value if none.
	expired store.BotDecision
}

// act does what was decided.
func (w *work) act(d decision) error {
	switch d.kind {
	case Answer:
		return w.say(d, []desk.Content{w.answer(d.hit)})
	case AskBack:
		return w.say(d, []desk.Content{w.askBack(d.choices)})
	case SmallTalk, RunFlow:
		return w.step(d)
	case Review:
		return w.draft(d)
	case HandOver:
	}
	return w.handOver(d)
}

// answer is a hit as a message.
func (w *work) answer(h *Hit) desk.Content {
	c := h.Answer
	c.Parts = append([]desk.Part(nil), c.Parts...)
	if hello := strings.TrimSpace(w.set.Texts[w.question.locale].Salutation); hello != "" && len(c.Parts) > 0 && c.Parts[0].Type == desk.TextPart {
		if last, _ := utf8.DecodeLastRuneInString(hello); unicode.IsLetter(last) {
			hello += map[bool]string{true: ", ", false: "，"}[w.question.locale == desk.English]
		}
		c.Parts[0].Text = hello + c.Parts[0].Text
	}
	if w.set.Sources && h.Source.Title != "" {
		c.Sources = []desk.Source{h.Source}
	} else if w.set.Sources && h.Title != "" {
		c.Sources = []desk.Source{{Title: cut(h.Title, 150)}}
	}
	return c
}

func (w *work) askBack(choices []choice) desk.Content {
	words := wordsOf(w.question.locale)
	part := desk.Part{Type: desk.ButtonsPart, Text: words.askBack}
	for _, c := range choices {
		part.Buttons = append(part.Buttons, desk.Button{Label: c.Label})
	}
	part.Buttons = append(part.Buttons, desk.Button{Label: words.noneOfThese})
	return desk.Content{Parts: []desk.Part{part}}
}

// say answers and stays with the conversation.
func (w *work) say(d decision, says []desk.Content) error {
	return w.commit(d, Turn{Says: w.introduced(says)})
}

// introduced says once that it is a bot, where no window says so.
func (w *work) introduced(says []desk.Content) []desk.Content {
	if w.session.Greeted || len(says) == 0 {
		return says
	}
	w.session.Greeted = true
	if ch := w.s.channel(w.ctx, w.turn); ch == "webchat" || ch == "" {
		return says
	}
	intro := w.set.named(wordsOf(w.question.locale).intro, w.question.locale)
	return append([]desk.Content{desk.TextContent(intro)}, says...)
}

// draft leaves an answer for a person to look at. Where nobody is there to do
// so, nobody is waited for.
func (w *work) draft(d decision) error {
	there, err := w.s.deps.Queue.Attended(w.ctx, w.turn.account)
	if err != nil {
		return err
	}
	if !there {
		d.kind, d.reason = HandOver, ReviewExpired
		return w.handOver(d)
	}
	until := w.s.deps.Clock.Now().Add(time.Duration(w.set.ReviewSeconds) * time.Second)
	w.s.typing(w.ctx, w.turn, true)
	return w.commit(d, Turn{Until: until})
}

// step runs what an intent does, or the flow that runs already.
func (w *work) step(d decision) error {
	in, _ := first(w.evidence.meaning)
	out := Stepped{Passed: true}
	if d.kind == SmallTalk && w.question.locale != w.s.deps.Book.localeOf(w.ctx, w.turn.account) {
		// What a company lets its bot say to this is in its own language.
		if text := wordsOf(w.question.locale).smallTalk[d.intent.Name]; text != "" && d.intent.Name != "@complaint" {
			return w.say(d, []desk.Content{desk.TextContent(w.set.named(text, w.question.locale))})
		}
	}
	if w.s.deps.Flows != nil && (d.intent == nil || len(d.intent.Actions) > 0) {
		w.s.typing(w.ctx, w.turn, true)
		var err error
		out, err = w.s.deps.Flows.Step(w.ctx, w.turn.account, w.session.Flow, Step{
			Begin: d.intent, Text: w.question.text, Locale: w.question.locale, Guess: in.Name, GuessConfidence: w.evidence.meaning.Confidence,
			Small: w.small(in),
			Form:  w.question.form, Conversation: w.turn.id, Contact: w.turn.contact,
			Salutation: w.set.Texts[w.question.locale].Salutation, IdempotencyKey: w.key(),
		})
		if err != nil {
			return err
		}
	}
	if out.Passed && d.intent != nil {
		if text := wordsOf(w.question.locale).smallTalk[d.intent.Name]; text != "" {
			if d.intent.Name == "@complaint" {
				return w.handOver(decision{kind: HandOver, reason: BadMood, confidence: d.confidence, topic: d.topic, intent: d.intent})
			}
			return w.say(d, []desk.Content{desk.TextContent(w.set.named(text, w.question.locale))})
		}
	}
	if out.Passed && (len(w.session.Flow) == 0 || len(out.State) == 0) && d.intent == nil {
		// The flow has nothing to say to it: it is an ordinary question.
		w.session.Flow = nil
	}
	if out.Passed {
		held := w.session
		held.Flow = nil
		next := decide(w.set, held, w.question, w.evidence)
		if next.kind == RunFlow || next.kind == SmallTalk {
			next = decision{kind: HandOver, reason: Unknown, confidence: next.confidence, topic: next.topic}
		}
		return w.act(next)
	}
	w.session.Flow = out.State
	if out.Slots != nil {
		w.session.Slots = out.Slots
	}
	if d.hit == nil && out.Flow != "" {
		d.hit = &Hit{ID: "flow:" + out.Flow, Kind: "flow", Title: out.Flow}
	}
	if out.HandOff || out.Escalate {
		h := d
		h.kind, h.reason, h.escalate = HandOver, FlowSaysSo, out.Escalate
		return w.handOverSaying(h, out.Says)
	}
	return w.say(d, out.Says)
}

// small is what is said to small talk in the middle of something else. What
// means nothing at all is not: the flow says better that it did not understand.
func (w *work) small(in Intent) string {
	if aside(w.question.text) != "" {
		return "" // "好的" may well be an answer, or nothing at all
	}
	switch in.Name {
	case "@greeting", "@thanks", "@goodbye", "@chitchat", "@bot_identity":
		return w.set.named(wordsOf(w.question.locale).smallTalk[in.Name], w.question.locale)
	}
	return ""
}

// handOver brings the conversation to people, honestly and with a summary.
func (w *work) handOver(d decision) error { return w.handOverSaying(d, nil) }

func (w *work) handOverSaying(d decision, says []desk.Content) error {
	t := Turn{HandOver: true, Team: w.set.of(d.topic).Team}
	if d.escalate {
		senior, err := w.s.deps.Queue.Senior(w.ctx, w.turn.account)
		if err != nil {
			return err
		}
		if senior != "" {
			t.Team = senior
		}
		t.Escalate = &desk.ConversationEscalated{Reason: d.reason, Score: w.evidence.mood.Score}
	}
	v := w.session
	v.Mood = w.evidence.trend
	if w.question.text != "" {
		v.Said = remember(v.Said, w.question.text)
	}
	t.Note = w.note(d.reason, v, w.evidence.mood.Score)
	if len(says) == 0 && d.reason != SwitchedOff {
		says = []desk.Content{desk.TextContent(w.set.handOverText(w.question.locale, d.reason))}
	}
	t.Says = says
	t.Late = true // a person reads the rest
	w.session.Flow = nil
	return w.commit(d, t)
}
