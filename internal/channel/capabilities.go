package channel

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// Transport is a way in which an adapter exchanges messages.
type Transport string

// The transports. An adapter implements the interface of each it names.
const (
	// Webhook: the platform calls us (Webhooker).
	Webhook Transport = "webhook"
	// Pull: we fetch (Puller).
	Pull Transport = "pull"
	// Stream: we keep a connection open to the platform (Streamer).
	Stream Transport = "stream"
	// Listener: we accept connections (Streamer).
	Listener Transport = "listener"
	// Feed: the visitor reads our own realtime feed; there is nothing to send.
	Feed Transport = "feed"
)

// Unit is how a platform counts the length of text.
type Unit string

// The units of text. GSM 03.38 counts its own extension characters twice and
// falls back to UTF-16 for the whole text when a character is outside it.
const (
	Runes Unit = "runes"
	Bytes Unit = "bytes"
	UTF16 Unit = "utf16"
	GSM7  Unit = "gsm7"
)

// Limit bounds one kind of content. Zero fields do not bound.
type Limit struct {
	// Max is the longest text in the account's TextUnit, or the largest file in bytes.
	Max int
	// MIME lists what files are taken; empty takes any.
	MIME []string
}

// Trigger is something a customer does that lets us write to them.
type Trigger string

// The triggers.
const (
	OnMessage Trigger = "message"
	OnFollow  Trigger = "follow"
	OnMenu    Trigger = "menu"
	OnScan    Trigger = "scan"
	OnEnter   Trigger = "enter"
	OnPayment Trigger = "payment"
)

// Overflow says what can be done when the window is shut or used up.
type Overflow string

// The overflows.
const (
	// Hold keeps the message until the customer opens the window again.
	Hold Overflow = "hold"
	// HumanOnly sends it if a person wrote it and holds the others.
	HumanOnly Overflow = "human_only"
	// Drop fails the message at once.
	Drop Overflow = "drop"
)

// Window is the time in which a platform lets us write, and how often. Each
// opening replaces the one before if it lasts longer.
type Window struct {
	Opens []Opening
	// Reserve is how many messages of a quota are kept for people; the bot and
	// the system leave them alone.
	Reserve  int
	Overflow Overflow
}

// Opening is what one trigger grants.
type Opening struct {
	On Trigger
	// For is how long the window stays open.
	For time.Duration
	// Quota is how many messages may be sent meanwhile; 0 means any number.
	Quota int
}

// Opening finds what trigger grants; false if it grants nothing.
func (w *Window) Opening(on Trigger) (Opening, bool) {
	for _, o := range w.Opens {
		if o.On == on {
			return o, true
		}
	}
	return Opening{}, false
}

// RateScope is whom a Rate is counted for.
type RateScope string

// The scopes of rates.
const (
	PerAccount RateScope = "account"
	PerPeer    RateScope = "peer"
)

// Rate allows Count sends in each Per.
type Rate struct {
	Scope RateScope
	Count int
	Per   time.Duration
}

// IdempotencyKind says whether a platform recognises a repeated Send.
type IdempotencyKind string

// The kinds. Only with one of the last two may a message with an unknown
// outcome be sent again.
const (
	// NoIdempotency: each Send is a new message.
	NoIdempotency IdempotencyKind = "none"
	// ClientKey: the platform drops a second message with our id, within KeyTTL.
	ClientKey IdempotencyKind = "client_key"
	// ReplySequence: the platform counts our replies to one of its messages.
	ReplySequence IdempotencyKind = "reply_sequence"
)

// Idempotency describes a platform's protection against repeats.
type Idempotency struct {
	Kind IdempotencyKind
	// KeyTTL is how long the platform remembers a key; 0 means for ever.
	KeyTTL time.Duration
	// MaxKey is the longest key in bytes; 0 means 64.
	MaxKey int
}

