package wire

import (
	"time"

	"yingda.dev/internal/desk"
)

// Author is who wrote a message or did something, as agents see it.
type Author struct {
	Kind desk.AuthorKind `json:"kind"`
	// ID is a contact's or an agent's id, by Kind; empty for the bot and the system.
	ID string `json:"id,omitempty"`
	// Name is empty when it is not known here; the reader has the contact's name
	// with the conversation.
	Name string `json:"name,omitempty"`
}

// Message is a message as agents see it.
type Message struct {
	ID             desk.MessageID      `json:"id"`
	ConversationID desk.ConversationID `json:"conversation_id"`
	// Seq counts the conversation's messages from 1, notes included.
	Seq           int64               `json:"seq"`
	InboxID       desk.InboxID        `json:"inbox_id"`
	Author        Author              `json:"author"`
	Visibility    desk.Visibility     `json:"visibility"`
	Status        desk.DeliveryStatus `json:"status"`
	FailureReason string              `json:"failure_reason,omitempty"`
	ClientID      string              `json:"client_id,omitempty"`
	Parts         []desk.Part         `json:"parts"`
	ReplyTo       desk.MessageID      `json:"reply_to,omitempty"`
	// Mentions are the colleagues a note names.
	Mentions []desk.AgentID `json:"mentions,omitempty"`
	// RecalledAt is set when it was taken back; parts are then empty.
	RecalledAt time.Time `json:"recalled_at,omitzero"`
	Bot
	// SentAt is the sender's clock; At is the commit's time and the order.
	SentAt time.Time `json:"sent_at,omitzero"`
	At     time.Time `json:"at"`
}

// AgentMessage makes the agents' shape. author is the author's name, or "".
func AgentMessage(m desk.Message, author string) Message {
	return Message{
		ID: m.ID, ConversationID: m.ConversationID, Seq: m.Seq, InboxID: m.InboxID,
		Author:     Author{Kind: m.Author.Kind, ID: m.Author.ID, Name: author},
		Visibility: m.Visibility, Status: m.Status, FailureReason: m.FailureReason, ClientID: m.ClientID,
		Parts: parts(m.Content), ReplyTo: m.Content.ReplyTo, Mentions: m.Content.Mentions, RecalledAt: utc(m.Content.RecalledAt),
		SentAt: utc(m.SentAt), At: utc(m.At), Bot: Bot{Sources: m.Content.Sources, DecisionID: m.Content.DecisionID},
	}
}

// Bot is what an answer of the bot has besides.
type Bot struct {
	// Sources are what it rests on.
	Sources []desk.Source `json:"sources,omitempty"`
	// DecisionID is set on answers that can be given a thumb.
	DecisionID string `json:"decision_id,omitempty"`
	// Thumb is what the customer thought of it; events leave it out.
	Thumb *Thumb `json:"thumb,omitempty"`
}

// Thumb is what a customer thought of an answer.
type Thumb struct {
	Helpful bool   `json:"helpful"`
	Reason  string `json:"reason,omitempty"`
}

// VisitorAuthor is who wrote a message, as visitors see it: agents have names
// and no ids.
type VisitorAuthor struct {
	Kind desk.AuthorKind `json:"kind"`
	Name string          `json:"name,omitempty"`
}

// VisitorMessage is a message as visitors see it.
type VisitorMessage struct {
	ID             desk.MessageID      `json:"id"`
	ConversationID desk.ConversationID `json:"conversation_id"`
	// Seq rises within the conversation and may skip numbers.
	Seq      int64               `json:"seq"`
	Author   VisitorAuthor       `json:"author"`
	Status   desk.DeliveryStatus `json:"status"`
	ClientID string              `json:"client_id,omitempty"`
	Parts    []desk.Part         `json:"parts"`
	ReplyTo  desk.MessageID      `json:"reply_to,omitempty"`
	// RecalledAt is set when it was taken back; parts are then empty.
	RecalledAt time.Time `json:"recalled_at,omitzero"`

	Bot
	SentAt time.Time `json:"sent_at,omitzero"`
	At     time.Time `json:"at"`
}

// ForVisitor makes the visitors' shape; false for what visitors may not see.
// author is the author's name, or "".
func ForVisitor(m desk.Message, author string) (VisitorMessage, bool) {
	if m.Visibility != desk.Public {
		return VisitorMessage{}, false
	}
	v := VisitorMessage{
		ID: m.ID, ConversationID: m.ConversationID, Seq: m.Seq,
		Author: VisitorAuthor{Kind: m.Author.Kind, Name: author},
		Status: m.Status, Parts: parts(m.Content), ReplyTo: m.Content.ReplyTo, RecalledAt: utc(m.Content.RecalledAt), SentAt: utc(m.SentAt), At: utc(m.At),
		Bot: Bot{Sources: m.Content.Sources, DecisionID: m.Content.DecisionID},
	}
	if m.Author.Kind == desk.ByVisitor {
		v.ClientID = m.ClientID // an agent's own id of a message is nobody else's business
	}
	return v, true
}

// parts is never null in JSON.
func parts(c desk.Content) []desk.Part {
	if c.Parts == nil {
		return []desk.Part{}
	}
	return c.Parts
}

func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
