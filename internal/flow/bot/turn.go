package bot

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// retryAfter is the pause after a turn that failed; the timer ends the tries.
const retryAfter = 500 * time.Millisecond

// maxTries is how often the table tries by itself before it leaves the rest to
// the timer.
const maxTries = 3

// attend takes a turn from the table and gives it back.
func (s *Service) attend(ctx context.Context, v turn) {
	started := s.deps.Clock.Now()
	until, err := s.take(ctx, v)
	switch {
	case ctx.Err() != nil:
		s.table.wait(v, started.Add(time.Hour), false) // we were told to stop; the timer goes on elsewhere
	case err != nil && v.tries < maxTries:
		s.deps.Log.WarnContext(ctx, "a turn of the bot failed; trying again", "conversation_id", v.id, "error", err)
		s.table.wait(v, started.Add(retryAfter<<v.tries), true)
	case err != nil:
		s.deps.Log.ErrorContext(ctx, "a turn of the bot failed; its timer hands over", "conversation_id", v.id, "error", err)
		s.table.done(v)
	case !until.IsZero():
		s.table.wait(v, until, false)
	default:
		s.table.done(v)
	}
}

// take does what there is to do about a turn. A time says that it should be
// taken again then, because the customer may not have finished.
func (s *Service) take(ctx context.Context, v turn) (until time.Time, err error) {
	for range maxTries {
		until, err = s.look(ctx, v)
		if !errors.Is(err, desk.Conflict) {
			return until, err
		}
		// The customer has written again, or people have the conversation.
		c, err := s.deps.Store.Conversation(ctx, v.account, v.id)
		if err != nil || c.Status != desk.Pending {
			return time.Time{}, ignoreGone(err)
		}
		v.fragments, v.read = nil, c.Seq
	}
	return time.Time{}, err
}

func ignoreGone(err error) error {
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	return err
}

// look reads, decides and acts, once. A panic is this turn's trouble alone.
func (s *Service) look(ctx context.Context, v turn) (until time.Time, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = desk.Wrap(desk.Internal, "take bot's turn", store.Panicked(p))
		}
	}()
	w, err := s.prepare(ctx, v)
	if err != nil || w == nil {
		return time.Time{}, err
	}
	if !w.set.Enabled {
		return time.Time{}, w.handOver(decision{kind: HandOver, reason: SwitchedOff})
	}
	if err := w.consider(); err != nil {
		return time.Time{}, err
	}
	s.load.observe(s.deps.Clock.Now().Sub(w.started), s.table.queued())
	d := decide(w.set, w.session, w.question, w.evidence)
	if !d.sure && !w.question.settled {
		s.typing(ctx, v, true)
		return w.windowEnd, nil
	}
	if w.continues() && adds(d, w.session) {
		done, err := w.together()
		if done || err != nil {
			return time.Time{}, err
		}
		d = decide(w.set, w.session, w.question, w.evidence)
	}
	if err := w.act(d); err != nil {
		return time.Time{}, err
	}
	s.turns.WithLabelValues(string(d.kind)).Inc()
	s.seconds.Observe(s.deps.Clock.Now().Sub(w.started).Seconds())
	return time.Time{}, nil
}

// continues tells whether the customer goes on with a question that was
// answered before its window was over.
func (w *work) continues() bool {
	if w.session.Early == "" {
		return false
	}
	pause := w.turn.fragments[0].at.Sub(desk.FromMicros(w.session.EarlyUS))
	return pause < 2*time.Duration(w.set.BurstMS)*time.Millisecond
}

// adds tells whether a decision about what was written next alone would say
// nothing new, or give up.
func adds(d decision, v session) bool {
	return d.kind == HandOver && (d.reason == Unknown || d.reason == Repeated) || d.hit != nil && d.hit.ID == v.Hit
}

// together reads what was written next with the question before it. If that
// comes to the same answer, or to none, everything was said.
func (w *work) together() (done bool, err error) {
	alone := w.question.text
	w.question.text = w.session.Early + " " + alone
	if err := w.consider(); err != nil {
		return false, err
	}
	held := w.session
	held.Hit = "" // the same answer is no repetition here
	d := decide(w.set, held, w.question, w.evidence)
	if d.hit != nil && d.hit.ID != w.session.Hit && d.kind == Answer || d.kind == HandOver && d.reason != Unknown || d.kind == RunFlow {
		return false, nil
	}
	next := w.session
	next.Early, next.EarlyUS = cut(w.question.text, maxSaidRunes), desk.Micros(w.turn.fragments[len(w.turn.fragments)-1].at)
	var sealErr error
	_, _, err = w.s.deps.Talks.TakeTurn(w.ctx, Turn{
		Account: w.turn.account, Conversation: w.turn.id, Key: w.key(), Read: w.read, Late: w.turn.late, Heard: true,
		Keep: func(after desk.Conversation, _ []desk.MessageID, now time.Time) []store.Extra {
			kept, err := next.keep(w.keys, w.turn.account, w.turn.id, after.Seq, now)
			if err != nil {
				sealErr = err
				return nil
			}
			return []store.Extra{kept}
		},
	})
	return true, errors.Join(err, sealErr)
}

