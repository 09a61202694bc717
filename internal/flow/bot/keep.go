package bot

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

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
		v.Said = remember(v.Said, w.question.text)
	}
	switch d.kind {
	case Answer:
		v.Hit, v.DecisionID = d.hit.ID, id
		v.Tried = remember(v.Tried, d.hit.Title)
	case AskBack:
		v.Choices = d.choices
	case RunFlow:
		v.Hit, v.DecisionID = "", id
		if d.intent != nil && d.intent.Title != "" {
			v.Tried = remember(v.Tried, d.intent.Title)
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
