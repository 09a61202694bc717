package channel

import (
	"errors"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// Outbound is one message on its way out, already cut to what the account can do.
type Outbound struct {
	// ID is ours and the idempotency key: the same message tried again has the
	// same ID. The second and later pieces of a split message end in ".2", ".3" ….
	ID string
	// Peer and Chat say where to; Chat is empty for the one dialogue with Peer.
	Peer  Peer
	Chat  string
	Parts []desk.Part
	// ReplyToExternal is the platform's id of the quoted message; may be empty.
	ReplyToExternal string
	// Reply is the newest context the platform gave for answers.
	Reply ReplyContext
	// Author is who wrote it: some platforms forbid the bot what people may do.
	Author desk.AuthorKind
	// NotAfter is when sending makes no sense any more; zero means never.
	NotAfter time.Time
}

// Sent is what the platform said to a successful Send.
type Sent struct {
	// ExternalIDs are what the platform calls the message; receipts use them. A
	// platform may make several messages of one, or give no name at all.
	ExternalIDs []string
	// Status is Accepted when success comes later by receipt, else Sent.
	Status desk.DeliveryStatus
	// QuotaLeft is how many more messages the platform will take now; nil if it
	// did not say.
	QuotaLeft *int
}

// Class says what to do about a failed Send. It is the adapter's whole say.
type Class string

// The classes of failure.
const (
	// Temporary: try the same again later.
	Temporary Class = "temporary"
	// Throttled: too many at once; the account waits RetryAfter.
	Throttled Class = "throttled"
	// Auth: our credentials are refused; every message of the account waits.
	Auth Class = "auth"
	// WindowClosed: the customer must write first.
	WindowClosed Class = "window_closed"
	// Quota: the messages allowed in this window are used up.
	Quota Class = "quota"
	// Blocked: the customer has blocked us or is gone.
	Blocked Class = "blocked"
	// InvalidContent: the platform refuses this message for what it is.
	InvalidContent Class = "invalid"
	// UnknownOutcome: it may have arrived. Tried again only where the platform
	// recognises a repeat.
	UnknownOutcome Class = "unknown_outcome"
	// ClassUnsupported: the adapter cannot send at all.
	ClassUnsupported Class = "unsupported"
)

// Classes lists every class, in a stable order.
func Classes() []Class {
	return []Class{Temporary, Throttled, Auth, WindowClosed, Quota, Blocked, InvalidContent, UnknownOutcome, ClassUnsupported}
}

// SendError is the only kind of error that Send returns.
type SendError struct {
	Class Class
	// RetryAfter is what the platform asked for; 0 if it did not.
	RetryAfter time.Duration
	// Code is the platform's own code, or a short snake_case name of ours, for
	// people who look it up. Never secret.
	Code string
	// Err is the cause, for logs after redaction; may be nil.
	Err error
}

// Error is the text for logs.
func (e *SendError) Error() string {
	s := "send: " + string(e.Class)
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// AsSendError finds the SendError in err. An adapter that broke the contract
// and returned something else gets UnknownOutcome: the careful reading.
func AsSendError(err error) *SendError {
	if e, ok := errors.AsType[*SendError](err); ok {
		return e
	}
	return &SendError{Class: UnknownOutcome, Code: "unclassified", Err: err}
}

// Unsupported is what an adapter answers that has nothing to send with.
func Unsupported(kind Kind) error {
	return &SendError{Class: ClassUnsupported, Code: string(kind)}
}

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// Redact replaces the account's secrets in text, longest first, so that a
// secret that contains another does not leave its rest behind.
func Redact(a Adapter, account Account, text string) string {
	r, ok := a.(Redactor)
	if !ok {
		return text
	}
	secrets := append([]string(nil), r.Secrets(account)...)
	slices.SortFunc(secrets, func(x, y string) int { return len(y) - len(x) })
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, Redacted)
		}
	}
	return text
}