// prepare reads what the customer wrote; nil if the bot has read all of it.
func (s *Service) prepare(ctx context.Context, v turn) (*work, error) {
	w := &work{s: s, ctx: ctx, turn: v, started: s.deps.Clock.Now()}
	w.set, _ = s.deps.Book.of(v.account)
	var err error
	if w.keys, err = s.deps.Keys.Account(ctx, v.account); err != nil {
		return nil, err
	}
	if w.session, err = s.session(ctx, w.keys, v.account, v.id); err != nil {
		return nil, err
	}
	fragments, err := s.unread(ctx, v, w.session)
	if err != nil || len(fragments) == 0 {
		return nil, err
	}
	w.turn.fragments = fragments
	newest := fragments[len(fragments)-1]
	w.read = max(newest.seq, v.read)
	w.windowEnd = newest.at.Add(time.Duration(w.set.BurstMS) * time.Millisecond)
	w.question = ask(fragments)
	if w.question.newest == "" {
		w.question.newest = w.question.text
	}
	w.question.settled = v.late || !w.windowEnd.After(w.started)
	if w.question.locale == "" {
		w.question.locale = w.session.Locale
	}
	if w.question.locale == "" {
		w.question.locale = s.deps.Book.localeOf(ctx, v.account)
	}
	return w, nil
}

// typing shows the customer that somebody is at it.
func (s *Service) typing(ctx context.Context, v turn, on bool) {
	s.deps.Bus.Signal(ctx, bus.Signal{
		AccountID: v.account, ConversationID: v.id, ContactID: v.contact, Kind: bus.Typing, By: desk.Author{Kind: desk.ByBot}, On: on,
	})
}

// unread is what the bot has not read: what the table heard, and what it did not
// because another process had it or there was no room.
func (s *Service) unread(ctx context.Context, v turn, been session) ([]fragment, error) {
	out := v.fragments
	for len(out) > 0 && out[0].seq <= been.readSeq {
		out = out[1:]
	}
	before := int64(0) // the seq of the first that was heard; 0 if nothing was
	switch {
	case len(v.fragments) > 0 && len(out) == 0:
		return nil, nil
	case len(out) > 0 && out[0].seq == been.readSeq+1:
		return out, nil
	case len(out) > 0:
		before = out[0].seq
	}
	messages, _, err := s.deps.Talks.Messages(ctx, v.account, v.id, store.MessageRange{BeforeSeq: 1 << 62, Limit: 60})
	if err != nil {
		return nil, err
	}
	var missed []fragment
	for _, m := range messages {
		switch {
		case m.Seq <= been.readSeq, before > 0 && m.Seq >= before:
		case m.Author.Kind == desk.ByVisitor && m.Content.RecalledAt.IsZero():
			missed = append(missed, fragment{seq: m.Seq, at: m.At, content: m.Content})
		case m.Author.Kind == desk.ByAgent && m.Visibility == desk.Public:
			missed = nil // a person has answered what was before
		}
	}
	out = append(missed, out...)
	return out[max(0, len(out)-maxFragments):], nil
}

// maxQuestion bounds a question, in characters.
const maxQuestion = 2000

// ask reads messages as one question.
func ask(fragments []fragment) (q question) {
	var texts []string
	for _, f := range fragments {
		for _, p := range f.content.Parts {
			switch p.Type {
			case desk.TextPart, desk.ButtonsPart:
				if t := strings.TrimSpace(p.Text); t != "" {
					texts = append(texts, t)
					q.newest = t
				}
			case desk.FormPart:
				q.form = p.Form.Values
			default:
				q.foreign = true
			}
		}
	}
	q.text = strings.Join(texts, " ")
	if utf8.RuneCountInString(q.text) > maxQuestion {
		q.text = string([]rune(q.text)[:maxQuestion])
	}
	q.locale = localeOf(q.text)
	return q
}

// consider asks engines and knowledge.
func (w *work) consider() (err error) {
	s, q, e := w.s, w.question, &w.evidence
	effort := s.load.effort()
	e.trend = w.session.Mood
	if q.text == "" {
		e.mood.Score = 5
		return nil
	}
	e.mood = s.judge.Read(q.text)
	e.trend = w.session.Mood.Next(e.mood.Score)
	if s.deps.Mind != nil && effort < PlainSearch {
		if e.meaning, err = s.deps.Mind.Understand(w.ctx, w.turn.account, q.text, effort); err != nil {
			return err
		}
	}
	if s.deps.Knowledge != nil {
		e.found, err = s.deps.Knowledge.Find(w.ctx, w.turn.account, Ask{
			Text: q.text, Locale: q.locale, Channel: s.channel(w.ctx, w.turn), Limit: 5, Effort: effort,
		})
	}
	return err
}

