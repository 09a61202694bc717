package bustest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// Features says what an implementation promises beyond the contract.
type Features struct {
	// Window is how many events followers find in memory; the suite makes one
	// fall further behind.
	Window int
	// SignalBuffer is how many signals wait for a slow listener.
	SignalBuffer int
	// Linger is the least time between two commits of a busy consumer.
	Linger time.Duration
	// LeaseTTL is how long a silent node keeps its shards.
	LeaseTTL time.Duration
	// Across says that signals reach other nodes.
	Across bool
}

// Node is one process's bus.
type Node struct {
	Bus bus.Bus
	// Run is the bus's own loop; the suite runs it.
	Run func(ctx context.Context) error
}

// Cluster is a database and the nodes on it.
type Cluster struct {
	// Store is open and running until the test ends.
	Store *store.Store
	// Node builds one more bus on the database.
	Node func(t *testing.T, clock desk.Clock, after timer.After) Node
}

// Run checks a bus against every guarantee of the contract. open makes an
// empty database whose store takes its time from clock.
func Run(t *testing.T, f Features, open func(t *testing.T, clock desk.Clock) Cluster) {
	t.Helper()
	checks := map[string]func(*testing.T, *world){
		"each event once and in order":           once,
		"what nobody wants is passed over":       wants,
		"goes on after a restart":                restart,
		"unavailable is nobody's fault":          unavailable,
		"panics and errors of effects roll back": rollBack,
		"a poisoned conversation is put aside":   poison,
		"replay that fails again":                replayFails,
		"a dead node's shards are taken over":    takeOver,
		"a trimmed consumer is rebuilt":          rebuilt,
		"busy consumers commit seldom":           linger(func(w *world, _ *bus.Consumer) time.Duration { return w.Linger }),
		"some more seldom than others": linger(func(w *world, c *bus.Consumer) time.Duration {
			c.Linger = 4 * w.Linger
			return c.Linger
		}),
		"a consumer far behind does not linger":    behind,
		"one name runs once in a process":          twice,
		"follow from now and from a position":      follow,
		"a slow follower misses nothing":           slowFollower,
		"a follower behind the log is told":        lostFollower,
		"signals reach listeners and leave no log": signals,
		"signals drop the oldest":                  slowListener,
	}
	if f.Across {
		checks["signals reach other nodes once"] = signalsAcross
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			w := &world{Features: f, t: t, clock: clock, Cluster: open(t, clock), ids: desk.NewIDs(clock, rand.Reader)}
			w.account = w.ids.Account()
			check(t, w)
		})
	}
}

// world is one test's database and what it did to it.
type world struct {
	Features
	Cluster
	t       *testing.T
	clock   *Clock
	ids     *desk.IDs
	account desk.AccountID
}

// running is a node that runs until stop.
type running struct {
	bus.Bus
	ctx  context.Context
	stop func()
	wait sync.WaitGroup
	t    *testing.T
}

// node starts a node; it stops at the end of the test at the latest.
func (w *world) node() *running { return w.nodeAt(w.clock, w.clock.After) }

func (w *world) nodeAt(clock desk.Clock, after timer.After) *running {
	ctx, cancel := context.WithCancel(w.t.Context())
	n := w.Node(w.t, clock, after)
	r := &running{Bus: n.Bus, ctx: ctx, t: w.t}
	var once sync.Once
	r.stop = func() { once.Do(func() { cancel(); r.wait.Wait() }) }
	w.t.Cleanup(r.stop)
	r.run(func() error { return n.Run(ctx) })
	return r
}

func (r *running) run(f func() error) {
	r.wait.Go(func() {
		if err := f(); err != nil {
			r.t.Errorf("stopped with %v", err)
		}
	})
}

func (r *running) consume(c bus.Consumer) {
	r.run(func() error { return r.Consume(r.ctx, c) })
}

// drive lets time fly until the test ends.
func (w *world) drive() {
	stop := w.clock.Drive()
	w.t.Cleanup(stop)
}

// conversation is a made-up conversation; its events carry its number.
type conversation struct {
	id    desk.ConversationID
	shard desk.Shard
}

func (w *world) conversation() conversation {
	id := w.ids.Conversation()
	shard, ok := id.Shard()
	require.True(w.t, ok)
	return conversation{id, shard}
}

