package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
)

// Command is one hot unit of work as a value: who asks, what it is about, and
// the pure decision what happens.
type Command struct {
	Account desk.AccountID
	// Scope and Key are the idempotency key, unique per account
	// ("visitor:<hash>", "agent:agt_…", "inbox:inb_…"). Key "" means none.
	Scope, Key string
	// ResultID is what a repeat of the key gets back, unless Effects name
	// another; may be empty.
	ResultID string
	Target   Target
	// Decide is pure: it may run more than once, must not block, and must not
	// touch anything outside. Its error aborts this unit only and comes back
	// unchanged. It does not run for a repeat.
	Decide func(Situation) (Effects, error)
}

// Target says what a Command is about: exactly one of the two.
type Target struct {
	Conversation desk.ConversationID
	Identity     *IdentityClaim
}

// IdentityClaim names a person as a channel does. The store finds or makes
// the contact and finds the live conversation, once, however many ask.
type IdentityClaim struct {
	Scope string
	// Hash is the keyed hash of the external id, never the id in clear.
	Hash     string
	Inbox    desk.InboxID
	Thread   string
	Verified bool
	// Sealed seals the external id for the contact that got it.
	Sealed func(desk.ContactID) desk.Sealed
	// NewContact and NewConversation are used if they are needed.
	NewContact      desk.ContactID
	NewConversation desk.ConversationID
}

// Situation is what Decide decides on.
type Situation struct {
	// Now is the time of the commit.
	Now          time.Time
	ContactID    desk.ContactID
	ContactIsNew bool
	// Conversation is the target; its ID is "" when no conversation is live.
	// It may be resolved: Decide says whether it goes on or another begins.
	Conversation desk.Conversation
	// Shard is the conversation's, or that of NewConversation if there is none.
	Shard desk.Shard
}

// Effects are what a Command changes.
type Effects struct {
	// Conversation is the state after. If its ID differs from the situation's
	// it is inserted and becomes the live one. The zero value changes nothing.
	Conversation desk.Conversation
	// Contact is inserted; required when the situation's contact is new.
	Contact *Contact
	// ContactSeen advances the contact's SeenAt to Now.
	ContactSeen bool
	// Messages are inserted; they belong to Conversation and its Shard.
	Messages []desk.StoredMessage
	// Statuses are receipts, applied only upward. Facts of the kind
	// MessageStatusChanged are dropped for those that change nothing, and get
	// the message's Seq.
	Statuses []MessageStatus
	// Timers are upserted by (Kind, Subject), Cancel deleted before.
	Timers []Timer
	Cancel []TimerRef
	// Outbox are messages for delivery to send.
	Outbox []OutboxItem
	// Attachments are files that Messages carry; each is sent once.
	Attachments []AttachmentUse
	// DropAttachments are messages of Conversation whose files are to be deleted.
	DropAttachments []desk.MessageID
	// Extras are writes that few commands have, in this order, after all others.
	Extras []Extra
	// ResultID replaces the command's if set.
	ResultID string
	// Actor is who did it, for the events.
	Actor desk.Author
	// Facts become events in this order, each with the conversation's state.
	Facts []desk.Fact
}

// MessageStatus is a receipt for an outgoing message.
type MessageStatus struct {
	MessageID desk.MessageID
	Status    desk.DeliveryStatus
	// Reason is a short code when Status is Failed.
	Reason string
	// ExternalID is the platform's name of the message; "" keeps the known one.
	ExternalID string
}

// Outcome is the answer to a Command.
type Outcome struct {
	// Repeated tells that the key was used before. ResultID is then the first
	// answer's and nothing was changed.
	Repeated  bool
	ResultID  string
	ContactID desk.ContactID
	// Conversation is the state after the command; for a repeat as it is now,
	// and the zero value if it cannot be told.
	Conversation desk.Conversation
	// Pos is the position of the last event written, 0 if there was none.
	Pos int64
}

// Do commits a Command and answers when it is durable. Errors: what Decide
// returned, NotFound for an unknown conversation, Limited when the queue is
// full, Unavailable when the database cannot write or ctx ended the wait. In
// the last case the command may still be committed; ask again with its key.
func (s *Store) Do(ctx context.Context, c Command) (Outcome, error) {
	if err := c.Check(); err != nil {
		return Outcome{}, err
	}
	return s.driver.Do(ctx, c)
}

// Check refuses a Command that is not well formed with Invalid or Internal.
func (c Command) Check() error {
	const op = "check command"
	switch {
	case !c.Account.Valid():
		return desk.InvalidField(op, "account", "the account id is malformed")
	case len(c.Scope) > maxKey || len(c.Key) > maxKey:
		return desk.InvalidField(op, "key", "the idempotency key is too long")
	case c.Decide == nil:
		return desk.E(desk.Internal, op, "the command decides nothing")
	case (c.Target.Conversation == "") == (c.Target.Identity == nil):
		return desk.E(desk.Internal, op, "a command is about one conversation or one identity")
	}
	if id := c.Target.Identity; id != nil {
		if id.Scope == "" || id.Hash == "" || len(id.Scope) > maxKey || len(id.Hash) > maxKey || len(id.Thread) > maxKey {
			return desk.InvalidField(op, "identity", "the identity is empty or too long")
		}
		if _, ok := id.NewConversation.Shard(); !ok || !id.NewContact.Valid() || id.Sealed == nil {
			return desk.E(desk.Internal, op, "the identity claim lacks ids for new rows")
		}
		return nil
	}
	if _, ok := c.Target.Conversation.Shard(); !ok {
		return desk.E(desk.NotFound, op, "there is no such conversation")
	}
	return nil
}

// maxKey bounds what callers may put into unique keys, in bytes.
const maxKey = 512
