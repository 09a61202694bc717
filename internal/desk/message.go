package desk

import "time"

// AuthorKind says what sort of party wrote a message or did an act.
type AuthorKind string

// Who can write or act.
const (
	ByVisitor AuthorKind = "visitor"
	ByAgent   AuthorKind = "agent"
	ByBot     AuthorKind = "bot"
	BySystem  AuthorKind = "system"
)

// Author is who wrote a message or did an act. ID is a ContactID, an AgentID
// or empty, by Kind.
type Author struct {
	Kind AuthorKind `json:"kind"`
	ID   string     `json:"id,omitempty"`
}

// Visibility says who may read a message.
type Visibility string

// Public messages are for the customer; notes are for colleagues only.
const (
	Public Visibility = "public"
	Note   Visibility = "note"
)

// DeliveryStatus is how far an outgoing message got. It only moves up (see
// Advance); Failed is final unless a later receipt proves otherwise.
type DeliveryStatus string

// Delivery states in rising order. Incoming messages are Received.
const (
	Received  DeliveryStatus = "received"
	Queued    DeliveryStatus = "queued"
	Sending   DeliveryStatus = "sending"
	Failed    DeliveryStatus = "failed"
	Accepted  DeliveryStatus = "accepted"
	Sent      DeliveryStatus = "sent"
	Delivered DeliveryStatus = "delivered"
	Read      DeliveryStatus = "read"
)

var deliveryRank = map[DeliveryStatus]int{
	Queued: 1, Sending: 2, Failed: 3, Accepted: 4, Sent: 5, Delivered: 6, Read: 7,
}

// Advance returns the status after hearing next: the higher of the two, so
// receipts may arrive late, repeated and out of order. The second result says
// whether anything changed. Accepted and above overrule Failed, because a
// receipt is proof; Failed overrules Queued, Sending and nothing else.
func (s DeliveryStatus) Advance(next DeliveryStatus) (DeliveryStatus, bool) {
	if deliveryRank[s] == 0 || deliveryRank[next] <= deliveryRank[s] {
		return s, false
	}
	return next, true
}

// MessageHead is everything about a message but its content. It holds no
// personal data and may be stored in clear.
type MessageHead struct {
	ID             MessageID
	AccountID      AccountID
	ConversationID ConversationID
	// Seq counts the conversation's messages from 1 in the order of commits.
	Seq int64
	// InboxID is the channel it came through or goes out by.
	InboxID    InboxID
	Author     Author
	Visibility Visibility
	Status     DeliveryStatus
	// FailureReason is a short code when Status is Failed.
	FailureReason string
	// ClientID is the sender's own id of the message (the idempotency key), so a
	// client can recognise its own message when it comes back. May be empty.
	ClientID string
	// SentAt is the sender's clock, kept and never used for order; may be zero.
	SentAt time.Time
	// At is the commit's time.
	At time.Time
}

// Message is a message with its content in clear.
type Message struct {
	MessageHead
	Content Content
}

// StoredMessage is a message as databases keep it.
type StoredMessage struct {
	MessageHead
	Body Sealed
}

// Sealed is encrypted content: opaque everywhere but in package seal.
type Sealed []byte
