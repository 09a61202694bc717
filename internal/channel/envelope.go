package channel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// EventKind says what an Envelope holds; exactly the field of that name is set.
type EventKind string

// The kinds of envelopes.
const (
	// MessageEvent: the customer wrote.
	MessageEvent EventKind = "message"
	// ReceiptEvent: how far our message got, or up to where the customer read.
	ReceiptEvent EventKind = "receipt"
	// SignalEvent: typing and presence; may be lost.
	SignalEvent EventKind = "signal"
	// ActionEvent: the customer followed, scanned, pressed a menu, entered, paid.
	ActionEvent EventKind = "action"
	// EditEvent: the customer changed what they wrote.
	EditEvent EventKind = "edit"
	// RecallEvent: the customer withdrew what they wrote.
	RecallEvent EventKind = "recall"
)

// Envelope is one thing that happened on a channel, in our words.
type Envelope struct {
	// ID is how the platform names this event, or StableID of what it said:
	// never random. The same event delivered again has the same ID. It is unique
	// among the events of one peer of one inbox.
	ID   string
	Kind EventKind
	Peer Peer
	// Chat is the group or thread on the platform; empty for the one dialogue
	// with Peer.
	Chat string
	// At is the sender's or the platform's clock, kept and never used for order;
	// zero if unknown. Seen is when we got it.
	At, Seen time.Time

	Message *Message
	Receipt *Receipt
	Signal  *Signal
	Action  *Action
	Edit    *Edit
	Recall  *Recall

	// Reply is what the platform wants back with an answer.
	Reply ReplyContext
	// Opens says what this does to the reply window.
	Opens []Trigger
	// Introduces: Peer.Profile holds what the person just said of themselves in a
	// form; what is not known of an existing contact is filled with it.
	Introduces bool
	// Echo marks our own message coming back, or one a colleague wrote in the
	// platform's own application.
	Echo bool
	// Raw is the event as it came, without secrets, for the channel log; may be nil.
	Raw json.RawMessage
}

// Peer is the person on the other side as the channel names them.
type Peer struct {
	// Scope is the realm in which External is unique: "user", "anon", "phone",
	// "wechat:<appid>".
	Scope string
	// External is the person's id in that realm. It is personal data.
	External string
	// Verified means that the platform or a signed token vouches for it.
	Verified bool
	// Profile is what the channel says of the person; used when they are new.
	Profile desk.Profile
}

// Message is what the customer wrote.
type Message struct {
	Content desk.Content
	// ReplyToExternal is the platform's id of the quoted message; empty if none,
	// or if Content.ReplyTo already says it in our terms.
	ReplyToExternal string
}

// Receipt tells how far our messages got. Either ids or a watermark are set.
type Receipt struct {
	// ExternalIDs are ids that Send returned.
	ExternalIDs []string
	// UpToSeq speaks of every message of the live conversation up to that
	// number, UpToTime of every message sent by then.
	UpToSeq  int64
	UpToTime time.Time
	Status   desk.DeliveryStatus
	// Reason is a short code when Status is Failed.
	Reason string
}

// Signal is typing or presence.
type Signal struct {
	// Name is "typing" or "presence".
	Name string
	On   bool
	// Text is what is being typed, where the channel shows it; at most MaxDraft runes.
	Text string
}

// Action is something the customer did other than write.
type Action struct {
	Trigger Trigger
	// Value is the menu entry, the scanned scene, the entrance; at most 200 bytes.
	Value string
}

// Edit replaces what an earlier message said.
type Edit struct {
	ExternalID string
	Content    desk.Content
}

// Recall withdraws earlier messages.
type Recall struct{ ExternalIDs []string }

// ReplyContext is what the platform gave for answers: a reply token, a message
// id and a counter, a session address, mail references. Opaque to the core.
type ReplyContext struct {
	Values map[string]string
	// ExpiresAt is when it is worth nothing any more; zero means never.
	ExpiresAt time.Time
	// Uses is how many answers it is good for; 0 means any number.
	Uses int
}

// Limits on an Envelope. What exceeds them is not from a platform we know.
const (
	MaxEnvelopeID = 200
	MaxExternal   = 512
	MaxScope      = 128
	MaxChat       = 512
	MaxDraft      = 500
	MaxRaw        = 64 << 10
	MaxCursor     = 4 << 10
	maxReceiptIDs = 1000
	maxReplyKeys  = 20
	maxReplyValue = 2 << 10
	maxProfile    = 200
)

