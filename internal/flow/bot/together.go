package bot

import (
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

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
