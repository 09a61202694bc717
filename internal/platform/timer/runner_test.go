package timer_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus/bustest"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type house struct {
	*testing.T
	store   *store.Store
	clock   *bustest.Clock
	ids     *desk.IDs
	account desk.AccountID
	// calls receives each timer a handler got, after ran says what it returns.
	calls chan store.Timer
	ran   func(ctx context.Context, t store.Timer) error
}

func open(t *testing.T) *house {
	t.Helper()
	clock := bustest.NewClock()
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
		sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	h := &house{T: t, store: store.New(d), clock: clock, ids: desk.NewIDs(clock, rand.Reader), calls: make(chan store.Timer, 1000)}
	h.account = h.ids.Account()
	h.background(h.store.Run, func() { require.NoError(t, h.store.Close()) })
	h.ran = func(context.Context, store.Timer) error { return nil }
	return h
}

func (h *house) background(run func(context.Context) error, after func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			require.NoError(h, <-done)
			after()
		})
	}
	h.Cleanup(stop)
	return stop
}

func (h *house) start(cfg timer.Config) (stop func()) {
	h.Helper()
	r, err := timer.New(timer.Deps{
		Store: h.store, IDs: h.ids, Clock: h.clock, After: h.clock.After, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(),
		Handlers: map[string]timer.Handler{"snooze": func(ctx context.Context, t store.Timer) error {
			h.calls <- t
			return h.ran(ctx, t)
		}},
	}, cfg)
	require.NoError(h, err)
	return h.background(r.Run, func() {})
}

func (h *house) set(kind, subject string, in time.Duration) store.TimerRef {
	h.Helper()
	ref := store.TimerRef{AccountID: h.account, Kind: kind, Subject: subject}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutTimer(ctx, store.Timer{TimerRef: ref, Due: h.clock.Now().Add(in), Data: `{"n":1}`})
	})
	return ref
}

func (h *house) write(unit func(context.Context, *store.Tx) error) {
	h.Helper()
	require.NoError(h, h.store.Write(h.Context(), h.account, unit))
}

const patience = 20 * time.Second

func (h *house) call() store.Timer {
	h.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case t := <-h.calls:
		return t
	case <-limit.C:
		require.FailNow(h, "no timer fired")
		panic("unreachable")
	}
}

// gone blocks until a timer is deleted.
func (h *house) gone(ref store.TimerRef) {
	h.Helper()
	deadline := time.Now().Add(patience)
	for {
		_, err := h.store.Timer(h.Context(), ref)
		if desk.KindOf(err) == desk.NotFound && err != nil {
			return
		}
		require.NoError(h, err)
		require.True(h, time.Now().Before(deadline), "timer not deleted")
	}
}

func TestTimersFireOnTimeAndOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	late := h.set("snooze", "late", time.Hour)
	soon := h.set("snooze", "soon", time.Minute)
	h.Cleanup(h.clock.Drive())
	h.start(timer.Config{})
	begin := h.clock.Now()
	first := h.call()
	require.Equal(t, soon, first.TimerRef)
	require.JSONEq(t, `{"n":1}`, first.Data)
	require.False(t, h.clock.Now().Before(first.Due), "not before its time")
	require.Equal(t, late, h.call().TimerRef)
	require.GreaterOrEqual(t, h.clock.Now().Sub(begin), 59*time.Minute)
	h.gone(soon)
	h.gone(late)
	require.Empty(t, h.calls)
}

// A commit wakes the runner, so an earlier timer does not wait for a later one.
func TestANewTimerIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.set("snooze", "far", 1000*time.Hour)
	h.start(timer.Config{Fallback: 500 * time.Hour, Settle: time.Millisecond})
	// The runner waits for its fallback; only a commit can wake it.
	for d := time.Duration(0); d < 400*time.Hour; d, _ = h.clock.Next() {
		if d > 0 {
			h.clock.Advance(d)
		}
	}
	// Whoever sets a timer tells a fact with the same commit, and facts wake.
	h.write(func(ctx context.Context, tx *store.Tx) error {
		c := h.ids.Conversation()
		shard, _ := c.Shard()
		if err := tx.Emit(desk.Event{AccountID: h.account, Shard: shard, ConversationID: c, Fact: desk.StatusChanged{}}); err != nil {
			return err
		}
		return tx.PutTimer(ctx, store.Timer{TimerRef: store.TimerRef{AccountID: h.account, Kind: "snooze", Subject: "now"}, Due: h.clock.Now()})
	})
	done := make(chan struct{})
	go func() { // moves past Settle, never to Fallback
		defer close(done)
		for len(h.calls) == 0 && h.Context().Err() == nil {
			h.clock.Advance(time.Millisecond)
		}
	}()
	<-done
	require.Equal(t, "now", h.call().Subject)
}