// emit commits n events of a conversation together; each carries a counter
// that starts at first in Seq.
func (w *world) emit(c conversation, first, n int) {
	w.t.Helper()
	err := w.Store.Write(w.t.Context(), w.account, func(_ context.Context, tx *store.Tx) error {
		for i := range n {
			err := tx.Emit(desk.Event{
				AccountID: w.account, Shard: c.shard, ConversationID: c.id, Actor: desk.Author{Kind: desk.BySystem},
				Fact: desk.MessageReceived{MessageFact: desk.MessageFact{
					MessageID: w.ids.Message(c.shard), Seq: int64(first + i), Body: desk.Sealed("sealed"),
				}},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(w.t, err)
}

func seq(e desk.Event) int64 {
	m, _ := desk.MessageOf(e.Fact)
	return m.Seq
}

// journal is a consumer whose effects are rows, one per event; a second effect
// of one event is an error of the test.
type journal struct {
	w    *world
	name string
	// before is called with each batch; its error is the handler's.
	before func([]desk.Event) error

	mu      sync.Mutex
	noted   map[int64]bool // by position
	seen    map[desk.ConversationID][]int64
	batches []int
	total   int
	// last is the newest effect's row.
	last  string
	grown chan struct{}
}

func (w *world) journal(name string) *journal {
	return &journal{w: w, name: name, noted: map[int64]bool{}, seen: map[desk.ConversationID][]int64{}, grown: make(chan struct{})}
}

var errTwice = errors.New("an effect happened twice")

func (j *journal) consumer() bus.Consumer {
	return bus.Consumer{Name: j.name, Batch: 10, Handle: func(_ context.Context, events []desk.Event) (bus.Effects, error) {
		if j.before != nil {
			if err := j.before(events); err != nil {
				return nil, err
			}
		}
		events = append([]desk.Event(nil), events...)
		return func(ctx context.Context, tx *store.Tx) error {
			for _, e := range events {
				key := j.key(e)
				if v, err := tx.InstallationValue(ctx, key); err == nil && v != "" {
					j.w.t.Errorf("%s: %v", key, errTwice)
				}
				if err := tx.PutInstallationValue(ctx, key, strconv.FormatInt(seq(e), 10)); err != nil {
					return err
				}
			}
			// Noted here and not after the commit: a unit that did not commit may run
			// again, and then its events are noted already. One that did is errTwice.
			j.note(events)
			return nil
		}, nil
	}}
}

func (j *journal) key(e desk.Event) string { return fmt.Sprintf("effect:%s:%d", j.name, e.Pos) }

func (j *journal) note(events []desk.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.batches = append(j.batches, len(events))
	for _, e := range events {
		if !j.noted[e.Pos] {
			j.noted[e.Pos] = true
			j.seen[e.ConversationID] = append(j.seen[e.ConversationID], seq(e))
			j.total++
		}
	}
	j.last = j.key(events[len(events)-1])
	close(j.grown)
	j.grown = make(chan struct{})
}

// patience bounds how long a test waits for what must come.
const patience = 30 * time.Second

// await blocks until n events were handled in all.
func (j *journal) await(n int) {
	j.w.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		j.mu.Lock()
		total, grown, last := j.total, j.grown, j.last
		j.mu.Unlock()
		if total >= n {
			require.Equal(j.w.t, n, total, "handled too much")
			// Effects are noted as they are written; they count once committed.
			for v := ""; v == ""; {
				v, _ = j.w.Store.InstallationValue(j.w.t.Context(), last)
				require.NoError(j.w.t, j.w.t.Context().Err())
			}
			return
		}
		select {
		case <-grown:
		case <-limit.C:
			require.FailNow(j.w.t, "events missing", "%s: %d of %d", j.name, total, n)
		}
	}
}

// upTo is 1, 2, …, n.
func upTo(n int) []int64 { return between(1, n) }

func between(first, last int) []int64 {
	var out []int64
	for i := first; i <= last; i++ {
		out = append(out, int64(i))
	}
	return out
}

func (j *journal) of(c conversation) []int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]int64(nil), j.seen[c.id]...)
}

// receive takes one value, or fails the test.
func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case v := <-from:
		return v
	case <-limit.C:
		require.FailNow(t, "nothing came", what)
		panic("unreachable")
	}
}
