package bot

import (
	"context"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// again is how long a turn that is in somebody's hands is left alone.
const again = 4 * time.Second

// FireTimer sees to a customer of the bot who still waits: it takes the turn
// that nobody took, and hands over if that fails or has taken too long. A timer
// that fires for nothing finds nothing to do.
func (s *Service) FireTimer(ctx context.Context, t store.Timer) error {
	id := desk.ConversationID(t.Subject)
	c, err := s.deps.Store.Conversation(ctx, t.AccountID, id)
	if err != nil || c.Status != desk.Pending || c.WaitingSince.IsZero() {
		return ignoreGone(err)
	}
	now := s.deps.Clock.Now()
	drafts, err := s.deps.Store.BotDecisionsOf(ctx, t.AccountID, id)
	if err != nil {
		return err
	}
	v := turn{account: t.AccountID, id: id, contact: c.ContactID, inbox: c.InboxID, read: c.Seq, late: true}
	for _, d := range drafts {
		if d.Draft != desk.DraftWaiting {
			continue
		}
		if d.DraftUntil.After(now) {
			return s.deps.Talks.PutOffBotTimer(ctx, t.AccountID, id, d.DraftUntil)
		}
		return s.rescue(ctx, v, ReviewExpired, d)
	}
	waited := now.Sub(c.WaitingSince)
	if waited < s.config.GiveUp {
		if !s.table.claim(v) { // at work on it
			return s.deps.Talks.PutOffBotTimer(ctx, t.AccountID, id, now.Add(again))
		}
		_, err := s.take(ctx, v)
		s.table.done(v)
		if err == nil {
			return s.check(ctx, v)
		}
		s.deps.Log.ErrorContext(ctx, "the bot's timer could not take the turn; handing over", "conversation_id", id, "error", err)
	}
	return s.rescue(ctx, v, Failure, store.BotDecision{})
}

// check looks whether the turn that was taken ended the wait; if there was
// nothing to read although the customer waits, people have to look.
func (s *Service) check(ctx context.Context, v turn) error {
	c, err := s.deps.Store.Conversation(ctx, v.account, v.id)
	if err != nil || c.Status != desk.Pending || c.WaitingSince.IsZero() {
		return ignoreGone(err)
	}
	timer, err := s.deps.Store.Timer(ctx, store.TimerRef{AccountID: v.account, Kind: timerKind, Subject: string(v.id)})
	if err == nil && timer.Due.After(s.deps.Clock.Now()) {
		return nil // a draft waits, or the customer has written again
	}
	return s.rescue(ctx, v, Failure, store.BotDecision{})
}

// timerKind is conversation.BotTimer.
const timerKind = "bot"

// rescue hands over without engines, knowledge or flows: whatever is broken, it
// is not needed for this. expired is the draft that nobody decided on, if any.
func (s *Service) rescue(ctx context.Context, v turn, reason string, expired store.BotDecision) error {
	w, err := s.prepare(ctx, v)
	if err != nil || w == nil {
		w = &work{s: s, ctx: ctx, turn: v, started: s.deps.Clock.Now(), read: v.read}
		w.set, _ = s.deps.Book.of(v.account)
		if w.keys, err = s.deps.Keys.Account(ctx, v.account); err != nil {
			return err
		}
		if w.session, err = s.session(ctx, w.keys, v.account, v.id); err != nil {
			return err
		}
		w.question.locale = w.session.Locale
		if w.question.locale == "" {
			w.question.locale = s.deps.Book.localeOf(ctx, v.account)
		}
	}
	w.why, w.expired = ":"+reason, expired
	w.evidence.trend = w.session.Mood
	w.evidence.mood.Score = w.session.Mood.Level
	d := decision{kind: HandOver, reason: reason, topic: expired.Topic, confidence: expired.Confidence}
	err = w.handOver(d)
	if errors.Is(err, desk.Conflict) {
		return nil // people have it
	}
	if err == nil {
		s.turns.WithLabelValues(string(HandOver)).Inc()
	}
	return err
}