// Capabilities is what one account can do. Its zero value can do nothing.
type Capabilities struct {
	Inbound, Outbound bool
	Transports        []Transport
	// Content lists what Send takes, with limits. Content that is missing here
	// is rendered down (buttons to numbered text, a card to lines) by delivery.
	Content  map[desk.PartType]Limit
	TextUnit Unit
	// PartsPerSend is how many parts one Send takes; 0 means 1.
	PartsPerSend int
	// Window is nil when we may always write.
	Window *Window
	// AckDeadline is how soon the platform wants its answer; 0 means no limit known.
	AckDeadline time.Duration
	// SyncReply: the answer to a webhook may carry a message.
	SyncReply bool
	// Receipts lists what the platform tells about our messages.
	Receipts []desk.DeliveryStatus
	// ReceiptsByWatermark: a receipt speaks of all messages up to a point.
	ReceiptsByWatermark bool
	// Typing is how often a typing signal is repeated while it lasts; 0 means
	// the platform cannot show it.
	Typing time.Duration
	// GrowingReply: a message may be sent before it is complete.
	GrowingReply bool
	Idempotency  Idempotency
	// IdentityScope is the scope of this account's peers: "phone", "email",
	// "wechat:<appid>". Empty means that each Peer says its own.
	IdentityScope string
	// Groups, Threads, Edit and Recall: the platform has several people in one
	// chat, several threads with one person, changed and withdrawn messages.
	Groups, Threads, Edit, Recall bool
	Rates                         []Rate
}

// Has reports whether t is among the transports.
func (c Capabilities) Has(t Transport) bool { return slices.Contains(c.Transports, t) }

// FeedOnly reports that outgoing messages reach the visitor through our own
// feed, so that delivery has nothing to do.
func (c Capabilities) FeedOnly() bool {
	return len(c.Transports) == 1 && c.Transports[0] == Feed
}

// Validate finds contradictions, in words for the adapter's author.
func (c Capabilities) Validate() error {
	bad := func(format string, args ...any) error {
		return desk.E(desk.Invalid, "check capabilities", fmt.Sprintf(format, args...))
	}
	if len(c.Transports) == 0 {
		return bad("no transport")
	}
	if !c.Inbound && !c.Outbound {
		return bad("neither inbound nor outbound")
	}
	if c.Outbound && len(c.Content) == 0 {
		return bad("outbound without content")
	}
	if l, ok := c.Content[desk.TextPart]; ok && l.Max < 0 {
		return bad("negative text limit")
	}
	switch c.TextUnit {
	case Runes, Bytes, UTF16, GSM7:
	case "":
		if _, ok := c.Content[desk.TextPart]; ok {
			return bad("text without a unit")
		}
	default:
		return bad("unknown text unit %q", c.TextUnit)
	}
	if c.SyncReply && (!c.Has(Webhook) || c.AckDeadline <= 0) {
		return bad("a synchronous reply needs a webhook and a deadline")
	}
	for _, s := range c.Receipts {
		switch s {
		case desk.Accepted, desk.Sent, desk.Delivered, desk.Read, desk.Failed:
		default:
			return bad("%q is not a receipt", s)
		}
	}
	for _, r := range c.Rates {
		if r.Count <= 0 || r.Per <= 0 || (r.Scope != PerAccount && r.Scope != PerPeer) {
			return bad("a rate needs a scope, a count and a time")
		}
	}
	if w := c.Window; w != nil {
		if len(w.Opens) == 0 {
			return bad("a window that nothing opens")
		}
		for _, o := range w.Opens {
			if o.For <= 0 || o.Quota < 0 || (o.Quota > 0 && w.Reserve >= o.Quota && o.On == OnMessage) {
				return bad("opening %q has no time, a negative quota, or a reserve that leaves nothing", o.On)
			}
		}
	}
	return nil
}

// Measure counts text in the unit.
func (u Unit) Measure(s string) int {
	switch u {
	case Bytes:
		return len(s)
	case UTF16:
		return utf16Len(s)
	case GSM7:
		if n, ok := gsm7Len(s); ok {
			return n
		}
		return utf16Len(s)
	default:
		return utf8.RuneCountInString(s)
	}
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// gsm7 is the default alphabet of 3GPP TS 23.038 §6.2.1; gsm7Extended holds
// the characters that take an escape and count twice.
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Extended = "\f^{}\\[~]|€"
)

var gsm7Width = func() map[rune]int {
	w := make(map[rune]int, 140)
	for _, r := range gsm7 {
		w[r] = 1
	}
	for _, r := range gsm7Extended {
		w[r] = 2
	}
	return w
}()

func gsm7Len(s string) (int, bool) {
	n := 0
	for _, r := range s {
		w, ok := gsm7Width[r]
		if !ok {
			return 0, false
		}
		n += w
	}
	return n, true
}
