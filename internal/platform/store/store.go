package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Driver is what a database does in its own way. Its suite is storetest.
// All methods may be called concurrently.
type Driver interface {
	// Dialect is "sqlite" or "postgres".
	Dialect() string
	// Run owns the committer and everything else that lives in the background.
	// It returns when ctx has ended and what was accepted is answered. Do and
	// Write called before Run wait for it; after it they are Unavailable.
	Run(ctx context.Context) error
	// Close gives up files and connections. Call it after Run has returned.
	Close() error
	// Do commits a Command (see Store.Do). Command.Check was called before.
	Do(ctx context.Context, c Command) (Outcome, error)
	// Write runs unit in a transaction and commits it with the events it
	// emitted (see Store.Write). unit may run more than once, but not after
	// Write has returned, because it writes to variables of the caller.
	Write(ctx context.Context, account desk.AccountID, unit func(context.Context, *Tx) error) error
	// WriteAlone is Write while no Command that looks up an identity is in work,
	// on any node (see Store.WriteAlone).
	WriteAlone(ctx context.Context, account desk.AccountID, unit func(context.Context, *Tx) error) error
	// Reader runs each statement in a short read transaction of its own and
	// sees everything whose commit was answered before.
	Reader() query.DBTX
	// Events returns at most limit committed events above the position after,
	// ascending. It may answer from memory.
	Events(ctx context.Context, after int64, limit int) ([]desk.Event, error)
	// Watch signals commits (see Store.Watch).
	Watch() (<-chan struct{}, func())
	// TrimDedupe deletes at most limit idempotency keys older than before and
	// reports how many went.
	TrimDedupe(ctx context.Context, before time.Time, limit int) (int64, error)
	// TrimLog deletes at most limit events at or below the position upTo, the
	// oldest first, and reports how many went.
	TrimLog(ctx context.Context, upTo int64, limit int) (int64, error)
	// Index is the search index kept beside the database.
	Index() Index
	// Kind classifies an error of the database; desk.Internal if unknown.
	Kind(err error) desk.Kind
}

// Store is the durable truth. It is safe for concurrent use.
type Store struct {
	Reads
	driver Driver
}

// New makes a Store of a driver.
func New(d Driver) *Store {
	return &Store{Reads: Reads{q: query.New(d.Reader()), kind: d.Kind}, driver: d}
}

// Run owns the committer and the listener for other nodes' commits. It returns
// when ctx has ended and everything accepted is answered.
func (s *Store) Run(ctx context.Context) error { return s.driver.Run(ctx) }

// Close gives up files and connections. Call it after Run has returned.
func (s *Store) Close() error { return s.driver.Close() }

// Dialect is "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.driver.Dialect() }

// Write runs unit in a transaction of account; "" is the installation itself,
// which may touch rows of every account. What unit emits goes into the event
// log with the same commit. unit may run more than once, must not block and
// must not touch anything outside tx; its error aborts only itself and comes
// back unchanged. Limited means the queue is full.
func (s *Store) Write(ctx context.Context, account desk.AccountID, unit func(context.Context, *Tx) error) error {
	return s.driver.Write(ctx, account, unit)
}

// WriteAlone is Write for what changes whose an identity, a live conversation
// or a conversation is: no Command that begins at an identity is between its
// look-up and its commit meanwhile, on any node. It holds those Commands up
// for as long as unit takes, so it is for what is rare and short.
func (s *Store) WriteAlone(ctx context.Context, account desk.AccountID, unit func(context.Context, *Tx) error) error {
	return s.driver.WriteAlone(ctx, account, unit)
}

// Watch returns a channel that receives after commits of this node and, where
// the database has several nodes, of the others. Signals are coalesced (the
// channel holds one): after each, read Events until there are none. cancel
// ends the watch; the channel is not closed.
func (s *Store) Watch() (commits <-chan struct{}, cancel func()) { return s.driver.Watch() }

// Index is the search index kept beside the database.
func (s *Store) Index() Index { return s.driver.Index() }

// Reads are the look-ups. On a Store each sees the latest commit; on a Tx it
// sees the transaction.
type Reads struct {
	q    *query.Queries
	kind func(error) desk.Kind
}

// fail turns an error of the database into one of desk. A missing row is
// NotFound with a message that names the thing.
func (r Reads) fail(op, thing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*desk.Error](err); ok {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return desk.E(desk.NotFound, op, "there is no such "+thing)
	}
	return &desk.Error{Kind: r.kind(err), Op: op, Err: err}
}

// changed is fail for statements that must hit a row.
func (r Reads) changed(op, thing string, rows int64, err error) error {
	if err == nil && rows == 0 {
		err = sql.ErrNoRows
	}
	return r.fail(op, thing, err)
}
