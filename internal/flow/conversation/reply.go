package conversation

import (
	"context"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// ReplyCommand sends a message to the customer.
type ReplyCommand struct {
	Actor          Actor
	Key            string
	ConversationID desk.ConversationID
	// ExpectVersion is as in Order.
	ExpectVersion int64
	Content       desk.Content
	// ClientID is the sender's own id of the message, at most 200 bytes.
	ClientID string
	// SentAt is the sender's clock; may be zero.
	SentAt time.Time
}

// Reply adds an agent's answer, takes the conversation over if nobody has it,
// and starts the message on its way. A repeat of the key returns the first
// message. Quoting works for public messages of the same conversation.
func (s *Service) Reply(ctx context.Context, r ReplyCommand) (desk.Message, error) {
	const op = "reply"
	routes, err := s.deps.Routes.Routes(ctx, r.Actor.Account)
	if err != nil {
		return desk.Message{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	return s.say(ctx, r, op, desk.Public, func(inbox desk.InboxID) Route {
		if route, ok := routes(inbox); ok {
			return route
		}
		return Route{Status: desk.Failed}
	})
}

// NoteCommand leaves a note for colleagues.
type NoteCommand struct {
	Actor          Actor
	Key            string
	ConversationID desk.ConversationID
	Text           string
	// Parts, if set, are the note instead of Text.
	Parts []desk.Part
	// Mentions are colleagues that the note names. They are told and find it in
	// the list Mentioned until they have looked.
	Mentions []desk.AgentID
	ClientID string
}

// Note adds a note that only colleagues see. A repeat of the key returns the
// first note.
func (s *Service) Note(ctx context.Context, n NoteCommand) (desk.Message, error) {
	mentions, err := s.checkMentions(ctx, n.Actor.Account, n.Mentions)
	if err != nil {
		return desk.Message{}, err
	}
	content := desk.TextContent(n.Text)
	if len(n.Parts) > 0 {
		content.Parts = n.Parts
	}
	content.Mentions = mentions
	return s.say(ctx, ReplyCommand{
		Actor: n.Actor, Key: n.Key, ConversationID: n.ConversationID, Content: content, ClientID: n.ClientID,
	}, "note", desk.Note, func(desk.InboxID) Route { return Route{Status: desk.Received} })
}

// noInbox is the failure reason of a reply whose inbox is gone or switched off.
const noInbox = "inbox_unavailable"

// saying is a message ready to be committed.
type saying struct {
	order   Order
	command store.Command
	said    desk.Content
	keys    *seal.AccountKeys
	// written is what the last run of the unit wrote, which is what was committed.
	written *desk.StoredMessage
}

func (s *Service) say(ctx context.Context, r ReplyCommand, verb string, v desk.Visibility, route func(desk.InboxID) Route) (desk.Message, error) {
	say, err := s.saying(ctx, r, verb, v, route)
	if err != nil {
		return desk.Message{}, err
	}
	out, err := s.deps.Store.Do(ctx, say.command)
	if err != nil {
		return desk.Message{}, err
	}
	if err := s.stillSeen(ctx, say.order, verb, out); err != nil {
		return desk.Message{}, err
	}
	if !out.Repeated {
		s.deps.Files.Sign(r.Actor.Account, &say.said)
		return desk.Message{MessageHead: say.written.MessageHead, Content: say.said}, nil
	}
	first, err := s.deps.Store.Message(ctx, r.Actor.Account, desk.MessageID(out.ResultID))
	if err != nil {
		return desk.Message{}, desk.Wrap(desk.KindOf(err), verb, err)
	}
	return s.open(ctx, say.keys, []desk.StoredMessage{first})[0], nil
}

func (s *Service) saying(ctx context.Context, r ReplyCommand, verb string, v desk.Visibility, route func(desk.InboxID) Route) (*saying, error) {
	order := Order{Actor: r.Actor, Key: r.Key, ConversationID: r.ConversationID, ExpectVersion: r.ExpectVersion}
	if err := order.check(verb); err != nil {
		return nil, err
	}
	if len(r.ClientID) > maxClientKey {
		return nil, desk.InvalidField(verb, "client_id", "the client id is longer than 200 bytes")
	}
	if err := r.Content.Validate(); err != nil {
		return nil, err
	}
	// Whether files may be sent is said in the decision, which a repeat does not
	// run: its files were sent already, by itself.
	said, refused := s.deps.Files.Prepare(ctx, r.Actor.Account, desk.AgentUploader(r.Actor.Agent), r.Content)
	content, err := newBody(said)
	if err != nil {
		return nil, err
	}
	if err := s.checkQuote(ctx, r); err != nil {
		return nil, err
	}
	keys, err := s.keys(ctx, r.Actor.Account, verb)
	if err != nil {
		return nil, err
	}
	shard, _ := r.ConversationID.Shard() // Order.check saw to it
	id := s.deps.IDs.Message(shard)
	by := r.Actor.author()
	written := new(desk.StoredMessage)
	command := order.command(verb, func(sit store.Situation) (store.Effects, error) {
		before := sit.Conversation
		if refused != nil {
			return store.Effects{}, refused
		}
		if err := before.ExpectVersion(r.ExpectVersion); err != nil {
			return store.Effects{}, err
		}
		way := route(before.InboxID)
		head := desk.MessageHead{ID: id, InboxID: before.InboxID, Author: by, Visibility: v, ClientID: r.ClientID, SentAt: r.SentAt}
		if way.Status == desk.Failed {
			head.FailureReason = noInbox
		}
		sealed, preview := content.seal(keys, before.ID, id, desk.ByAgent)
		tr, stored := before.Add(desk.StoredMessage{MessageHead: head, Body: sealed}, preview, way.Status, sit.Now)
		e := effects(before, tr, by)
		e.Messages, e.Attachments = []desk.StoredMessage{stored}, content.uses(id)
		for _, agent := range r.Content.Mentions {
			if agent != r.Actor.Agent {
				e.Extras = append(e.Extras, store.AddMention(stored.AccountID, stored.ConversationID, agent, stored.Seq, stored.At))
			}
		}
		if way.Queue {
			e.Outbox = []store.OutboxItem{{
				AccountID: stored.AccountID, MessageID: stored.ID, ConversationID: stored.ConversationID,
				ContactID: before.ContactID, InboxID: stored.InboxID, Seq: stored.Seq,
			}}
		}
		*written = stored
		return e, nil
	})
	command.ResultID = string(id)
	return &saying{order: order, command: command, said: said, keys: keys, written: written}, nil
}

// checkQuote refuses to quote what the customer cannot see or another conversation.
func (s *Service) checkQuote(ctx context.Context, r ReplyCommand) error {
	if r.Content.ReplyTo == "" {
		return nil
	}
	quoted, err := s.deps.Store.Message(ctx, r.Actor.Account, r.Content.ReplyTo)
	if err != nil && !errors.Is(err, desk.NotFound) {
		return err
	}
	if err != nil || quoted.ConversationID != r.ConversationID || quoted.Visibility != desk.Public {
		return desk.InvalidField("quote message", "reply_to", "there is no such message in this conversation")
	}
	return nil
}

// SetMessageStatus moves an outgoing message's status upward; a lower one
// changes nothing. reason is a short code for Failed.
func (s *Service) SetMessageStatus(ctx context.Context, account desk.AccountID, id desk.MessageID, status desk.DeliveryStatus, reason string) error {
	return s.SetMessageSent(ctx, account, id, status, reason, "")
}

// SetMessageSent is SetMessageStatus that also keeps the platform's name of
// the message, by which later receipts find it; "" keeps the known one.
func (s *Service) SetMessageSent(ctx context.Context, account desk.AccountID, id desk.MessageID, status desk.DeliveryStatus, reason, external string) error {
	m, err := s.deps.Store.Message(ctx, account, id)
	if err != nil {
		return err
	}
	if _, moves := m.Status.Advance(status); !moves && external == "" {
		return nil
	}
	_, err = s.deps.Store.Do(ctx, store.Command{
		Account: account, Target: store.Target{Conversation: m.ConversationID},
		Decide: func(sit store.Situation) (store.Effects, error) {
			return store.Effects{
				Conversation: sit.Conversation, Actor: desk.Author{Kind: desk.BySystem},
				Statuses: []store.MessageStatus{{MessageID: id, Status: status, Reason: reason, ExternalID: external}},
				Facts:    []desk.Fact{desk.MessageStatusChanged{MessageID: id, Seq: m.Seq, Status: status, Reason: reason}},
			}, nil
		},
	})
	return err
}
