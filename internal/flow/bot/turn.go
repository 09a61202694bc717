package bot

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
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