func (s *Service) channel(ctx context.Context, v turn) string {
	find, err := s.deps.Offices.InboxLookup(ctx, v.account)
	if err != nil {
		return ""
	}
	in, _ := find(v.inbox)
	return in.Channel
}

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

// draft leaves an answer for a person to look at.
func (w *work) draft(d decision) error {
	until := w.s.deps.Clock.Now().Add(time.Duration(w.set.ReviewSeconds) * time.Second)
	w.s.typing(w.ctx, w.turn, true)
	return w.commit(d, Turn{Until: until})
}

// step runs what an intent does, or the flow that runs already.
func (w *work) step(d decision) error {
	in, _ := first(w.evidence.meaning)
	out := Stepped{Passed: true}
	if w.s.deps.Flows != nil && (d.intent == nil || len(d.intent.Actions) > 0) {
		w.s.typing(w.ctx, w.turn, true)
		var err error
		out, err = w.s.deps.Flows.Step(w.ctx, w.turn.account, w.session.Flow, Step{
			Begin: d.intent, Text: w.question.text, Locale: w.question.locale, Guess: in.Name, GuessConfidence: w.evidence.meaning.Confidence,
			Form: w.question.form, Conversation: w.turn.id, Contact: w.turn.contact,
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

// handOver brings the conversation to people, honestly and with a summary.
func (w *work) handOver(d decision) error { return w.handOverSaying(d, nil) }

func (w *work) handOverSaying(d decision, says []desk.Content) error {
	t := Turn{HandOver: true, Team: w.set.of(d.topic).Team}
	if t.Team == "" {
		t.Team = w.set.Team
	}
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
		v.Said = remember(v.Said, w.question.text, maxSaid)
	}
	t.Note = summary(w.s.deps.Book.localeOf(w.ctx, w.turn.account), d.reason, v, w.evidence.mood.Score)
	if len(says) == 0 && d.reason != SwitchedOff {
		says = []desk.Content{desk.TextContent(w.set.handOverText(w.question.locale, d.reason))}
	}
	t.Says = says
	t.Late = true // a person reads the rest
	w.session.Flow = nil
	return w.commit(d, t)
}

// key is the turn's idempotency key: what was read.
func (w *work) key() string { return string(w.turn.id) + ":" + strconv.FormatInt(w.read, 10) + w.why }

// detail is what is kept of a decision in clear: no word of what was written.
type detail struct {
	Knowledge  string           `json:"knowledge,omitempty"`
	Model      string           `json:"model,omitempty"`
	Effort     Effort           `json:"effort,omitempty"`
	Mood       float64          `json:"mood"`
	Level      float64          `json:"mood_level"`
	Meant      float64          `json:"meant"`
	Intents    []guess          `json:"intents,omitempty"`
	FoundAt    float64          `json:"found"`
	Hits       []guess          `json:"hits,omitempty"`
	Thresholds Threshold        `json:"thresholds"`
	TookUS     int64            `json:"took_us"`
	Messages   int              `json:"messages"`
	Seqs       []int64          `json:"seqs,omitempty"`
	MessageIDs []desk.MessageID `json:"message_ids,omitempty"`
}

type guess struct {
	ID string  `json:"id"`
	P  float64 `json:"p"`
}

// written is what is kept sealed: what was asked and what the answer was.
type written struct {
	Question string        `json:"question"`
	Title    string        `json:"title,omitempty"`
	Draft    *desk.Content `json:"draft,omitempty"`
	Titles   []string      `json:"titles,omitempty"`
}

func decisionPlace(d store.BotDecision) seal.Place {
	return seal.Place{Owner: string(d.ConversationID), Table: "bot_decision", Row: d.ID, Column: "body"}
}

// commit takes the turn: messages, change of hands, session and decision at once.
func (w *work) commit(d decision, t Turn) error {
	row, body := w.row(d)
	if !t.Until.IsZero() {
		answer := w.answer(d.hit)
		body.Draft = &answer
		row.Draft, row.DraftUntil = desk.DraftWaiting, t.Until
		t.Facts = append(t.Facts, desk.BotDrafted{DecisionID: row.ID, State: desk.DraftWaiting, Until: t.Until})
	}
	plain, err := json.Marshal(body)
	if err != nil {
		return desk.Wrap(desk.Internal, "save bot decision", err)
	}
	row.Body = w.keys.Seal(decisionPlace(row), plain)
	if d.kind == Answer || d.kind == RunFlow && d.intent != nil && !strings.HasPrefix(d.intent.Name, "@") {
		for i := range t.Says {
			if i == len(t.Says)-1 {
				t.Says[i].DecisionID = row.ID
			}
		}
	}
	if w.expired.ID != "" {
		t.Facts = append(t.Facts, desk.BotDrafted{DecisionID: w.expired.ID, State: desk.DraftExpired})
	}
	next := w.next(d, row.ID)
	t.Account, t.Conversation, t.Key, t.Read, t.Late = w.turn.account, w.turn.id, w.key(), w.read, t.Late || w.turn.late
	var sealErr error
	t.Keep = func(after desk.Conversation, said []desk.MessageID, now time.Time) []store.Extra {
		kept := row
		kept.At = now
		if len(said) > 0 {
			kept.MessageID = said[len(said)-1]
		}
		session, err := next.keep(w.keys, w.turn.account, w.turn.id, after.Seq, now)
		if err != nil {
			sealErr = err
			return nil
		}
		var extras []store.Extra
		if w.expired.ID != "" {
			extras = append(extras, store.FinishBotDraft(w.expired, desk.DraftExpired, "", ""))
		}
		return append(extras, store.OvertakeBotDrafts(w.turn.account, w.turn.id), session, store.AddBotDecision(kept))
	}
	_, _, err = w.s.deps.Talks.TakeTurn(w.ctx, t)
	return errors.Join(err, sealErr)
}

// row is the decision as it is kept.
func (w *work) row(d decision) (store.BotDecision, written) {
	info := detail{
		Knowledge: w.evidence.found.Version, Model: w.evidence.meaning.Version, Effort: w.s.load.effort(),
		Mood: w.evidence.mood.Score, Level: w.evidence.trend.Level, Meant: w.evidence.meaning.Confidence, FoundAt: w.evidence.found.Confidence,
		Thresholds: w.set.of(d.topic), TookUS: w.s.deps.Clock.Now().Sub(w.started).Microseconds(), Messages: len(w.turn.fragments),
	}
	body := written{Question: w.question.text}
	for _, in := range w.evidence.meaning.Intents {
		info.Intents = append(info.Intents, guess{in.Name, in.P})
	}
	for _, h := range w.evidence.found.Hits {
		info.Hits = append(info.Hits, guess{h.ID, h.P})
		body.Titles = append(body.Titles, cut(h.Title, 100))
	}
	for _, f := range w.turn.fragments {
		info.Seqs = append(info.Seqs, f.seq)
	}
	row := store.BotDecision{
		ID: w.s.deps.IDs.Other("dec"), AccountID: w.turn.account, ConversationID: w.turn.id, InboxID: w.turn.inbox, ReadSeq: w.read,
		Kind: string(d.kind), Reason: d.reason, Topic: d.topic, Confidence: d.confidence, Locale: w.question.locale,
	}
	switch {
	case d.hit != nil:
		row.Hit, body.Title = d.hit.ID, cut(d.hit.Title, 100)
	case d.intent != nil:
		row.Hit, body.Title = "intent:"+d.intent.Name, d.intent.Title
	}
	text, err := json.Marshal(info)
	if err == nil {
		row.Detail = string(text)
	}
	return row, body
}

// next is the session after the decision.
func (w *work) next(d decision, id string) session {
	v := w.session
	v.Mood, v.Locale = w.evidence.trend, w.question.locale
	v.Choices, v.Asked = nil, d.kind == AskBack
	v.Early, v.EarlyUS = "", 0
	if d.kind == Answer && !w.question.settled && len(w.turn.fragments) > 0 {
		v.Early, v.EarlyUS = cut(w.question.text, maxSaidRunes), desk.Micros(w.turn.fragments[len(w.turn.fragments)-1].at)
	}
	if w.question.text != "" {
		v.Said = remember(v.Said, w.question.text, maxSaid)
	}
	switch d.kind {
	case Answer:
		v.Hit, v.DecisionID = d.hit.ID, id
		v.Tried = remember(v.Tried, d.hit.Title, maxTried)
	case AskBack:
		v.Choices = d.choices
	case RunFlow:
		v.Hit, v.DecisionID = "", id
		if d.intent != nil && d.intent.Title != "" {
			v.Tried = remember(v.Tried, d.intent.Title, maxTried)
		}
	case Review:
		v.Hit, v.DecisionID = "", id
	case SmallTalk, HandOver:
		v.Hit = ""
	}
	if d.kind == HandOver {
		v.Flow, v.Slots, v.Tried, v.Said = nil, nil, nil, nil
	}
	return v
}