func TestFailingTimersAreAskedLessAndLess(t *testing.T) {
	t.Parallel()
	h := open(t)
	var mu sync.Mutex
	var at []time.Time
	h.ran = func(_ context.Context, timer store.Timer) error {
		if timer.Subject != "bad" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		at = append(at, h.clock.Now())
		switch len(at) {
		case 2:
			panic("a defect")
		case 6:
			return nil
		default:
			return desk.E(desk.Unavailable, "wake", "")
		}
	}
	bad, good := h.set("snooze", "bad", 0), h.set("snooze", "good", time.Minute)
	unknown := h.set("unheard", "of", 0)
	h.Cleanup(h.clock.Drive())
	h.start(timer.Config{Backoff: 10 * time.Second, MaxBackoff: time.Minute})
	h.gone(bad)
	h.gone(good)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, at, 6)
	for i, least := range []int{10, 20, 40, 60, 60} {
		require.GreaterOrEqual(t, at[i+1].Sub(at[i]), time.Duration(least)*time.Second)
	}
	left, err := h.store.Timer(t.Context(), unknown)
	require.NoError(t, err, "what nobody handles yet is kept")
	require.NotEmpty(t, left.Data)
}

func TestATimerMovedOrCancelledMeanwhileStaysSo(t *testing.T) {
	t.Parallel()
	h := open(t)
	moved, cancelled := h.set("snooze", "moved", 0), h.set("snooze", "cancelled", 0)
	then := h.clock.Now().Add(1000 * time.Hour)
	h.ran = func(_ context.Context, timer store.Timer) error {
		h.write(func(ctx context.Context, tx *store.Tx) error {
			if timer.Subject == "moved" {
				return tx.PutTimer(ctx, store.Timer{TimerRef: moved, Due: then})
			}
			return tx.CancelTimer(ctx, cancelled)
		})
		if timer.Subject == "cancelled" {
			return desk.E(desk.Internal, "wake", "")
		}
		return nil
	}
	stop := h.start(timer.Config{})
	seen := map[string]bool{h.call().Subject: true, h.call().Subject: true}
	require.Equal(t, map[string]bool{"moved": true, "cancelled": true}, seen)
	stop()
	left, err := h.store.Timer(t.Context(), moved)
	require.NoError(t, err)
	require.True(t, left.Due.Equal(then), "not deleted, not postponed")
	_, err = h.store.Timer(t.Context(), cancelled)
	require.ErrorIs(t, err, desk.NotFound, "not brought back")
}

func TestTimersSurviveARestart(t *testing.T) {
	t.Parallel()
	h := open(t)
	entered := make(chan struct{}, 10)
	h.ran = func(ctx context.Context, _ store.Timer) error {
		entered <- struct{}{}
		<-ctx.Done() // the process stops in the middle
		return ctx.Err()
	}
	ref := h.set("snooze", "x", 0)
	stop := h.start(timer.Config{})
	h.call()
	<-entered
	stop()
	_, err := h.store.Timer(t.Context(), ref)
	require.NoError(t, err)
	h.ran = func(context.Context, store.Timer) error { return nil }
	h.Cleanup(h.clock.Drive()) // another node's claim lasts a minute
	h.start(timer.Config{})
	require.Equal(t, ref, h.call().TimerRef)
	h.gone(ref)
}

func TestTwoNodesShare(t *testing.T) {
	t.Parallel()
	h := open(t)
	const timers = 100
	refs := map[store.TimerRef]bool{}
	for i := range timers {
		refs[h.set("snooze", string(rune('a'+i)), 0)] = true
	}
	// The clock stands, so no claim runs out and none may be taken twice.
	cfg := timer.Config{Batch: 7, Settle: time.Nanosecond}
	h.start(cfg)
	h.start(cfg)
	quit := make(chan struct{})
	var moving sync.WaitGroup
	moving.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
				h.clock.Advance(time.Nanosecond)
			}
		}
	})
	defer moving.Wait()
	defer close(quit)
	for len(refs) > 0 {
		ref := h.call().TimerRef
		require.True(t, refs[ref], "fired twice: %v", ref)
		delete(refs, ref)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := timer.New(timer.Deps{}, timer.Config{})
	require.ErrorIs(t, err, desk.Invalid)
}
