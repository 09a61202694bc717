package bot

import (
	"context"
	"errors"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Thumb is what a customer thought of an answer.
type Thumb struct {
	Helpful bool
	Reason  string
}

// Rate keeps what a customer thought of an answer; the newest counts, and the
// same again tells nobody anything. An answer that did not help, if it is the
// newest, is a wish for a person. NotFound if it is not the bot's answer to
// this contact.
func (s *Service) Rate(ctx context.Context, account desk.AccountID, contact desk.ContactID, id desk.MessageID, thumb Thumb) error {
	const op = "rate answer"
	if thumb.Helpful {
		thumb.Reason = ""
	}
	if thumb.Reason != "" && !slices.Contains(desk.ThumbReasons(), thumb.Reason) {
		return desk.InvalidField(op, "reason", "the reason is wrong, off_topic, unclear, incomplete or outdated")
	}
	m, err := s.deps.Talks.Message(ctx, account, id)
	if err != nil {
		return err
	}
	missing := desk.E(desk.NotFound, op, "there is no such answer")
	if m.Author.Kind != desk.ByBot || m.Visibility != desk.Public || m.Content.DecisionID == "" {
		return missing
	}
	c, err := s.deps.Store.Conversation(ctx, account, m.ConversationID)
	if err != nil || c.ContactID != contact {
		return errors.Join(err, missing)
	}
	d, err := s.deps.Store.BotDecision(ctx, account, m.Content.DecisionID)
	if err != nil {
		return err
	}
	value := -1
	if thumb.Helpful {
		value = 1
	}
	if d.Thumb == value && d.ThumbReason == thumb.Reason {
		return nil
	}
	err = s.deps.Talks.Thumb(ctx, account, contact, m, thumb.Helpful, thumb.Reason, func(time.Time) []store.Extra {
		return []store.Extra{store.ThumbBotDecision(d, value, thumb.Reason)}
	})
	if err != nil || thumb.Helpful || d.Thumb == -1 || c.Status != desk.Pending {
		return err
	}
	return s.helpless(ctx, c, d)
}

// helpless hands over after a thumb down on the newest answer.
func (s *Service) helpless(ctx context.Context, c desk.Conversation, d store.BotDecision) error {
	w, err := s.reopened(ctx, Decision{BotDecision: d})
	if err != nil || w.session.DecisionID != d.ID {
		return err
	}
	w.turn.contact = c.ContactID
	w.question.locale, w.read, w.why = d.Locale, c.Seq, ":"+ThumbDown
	w.evidence.trend, w.evidence.mood.Score = w.session.Mood, w.session.Mood.Level
	err = w.handOver(decision{kind: HandOver, reason: ThumbDown, topic: d.Topic, confidence: d.Confidence})
	if errors.Is(err, desk.Conflict) {
		return nil
	}
	return err
}

// Thumbs are what the customer thought of a conversation's answers, by message.
func (s *Service) Thumbs(ctx context.Context, account desk.AccountID, id desk.ConversationID) (map[desk.MessageID]Thumb, error) {
	rows, err := s.deps.Store.BotDecisionsOf(ctx, account, id)
	out := make(map[desk.MessageID]Thumb)
	for _, d := range rows {
		if d.Thumb != 0 && d.MessageID != "" {
			out[d.MessageID] = Thumb{Helpful: d.Thumb > 0, Reason: d.ThumbReason}
		}
	}
	return out, err
}
