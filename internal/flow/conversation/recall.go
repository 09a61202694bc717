package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// RecallCommand takes back what a message said.
type RecallCommand struct {
	Account desk.AccountID
	// By is who asks: an agent or the contact.
	By desk.Author
	// Anything permits messages of others, at any time.
	Anything bool
	// Key is as in Order; may be empty, because a repeat changes nothing.
	Key            string
	ConversationID desk.ConversationID
	MessageID      desk.MessageID
}

// Recall makes a message say nothing, here and in the event log; files go with
// it. It keeps its place, and both sides see that it was taken back. What a
// platform has already delivered cannot be taken from there. Recalling a
// recalled message changes nothing.
func (s *Service) Recall(ctx context.Context, r RecallCommand) (desk.Message, error) {
	const op = "recall"
	if len(r.Key) > maxClientKey {
		return desk.Message{}, desk.InvalidField(op, "key", "the idempotency key is longer than 200 bytes")
	}
	keys, err := s.keys(ctx, r.Account, op)
	if err != nil {
		return desk.Message{}, err
	}
	var done desk.Message
	_, err = s.onWhatIs(ctx, r.Account, r.ConversationID, func(c desk.Conversation) (store.Command, error) {
		m, err := s.deps.Store.Message(ctx, r.Account, r.MessageID)
		if err != nil {
			return store.Command{}, err
		}
		if m.ConversationID != c.ID || r.By.Kind == desk.ByVisitor && m.Visibility != desk.Public {
			return store.Command{}, desk.E(desk.NotFound, op, "there is no such message")
		}
		done = s.open(ctx, keys, []desk.StoredMessage{m})[0]
		told, newest, err := s.traces(ctx, m)
		if err != nil {
			return store.Command{}, err
		}
		return store.Command{
			Account: r.Account, Scope: string(r.By.Kind) + ":" + r.By.ID, Key: keyed(op, r.Key, string(r.MessageID)),
			Target: store.Target{Conversation: c.ID},
			Decide: func(sit store.Situation) (store.Effects, error) {
				if !done.Content.RecalledAt.IsZero() {
					return store.Effects{}, nil
				}
				tr, err := sit.Conversation.Recall(m.MessageHead, r.By, r.Anything, sit.Now)
				if err != nil {
					return store.Effects{}, err
				}
				empty := desk.Content{RecalledAt: sit.Now}
				plain, err := json.Marshal(empty)
				if err != nil {
					return store.Effects{}, desk.Wrap(desk.Internal, op, err)
				}
				if newest {
					tr.Conversation.Preview = keys.Seal(previewPlace(c.ID), previewOf(m.Author.Kind, true, nil))
				}
				e := effects(sit.Conversation, tr, r.By)
				e.DropAttachments = []desk.MessageID{m.ID}
				e.Extras, err = store.EraseMessage(m, keys.Seal(BodyPlace(c.ID, m.ID), plain), told)
				return e, err
			},
		}, nil
	})
	if err != nil {
		return desk.Message{}, err
	}
	return s.Message(ctx, r.Account, r.MessageID)
}

// someLater is after how many messages of the system's own in a row nobody looks
// for what somebody said: the preview is taken for the recalled message's then.
const someLater = 20

// traces finds what else holds a message's content: the event that told of it,
// and whether the conversation's preview is of it.
func (s *Service) traces(ctx context.Context, m desk.StoredMessage) (told *desk.Event, newest bool, err error) {
	e, err := s.deps.Store.Told(ctx, m)
	switch {
	case err == nil:
		told = &e
	case !errors.Is(err, desk.NotFound):
		return nil, false, err
	}
	if m.Visibility != desk.Public {
		return told, false, nil
	}
	later, err := s.deps.Store.Messages(ctx, m.AccountID, m.ConversationID, store.MessageRange{AfterSeq: m.Seq, PublicOnly: true, Limit: someLater})
	return told, !slices.ContainsFunc(later, func(l desk.StoredMessage) bool { return l.Author.Kind != desk.BySystem }), err
}

// keyed is the idempotency key of a command on something; "" stays "".
func keyed(verb, key, on string) string {
	if key == "" {
		return ""
	}
	return verb + ":" + on + ":" + key
}

// Resend begins the way of a failed message anew: the same message, by the
// channel it was for. Of many at once one does.
func (s *Service) Resend(ctx context.Context, o Order, id desk.MessageID) (desk.Message, error) {
	const verb = "resend"
	if err := o.check(verb); err != nil {
		return desk.Message{}, err
	}
	account := o.Actor.Account
	routes, err := s.deps.Routes.Routes(ctx, account)
	if err != nil {
		return desk.Message{}, desk.Wrap(desk.KindOf(err), verb, err)
	}
	_, err = s.onWhatIs(ctx, account, o.ConversationID, func(c desk.Conversation) (store.Command, error) {
		m, err := s.deps.Store.Message(ctx, account, id)
		if err != nil {
			return store.Command{}, err
		}
		if m.ConversationID != c.ID {
			return store.Command{}, desk.E(desk.NotFound, verb, "there is no such message")
		}
		opened, err := s.Message(ctx, account, id)
		if err != nil {
			return store.Command{}, err
		}
		command := o.command(verb, func(sit store.Situation) (store.Effects, error) {
			way, ok := routes(m.InboxID)
			switch {
			case !ok:
				return store.Effects{}, desk.E(desk.Conflict, verb, "the channel it was for is gone or switched off")
			case !opened.Content.RecalledAt.IsZero():
				return store.Effects{}, desk.E(desk.Conflict, verb, "the message was taken back")
			}
			tr, err := sit.Conversation.Resend(m.MessageHead, way.Status, sit.Now)
			if err != nil {
				return store.Effects{}, err
			}
			e := effects(sit.Conversation, tr, o.Actor.author())
			e.Extras = []store.Extra{store.Requeue(m, way.Status)}
			if way.Queue {
				e.Outbox = []store.OutboxItem{{
					AccountID: account, MessageID: m.ID, ConversationID: c.ID, ContactID: c.ContactID, InboxID: m.InboxID, Seq: m.Seq,
				}}
			}
			return e, nil
		})
		if command.Key != "" {
			command.Key += ":" + string(id)
		}
		return command, nil
	})
	if err != nil {
		return desk.Message{}, err
	}
	return s.Message(ctx, account, id)
}
