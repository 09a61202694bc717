package bus

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Effects are the writes that an event causes, run inside the transaction that
// also saves the consumer's position. They may run more than once if the
// transaction is repeated, and must touch nothing outside tx.
type Effects func(ctx context.Context, tx *store.Tx) error

// Consumer is something that handles every committed event once.
type Consumer struct {
	// Name is the consumer's durable name, lower-case with underscores. Two
	// consumers of one name on different nodes share the work.
	Name string
	// Batch is the most events given to one Handle; 0 means 256.
	Batch int
	// Linger is the least time between two commits while batches are not full;
	// 0 means the bus's own. Longer makes commits fewer and what the consumer
	// keeps later. It never holds up a consumer that is far behind.
	Linger time.Duration
	// Wants picks the events that Handle is given; nil means all. What nobody
	// wants is passed over without a commit of its own, so a consumer that cares
	// for few facts costs next to nothing beside many messages. It must be quick,
	// depend on the event alone, and not keep it.
	Wants func(e *desk.Event) bool
	// Handle looks at consecutive events of the shards that this node holds, in
	// the order of the log, and returns what is to be written (nil for nothing).
	// It must not modify or keep the slice. It may be called again with the same
	// or a shorter run of the same events, after an error here or in Effects.
	// It must not wait on the network: it writes a job instead. An error whose
	// Kind is Limited or Unavailable says that the events are not to blame: they
	// are tried again for as long as it takes. A panic counts as an error.
	Handle func(ctx context.Context, events []desk.Event) (Effects, error)
	// Rebuild is called when the log was trimmed past this consumer's position.
	// It brings the consumer's own tables to the present from the tables of
	// truth; reading goes on from where the log ended when Rebuild began, so
	// events of the meantime are handled again. nil means: nothing to rebuild.
	Rebuild func(ctx context.Context) error
}

// Bus carries committed events to this process.
type Bus interface {
	// Consume handles events until ctx ends, and then returns nil after the
	// batch at hand was committed or given up. Other returns are mistakes of the
	// caller (Invalid, Conflict when the name already runs in this process).
	Consume(ctx context.Context, c Consumer) error

	// Follow gives fn every event after position from, in the order of the log,
	// each exactly once in this call; 0 means those committed from now on. It
	// returns nil when ctx ends, and NotFound when the log does not reach back to
	// from. fn is never called concurrently with itself and must not modify or
	// keep the slice.
	Follow(ctx context.Context, from int64, fn func(events []desk.Event)) error

	// Signal tells everybody who listens, soon or never. It does not block.
	Signal(ctx context.Context, s Signal)

	// Signals gives fn the signals from now on until ctx ends, then returns nil.
	// A listener that is slow misses the oldest.
	Signals(ctx context.Context, fn func(Signal)) error

	// Replay asks for another try of a dead letter and of everything else that
	// its consumer put aside of the same conversation. It returns when the wish
	// is durable; the node that reads the conversation's shard follows it soon,
	// in order, and then the conversation takes part as before. An event that
	// fails again stays aside with those after it. NotFound if there is no such
	// dead letter in the account.
	Replay(ctx context.Context, account desk.AccountID, deadLetter string) error
}

// The kinds of signals.
const (
	Typing   = "typing"
	Presence = "presence"
	// Viewing tells that an agent has a conversation open.
	Viewing = "viewing"
	// Page tells that a visitor has opened a page.
	Page = "page"
	// Queue tells a visitor where they stand.
	Queue = "queue"
)

// Signal is something that matters now and not later. It never touches the log.
type Signal struct {
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	ContactID      desk.ContactID
	// Kind is one of the constants above.
	Kind string
	By   desk.Author
	On   bool
	// Text is what is being typed, for those who may see it; may be empty.
	Text string
	// URL and Title are the page's, At is when it was opened.
	URL, Title string
	// Queue is where the visitor stands.
	Queue *Place
	At    time.Time
}

// Place is where somebody stands in a queue.
type Place struct {
	// Position counts from 1.
	Position int
	// Low and High are how long it will probably be; both 0 if nobody can tell.
	Low, High time.Duration
	// Nobody says that nobody is there.
	Nobody bool
}
