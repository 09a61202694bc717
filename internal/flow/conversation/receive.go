package conversation

import (
	"encoding/json"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Incoming is a customer's message on its way to the conversation it belongs to.
type Incoming struct {
	Inbox desk.Inbox
	// Keys seal what the message says and who wrote it.
	Keys *seal.AccountKeys
	// MessageID names the message on the shard of its conversation; the same id
	// each time.
	MessageID func(desk.Shard) desk.MessageID
	Content   desk.Content
	// Quoted is the conversation of the public message that Content.ReplyTo
	// names; the quote is dropped if the message goes to another, or if empty.
	Quoted desk.ConversationID
	// ClientID is the sender's own id of the message.
	ClientID string
	// SentAt is the sender's clock; may be zero.
	SentAt time.Time
	// Profile is what the channel says of the person, for one who is new.
	Profile desk.Profile
	// Thread is the channel's thread, for inboxes with a conversation per thread.
	Thread string
	// NewConversation is the id for a conversation that has to begin; empty
	// draws one.
	NewConversation desk.ConversationID
}

// Receive decides what a customer's message does: it continues the live
// conversation, brings back one that was put off or resolved less than
// desk.ReopenWindow ago, or begins another. The result is a pure function for
// the store, and Invalid if the content is. Messages of blocked contacts are
// stored like all others; the contact's flag tells readers.
func (s *Service) Receive(in Incoming) func(store.Situation) (store.Effects, error) {
	if in.NewConversation == "" {
		in.NewConversation = s.deps.IDs.Conversation()
	}
	content, err := newBody(in.Content)
	if err != nil {
		return func(store.Situation) (store.Effects, error) { return store.Effects{}, err }
	}
	// A visitor may quote only what is in the same conversation. Which one that
	// is shows only in the decision, so the text without the quote is ready too.
	plain := content
	if in.Content.ReplyTo != "" {
		if plain, err = newBody(desk.Content{Parts: in.Content.Parts}); err != nil {
			return func(store.Situation) (store.Effects, error) { return store.Effects{}, err }
		}
	}
	botFirst, botReturns := s.deps.Bots.Serves(in.Inbox)
	return func(sit store.Situation) (store.Effects, error) {
		by := desk.Author{Kind: desk.ByVisitor, ID: string(sit.ContactID)}
		var out store.Effects
		var facts []desk.Fact
		if sit.ContactIsNew {
			contact, err := newContact(in, sit)
			if err != nil {
				return out, err
			}
			out.Contact = contact
			facts = append(facts, desk.ContactCreated{InboxID: in.Inbox.ID})
		}
		current := sit.Conversation
		if current.ID == "" || !current.Live(sit.Now) {
			opened := desk.OpenConversation(in.NewConversation, in.Inbox.AccountID, sit.ContactID, in.Inbox.ID, in.Thread,
				botFirst, sit.Now)
			current, facts = opened.Conversation, append(facts, opened.Facts...)
		} else if current.Status == desk.Resolved && botReturns {
			back := current.GiveToBot(sit.Now)
			current, facts = back.Conversation, append(facts, back.Facts...)
			current.Version-- // one message, one change
		}
		shard, ok := current.ID.Shard()
		if !ok {
			return out, desk.E(desk.Internal, "receive message", "")
		}
		id, says := in.MessageID(shard), content
		if in.Quoted != current.ID {
			says = plain
		}
		sealed, preview := says.seal(in.Keys, current.ID, id, desk.ByVisitor)
		tr, stored := current.Add(desk.StoredMessage{
			MessageHead: desk.MessageHead{
				ID: id, InboxID: in.Inbox.ID, Author: by, Visibility: desk.Public, ClientID: in.ClientID, SentAt: in.SentAt,
			},
			Body: sealed,
		}, preview, desk.Received, sit.Now)
		tr.Facts = slices.Concat(facts, tr.Facts)
		e := effects(current, tr, by)
		e.Contact, e.Messages, e.Attachments = out.Contact, []desk.StoredMessage{stored}, says.uses(id)
		// Once a minute is precise enough for "seen", and spares a write a message.
		e.ContactSeen = sit.Now.Sub(sit.Conversation.LastMessageAt) >= time.Minute
		return e, nil
	}
}

func newContact(in Incoming, sit store.Situation) (*store.Contact, error) {
	profile, err := json.Marshal(in.Profile)
	if err != nil {
		return nil, desk.Wrap(desk.Invalid, "encode profile", err)
	}
	return &store.Contact{
		ID: sit.ContactID, AccountID: in.Inbox.AccountID,
		Profile: in.Keys.Seal(profilePlace(sit.ContactID), profile), CreatedAt: sit.Now, SeenAt: sit.Now,
	}, nil
}
