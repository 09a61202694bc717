package postgres

import (
	"context"
	"sync"
	"sync/atomic"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// unit is one piece of work on its way to a commit: a command or a function.
// After it was taken from the queue it belongs to one goroutine.
type unit struct {
	account desk.AccountID
	command *store.Command
	write   func(context.Context, *store.Tx) error
	// alone runs write while no batch is looking up identities.
	alone bool
	// state is waiting until somebody takes it or the caller gives it up.
	state atomic.Int32
	// done gets exactly one answer and holds it: nobody waits for a caller that
	// has gone.
	done chan answer

	attempt
}

// attempt is what became of a command in the present run of its batch.
type attempt struct {
	repeated bool   // the key was used before
	result   string // the first answer to a repeated key
	plan     *store.Plan
	outcome  store.Outcome // of a repeated key
	err      error
}

const (
	waiting int32 = iota
	taken
	abandoned
)

type answer struct {
	outcome store.Outcome
	err     error
}

func (u *unit) fail(err error) { u.done <- answer{err: err} }

// answer tells the caller what a committed batch made of the unit.
func (u *unit) answer() {
	switch {
	case u.plan != nil && u.err == nil:
		u.done <- answer{outcome: u.plan.Outcome}
	default:
		u.done <- answer{outcome: u.outcome, err: u.err}
	}
}

// queue holds the waiting units, first come first served within an account and
// the accounts in turn, so that a busy account cannot starve the others. It is
// bounded; push refuses when it is full.
type queue struct {
	max, maxAccount int

	mu     sync.Mutex
	byAcc  map[desk.AccountID][]*unit
	turn   []desk.AccountID // accounts with waiting units, the next one first
	total  int
	closed bool
	signal chan struct{} // holds one: "there may be work"
}

func newQueue(limit, perAccount int) *queue {
	return &queue{
		max: limit, maxAccount: perAccount,
		byAcc: make(map[desk.AccountID][]*unit), signal: make(chan struct{}, 1),
	}
}

func (q *queue) push(u *unit) error {
	const op = "queue command"
	q.mu.Lock()
	defer q.mu.Unlock()
	queued := q.byAcc[u.account]
	switch {
	case q.closed:
		return desk.E(desk.Unavailable, op, "the server is shutting down; try again")
	case q.total >= q.max || len(queued) >= q.maxAccount:
		return desk.E(desk.Limited, op, "too much at once; try again in a moment")
	}
	if len(queued) == 0 {
		q.turn = append(q.turn, u.account)
	}
	q.byAcc[u.account] = append(queued, u)
	q.total++
	q.wake()
	return nil
}

func (q *queue) wake() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// take returns at most n units that their callers still wait for. If more are
// left, it wakes the next taker.
func (q *queue) take(n int) []*unit {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []*unit
	for q.total > 0 && len(out) < n {
		if u := q.next(); u.state.CompareAndSwap(waiting, taken) {
			out = append(out, u)
		}
	}
	if q.total > 0 {
		q.wake()
	}
	return out
}

func (q *queue) next() *unit {
	account := q.turn[0]
	q.turn = q.turn[1:]
	queued := q.byAcc[account]
	u := queued[0]
	if len(queued) == 1 {
		delete(q.byAcc, account)
	} else {
		queued[0] = nil
		q.byAcc[account] = queued[1:]
		q.turn = append(q.turn, account)
	}
	q.total--
	return u
}

// close refuses new units from now on; those that wait stay.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

// serve hands batches of at most n units to work until ctx ends and the queue
// is empty.
func (q *queue) serve(ctx context.Context, n int, work func([]*unit)) {
	for {
		select {
		case <-q.signal:
		case <-ctx.Done():
			q.close()
			for units := q.take(n); len(units) > 0; units = q.take(n) {
				work(units)
			}
			return
		}
		if units := q.take(n); len(units) > 0 {
			work(units)
		}
	}
}
