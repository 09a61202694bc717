package channel

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"yingda.dev/internal/desk"
)

// Kind names an adapter: "webchat", "wechat_oa", "email". It is lower-case
// letters, digits and underscores, never changes once released, and equals
// desk.Inbox.Channel.
type Kind string

// Account is one configured inbox as its adapter needs to see it.
type Account struct {
	Inbox desk.Inbox
	// Options are the adapter's settings of this inbox in clear, by name: app
	// ids, host names, and secrets such as tokens. They are kept sealed.
	Options map[string]string
}

// Adapter is one kind of channel. Methods may be called concurrently and for
// different accounts; the account is always passed in.
type Adapter interface {
	// Kind is the adapter's name, the same on every call.
	Kind() Kind

	// Capabilities says what this account can do. It depends on the account's
	// options (an unverified subscription account cannot push) and on nothing
	// else: it does not block and answers the same for the same account.
	Capabilities(Account) Capabilities

	// Check looks for mistakes in the account's options and, where the platform
	// allows it without side effects, tries them. An empty list means ready.
	Check(ctx context.Context, a Account) []Problem

	// Send delivers one message that fits Capabilities; the planner saw to that.
	// It tries once: no retry, no sleep, no queue. It returns when the platform
	// has answered or ctx ends. Every error it returns is a *SendError. A ctx
	// that ends while the request is under way is UnknownOutcome, not Temporary.
	// An adapter whose only transport is Feed always answers ClassUnsupported.
	Send(ctx context.Context, a Account, o Outbound) (Sent, error)
}

// Webhooker is an Adapter whose platform calls us.
type Webhooker interface {
	// Webhook verifies and decodes one request. It is pure apart from reading
	// cached keys: raw bytes in, answer and envelopes out. The caller sends the
	// Ack only after all envelopes are committed; an error means nothing was
	// accepted, with Unauthenticated when the signature does not fit, Invalid
	// when the request cannot be understood. An Ack with no envelopes is an
	// answer to a handshake or a push that means nothing to us.
	Webhook(ctx context.Context, a Account, r RawRequest) (Ack, []Envelope, error)
}

// Puller is an Adapter whose messages we fetch. One node at a time pulls for
// an account; it holds a lease.
type Puller interface {
	// Pull fetches the page after cur. hint is what a doorbell push said, if one
	// came. The next cursor is committed in the same transaction as the
	// envelopes, so a crash repeats a page and never skips one. more asks for
	// another call at once, even when the page was empty.
	Pull(ctx context.Context, a Account, cur Cursor, hint Hint) (page []Envelope, next Cursor, more bool, err error)
}

// Streamer is an Adapter that keeps a connection open (Stream) or accepts
// connections (Listener). One node at a time runs an account's stream.
type Streamer interface {
	// Stream runs until ctx ends or the connection is lost, and then has no
	// goroutine left. It calls sink for what arrives and acknowledges to the
	// platform only after sink returned nil. Reconnecting is the caller's work.
	Stream(ctx context.Context, a Account, sink func(context.Context, []Envelope) error) error
}

// MediaStore is an Adapter whose files live on the platform and expire there.
type MediaStore interface {
	// Fetch opens a file. The caller closes it and bounds what it reads.
	Fetch(ctx context.Context, a Account, ref MediaRef) (io.ReadCloser, MediaMeta, error)
	// Put uploads a file for a later Send and returns how the platform calls it.
	Put(ctx context.Context, a Account, meta MediaMeta, body io.Reader) (MediaRef, error)
}

// Signaler is an Adapter that can pass on what is not a message. Signals may
// be lost; a caller that must know uses Send.
type Signaler interface {
	Signal(ctx context.Context, a Account, peer Peer, s Signal) error
}

// Redactor is an Adapter with secrets. Callers replace each one, wherever it
// would appear, before anything is written to a log.
type Redactor interface {
	// Secrets lists the account's secret values, each at least 4 bytes long.
	Secrets(Account) []string
}

// Problem is a mistake in an account's options, for the setup screen.
type Problem struct {
	// Option is the option at fault; empty means the account as a whole.
	Option string
	// Code is a stable snake_case name that the catalogues translate.
	Code string
	// Fatal problems stop the inbox; others only limit it.
	Fatal bool
}

// RawRequest is a webhook request as it came, before anybody trusted it. Body
// is complete and bounded by the caller (256 KiB unless the adapter's
// documentation says otherwise).
type RawRequest struct {
	Method string
	// Path is what follows the inbox's own address; often empty.
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
	// URL is the public address the platform called; some sign it.
	URL string
	// At is when the request arrived, for checks of the signature's age.
	At time.Time
}

// Ack is what the platform gets as its answer. The zero value is 200 and an
// empty body.
type Ack struct {
	Status      int
	ContentType string
	Body        []byte
	// Reply builds the body of a synchronous answer (Capabilities.SyncReply). It
	// is nil when the answer is fixed; it is called with nil when no message was
	// ready within the deadline.
	Reply func(*Outbound) (Ack, error)
}

// Cursor is how far a Puller has read. It is opaque, at most MaxCursor bytes,
// and empty at the beginning.
type Cursor string

// Hint is what a doorbell push told a Puller (a token, the account's own id).
type Hint map[string]string

// MediaRef names a file on the platform.
type MediaRef struct {
	ID string
	// ExpiresAt is when the platform forgets it; zero means never.
	ExpiresAt time.Time
}

// MediaMeta describes a file.
type MediaMeta struct {
	Name string
	MIME string
	// Size is in bytes, -1 if unknown.
	Size int64
}

// Registry finds adapters by kind. It is filled once and read-only after that.
type Registry struct{ adapters map[Kind]Adapter }

// NewRegistry refuses two adapters of one kind and a kind that is no name.
func NewRegistry(adapters ...Adapter) (*Registry, error) {
	r := &Registry{adapters: make(map[Kind]Adapter, len(adapters))}
	for _, a := range adapters {
		k := a.Kind()
		if !k.Valid() {
			return nil, desk.E(desk.Invalid, "register channel", fmt.Sprintf("%q is not the name of a channel", k))
		}
		if _, dup := r.adapters[k]; dup {
			return nil, desk.E(desk.Conflict, "register channel", fmt.Sprintf("channel %q is registered twice", k))
		}
		r.adapters[k] = a
	}
	return r, nil
}

// Adapter finds the adapter of an inbox's channel; false if there is none.
func (r *Registry) Adapter(k Kind) (Adapter, bool) {
	a, ok := r.adapters[k]
	return a, ok
}

// Kinds lists the registered kinds in alphabetical order.
func (r *Registry) Kinds() []Kind {
	kinds := make([]Kind, 0, len(r.adapters))
	for k := range r.adapters {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// Valid reports whether the kind is 1 to 32 lower-case letters, digits and
// underscores, beginning with a letter.
func (k Kind) Valid() bool {
	if k == "" || len(k) > 32 || k[0] < 'a' || k[0] > 'z' {
		return false
	}
	for i := range len(k) {
		c := k[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
