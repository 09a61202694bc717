package sqlite

import (
	"context"
	"sync"
	"sync/atomic"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// unit is one piece of work on its way to a commit: a command or a function.
type unit struct {
	account desk.AccountID
	command *store.Command
	write   func(context.Context, *store.Tx) error
	// state is waiting until the committer takes it or the caller gives it up.
	state atomic.Int32
	// done gets exactly one answer; it holds it, so the committer never waits
	// for a caller that has gone.
	done chan answer
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
	select {
	case q.signal <- struct{}{}:
	default:
	}
	return nil
}

// pop takes the next unit that its caller still waits for; nil if there is none.
func (q *queue) pop() *unit {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.total > 0 {
		if u := q.next(); u.state.CompareAndSwap(waiting, taken) {
			return u
		}
	}
	return nil
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