// Validate checks the envelope against its own kind and the limits. The error
// is Invalid and names the field.
func (e Envelope) Validate() error {
	bad := func(field, msg string) error { return desk.InvalidField("check envelope", field, msg) }
	if p := nameProblem(e.ID, MaxEnvelopeID); p != "" {
		return bad("id", p)
	}
	if p := nameProblem(e.Peer.Scope, MaxScope); p != "" {
		return bad("peer.scope", p)
	}
	if p := nameProblem(e.Peer.External, MaxExternal); p != "" {
		return bad("peer.external", p)
	}
	if e.Chat != "" {
		if p := nameProblem(e.Chat, MaxChat); p != "" {
			return bad("chat", p)
		}
	}
	if p := profileProblem(e.Peer.Profile); p != "" {
		return bad("peer.profile", p)
	}
	if len(e.Raw) > MaxRaw {
		return bad("raw", "the raw event is too large")
	}
	if len(e.Reply.Values) > maxReplyKeys || e.Reply.Uses < 0 {
		return bad("reply", "the reply context is too large")
	}
	for k, v := range e.Reply.Values {
		if len(k) > 64 || len(v) > maxReplyValue {
			return bad("reply", "the reply context is too large")
		}
	}
	if n := e.bodies(); n != 1 {
		return bad("kind", "exactly one body must be set")
	}
	return e.validateBody()
}

func (e Envelope) bodies() int {
	n := 0
	for _, set := range [...]bool{e.Message != nil, e.Receipt != nil, e.Signal != nil, e.Action != nil, e.Edit != nil, e.Recall != nil} {
		if set {
			n++
		}
	}
	return n
}

func (e Envelope) validateBody() error {
	bad := func(field, msg string) error { return desk.InvalidField("check envelope", field, msg) }
	wrong := bad("kind", "the body does not fit the kind")
	switch e.Kind {
	case MessageEvent:
		if e.Message == nil {
			return wrong
		}
		return e.Message.Content.Validate()
	case ReceiptEvent:
		if e.Receipt == nil {
			return wrong
		}
		return e.Receipt.validate()
	case SignalEvent:
		s := e.Signal
		if s == nil {
			return wrong
		}
		if s.Name != "typing" && s.Name != "presence" {
			return bad("signal.name", "unknown signal")
		}
		if !utf8.ValidString(s.Text) || utf8.RuneCountInString(s.Text) > MaxDraft {
			return bad("signal.text", "the text is too long or not valid UTF-8")
		}
	case ActionEvent:
		if e.Action == nil {
			return wrong
		}
		if e.Action.Trigger == "" || len(e.Action.Value) > 200 {
			return bad("action", "the action is unknown or too long")
		}
	case EditEvent:
		if e.Edit == nil {
			return wrong
		}
		if p := nameProblem(e.Edit.ExternalID, MaxEnvelopeID); p != "" {
			return bad("edit.external_id", p)
		}
		return e.Edit.Content.Validate()
	case RecallEvent:
		if e.Recall == nil {
			return wrong
		}
		return externalIDs("recall.external_ids", e.Recall.ExternalIDs, 1)
	default:
		return bad("kind", "unknown kind of envelope")
	}
	return nil
}

func (r *Receipt) validate() error {
	bad := func(field, msg string) error { return desk.InvalidField("check envelope", field, msg) }
	switch r.Status {
	case desk.Accepted, desk.Sent, desk.Delivered, desk.Read, desk.Failed:
	default:
		return bad("receipt.status", "unknown status")
	}
	if len(r.Reason) > 64 {
		return bad("receipt.reason", "the reason is too long")
	}
	named, marked := len(r.ExternalIDs) > 0, r.UpToSeq > 0 || !r.UpToTime.IsZero()
	if named == marked || r.UpToSeq < 0 {
		return bad("receipt", "either ids or a watermark must be set")
	}
	return externalIDs("receipt.external_ids", r.ExternalIDs, 0)
}

func externalIDs(field string, ids []string, least int) error {
	if len(ids) < least || len(ids) > maxReceiptIDs {
		return desk.InvalidField("check envelope", field, "there are too many ids, or none")
	}
	for _, id := range ids {
		if p := nameProblem(id, MaxEnvelopeID); p != "" {
			return desk.InvalidField("check envelope", field, p)
		}
	}
	return nil
}

func profileProblem(p desk.Profile) string {
	if len(p.Attributes) > 50 {
		return "there are too many attributes"
	}
	values := []string{p.Name, p.Email, p.Phone, string(p.Locale)}
	for k, v := range p.Attributes {
		values = append(values, k, v)
	}
	for _, v := range values {
		if !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxProfile {
			return fmt.Sprintf("a value is longer than %d characters or not valid UTF-8", maxProfile)
		}
	}
	return ""
}

// nameProblem says what keeps s from being an identifier; empty means fine.
func nameProblem(s string, maxBytes int) string {
	switch {
	case s == "":
		return "it is missing"
	case len(s) > maxBytes:
		return "it is too long"
	case !utf8.ValidString(s):
		return "it is not valid UTF-8"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "it holds control characters"
	}
	return ""
}

// StableID names an event whose platform gave it no name: a hash of everything
// that tells it from others (account, peer, time, kind, body). The same parts
// always give the same id; parts cannot run into each other.
func StableID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		// A hash's Write cannot fail.
		_, _ = fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return "h_" + hex.EncodeToString(h.Sum(nil))
}
