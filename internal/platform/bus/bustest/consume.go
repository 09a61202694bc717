package bustest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

func once(t *testing.T, w *world) {
	w.drive()
	const conversations, each = 12, 20
	j := w.journal("journal")
	n := w.node()
	n.consume(j.consumer())
	var writers sync.WaitGroup
	all := make([]conversation, conversations)
	for i := range all {
		all[i] = w.conversation()
		writers.Go(func() {
			for k := 1; k <= each; k += 2 {
				w.emit(all[i], k, 2)
			}
		})
	}
	writers.Wait()
	j.await(conversations * each)
	for _, c := range all {
		require.Equal(t, upTo(each), j.of(c))
	}
	for _, size := range j.batches {
		require.LessOrEqual(t, size, 10)
	}
}

// wants: only what is asked for is handled, what lies between costs no commit,
// and after a restart nothing is handled twice or left out.
func wants(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	j := w.journal("journal")
	picky := func() bus.Consumer {
		consumer := j.consumer()
		consumer.Batch = 1000
		consumer.Wants = func(e *desk.Event) bool { return seq(*e)%50 == 0 }
		return consumer
	}
	first := w.node()
	first.consume(picky())
	for k := 1; k <= 500; k += 5 {
		w.emit(c, k, 5)
	}
	j.await(10)
	first.stop()
	w.emit(c, 501, 99)
	second := w.node()
	second.consume(picky())
	w.emit(c, 600, 1)
	j.await(12)
	require.Equal(t, []int64{50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600}, j.of(c))
	require.Empty(t, w.letters())
}

func restart(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	j := w.journal("journal")
	first := w.node()
	first.consume(j.consumer())
	w.emit(c, 1, 5)
	j.await(5)
	first.stop()
	w.emit(c, 6, 5) // while nobody listens
	second := w.node()
	second.consume(j.consumer())
	w.emit(c, 11, 5)
	j.await(15)
	require.Equal(t, upTo(15), j.of(c))
	second.stop()
	positions, err := w.Store.Positions(t.Context())
	require.NoError(t, err)
	require.Len(t, positions, desk.Shards)
	for _, p := range positions {
		require.Equal(t, int64(15), p.Pos, "the log is read to its end")
		require.Empty(t, p.Holder, "a node that stops lets go")
	}
}

func unavailable(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	j := w.journal("journal")
	var calls atomic.Int64
	j.before = func([]desk.Event) error {
		// Far more often than a poisoned event is tried.
		if calls.Add(1) <= 30 {
			return desk.E(desk.Unavailable, "index", "the index is away")
		}
		return nil
	}
	w.node().consume(j.consumer())
	w.emit(c, 1, 3)
	j.await(3)
	require.Equal(t, upTo(3), j.of(c))
	require.Empty(t, w.letters())
}

func rollBack(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	j := w.journal("journal")
	handle := j.consumer().Handle
	var calls atomic.Int64
	consumer := j.consumer()
	consumer.Handle = func(ctx context.Context, events []desk.Event) (bus.Effects, error) {
		if calls.Add(1) == 1 {
			return func(ctx context.Context, tx *store.Tx) error {
				require.NoError(t, tx.PutInstallationValue(ctx, "left behind", "yes"))
				panic("a defect")
			}, nil
		}
		return handle(ctx, events)
	}
	w.node().consume(consumer)
	w.emit(c, 1, 3)
	j.await(3)
	v, err := w.Store.InstallationValue(t.Context(), "left behind")
	require.True(t, err != nil || v == "", "what a panic interrupted is undone")
	require.Empty(t, w.letters())
}

func (w *world) letters() []store.DeadLetter {
	w.t.Helper()
	l, err := w.Store.DeadLetters(w.t.Context(), w.account, store.Page{Limit: 100})
	require.NoError(w.t, err)
	return l
}

func poison(t *testing.T, w *world) {
	w.drive()
	sick, well := w.conversation(), w.conversation()
	j, other := w.journal("journal"), w.journal("other")
	var cured atomic.Bool
	j.before = func(events []desk.Event) error {
		for _, e := range events {
			if e.ConversationID == sick.id && seq(e) == 3 && !cured.Load() {
				return &desk.Error{Kind: desk.Invalid, Op: "index", Msg: "unreadable", Err: context.DeadlineExceeded}
			}
		}
		return nil
	}
	n := w.node()
	n.consume(j.consumer())
	n.consume(other.consumer())
	for i := range 6 {
		w.emit(sick, i+1, 1)
		w.emit(well, i+1, 1)
	}
	j.await(2 + 6)
	other.await(12)
	require.Equal(t, upTo(2), j.of(sick), "what came before the failure")
	require.Equal(t, upTo(6), j.of(well), "others go on")
	require.Equal(t, upTo(6), other.of(sick), "other consumers know nothing of it")

	// One more after a restart is put aside as well.
	n.stop()
	n = w.node()
	n.consume(j.consumer())
	w.emit(sick, 7, 1)
	w.emit(well, 7, 1)
	j.await(2 + 7)
	letters := w.letters()
	require.Len(t, letters, 5)
	byPos := map[int64]store.DeadLetter{}
	for _, l := range letters {
		require.Equal(t, sick.id, l.Event.ConversationID)
		require.Equal(t, desk.Sealed("sealed"), mustMessage(t, l.Event).Body)
		byPos[seq(l.Event)] = l
	}
	require.Equal(t, "invalid: unreadable", byPos[3].Error)
	require.Positive(t, byPos[3].Attempts)

	require.ErrorIs(t, n.Replay(t.Context(), w.ids.Account(), byPos[5].ID), desk.NotFound, "another account's")
	cured.Store(true)
	require.NoError(t, n.Replay(t.Context(), w.account, byPos[5].ID))
	j.await(2 + 7 + 5)
	require.Equal(t, upTo(7), j.of(sick), "in order, from the one that failed")
	w.emit(sick, 8, 1)
	j.await(2 + 7 + 5 + 1)
	require.Equal(t, upTo(8), j.of(sick))
	require.Empty(t, w.letters())
}

func mustMessage(t *testing.T, e desk.Event) desk.MessageFact {
	t.Helper()
	m, ok := desk.MessageOf(e.Fact)
	require.True(t, ok)
	return m
}

func replayFails(t *testing.T, w *world) {
	w.drive()
	sick, well := w.conversation(), w.conversation()
	j := w.journal("journal")
	var bad atomic.Int64
	bad.Store(1)
	failed := make(chan int64, 100)
	j.before = func(events []desk.Event) error {
		for _, e := range events {
			if e.ConversationID == sick.id && seq(e) == bad.Load() {
				failed <- seq(e)
				return desk.E(desk.Internal, "index", "")
			}
		}
		return nil
	}
	n := w.node()
	n.consume(j.consumer())
	w.emit(sick, 1, 3)
	w.emit(well, 1, 1)
	j.await(1)
	letters := w.letters()
	require.Len(t, letters, 3)
	bad.Store(2)
	for len(failed) > 0 {
		<-failed
	}
	require.NoError(t, n.Replay(t.Context(), w.account, letters[0].ID))
	require.Equal(t, int64(2), receive(t, failed, "the second event"))
	// The next event of the well conversation is handled after the replay ended.
	w.emit(well, 2, 1)
	j.await(1 + 1 + 1)
	require.Equal(t, upTo(1), j.of(sick), "nothing overtakes the one that failed again")
	letters = w.letters()
	require.Len(t, letters, 2)
	for _, l := range letters {
		require.False(t, l.Replay, "it waits for the next wish")
	}
	bad.Store(0)
	require.NoError(t, n.Replay(t.Context(), w.account, letters[0].ID))
	j.await(5)
	require.Equal(t, upTo(3), j.of(sick))
}

// takeOver stops a node in the middle of a handler, as a debugger, a frozen
// machine or a cut network would: it renews nothing and lets go of nothing.
func takeOver(t *testing.T, w *world) {
	frozen := NewClock() // never moves: no alarm of the first node ever rings
	c := w.conversation()
	j := w.journal("journal")
	inside, resume := make(chan struct{}), make(chan struct{})
	slow := j.consumer()
	handle := slow.Handle
	slow.Handle = func(ctx context.Context, events []desk.Event) (bus.Effects, error) {
		close(inside)
		<-resume
		effects, err := handle(ctx, events)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, tx *store.Tx) error {
			t.Error("a node without its lease writes")
			return effects(ctx, tx)
		}, nil
	}
	first := w.nodeAt(frozen, frozen.After)
	first.consume(slow)
	w.emit(c, 1, 3)
	receive(t, inside, "the first node")

	second := w.node()
	second.consume(j.consumer())
	w.drive()
	j.await(3)
	close(resume)
	first.stop()
	w.emit(c, 4, 1)
	j.await(4)
	require.Equal(t, upTo(4), j.of(c))
}

func rebuilt(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	j := w.journal("journal")
	first := w.node()
	first.consume(j.consumer())
	w.emit(c, 1, 2)
	j.await(2)
	first.stop()
	w.emit(c, 3, 20)
	w.clock.Advance(100 * time.Hour)
	w.emit(c, 23, 1)
	_, err := w.Store.Trim(t.Context(), w.clock.Now().Add(-time.Hour), 0)
	require.NoError(t, err)

	consumer := j.consumer()
	rebuilt := make(chan struct{}, 10)
	consumer.Rebuild = func(context.Context) error {
		// What is committed meanwhile must not be missed.
		w.emit(c, 24, 1)
		rebuilt <- struct{}{}
		return nil
	}
	w.node().consume(consumer)
	receive(t, rebuilt, "the rebuild")
	w.emit(c, 25, 1)
	j.await(2 + 2)
	require.Equal(t, []int64{1, 2, 24, 25}, j.of(c))
	require.Empty(t, rebuilt, "once")
}

// linger checks a consumer that waits as long between commits as set says,
// which may change the consumer.
func linger(set func(*world, *bus.Consumer) time.Duration) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		c := w.conversation()
		j := w.journal("journal")
		arrived := make(chan int, 100)
		j.before = func(events []desk.Event) error { arrived <- len(events); return nil }
		n := w.node()
		consumer := j.consumer()
		linger := set(w, &consumer)
		n.consume(consumer)
		w.emit(c, 1, 1)
		require.Equal(t, 1, receive(t, arrived, "the first"), "an idle consumer does not wait")
		j.await(1)
		known := n.listen(1, 10)
		for i := range 5 {
			w.emit(c, i+2, 1)
			require.Equal(t, int64(i+2), receive(t, known, "the event").Pos)
		}
		// The clock stands, so nothing more is handled until it moves.
		for waits := false; !waits; {
			d, set := w.clock.Next()
			waits = set && d == linger
		}
		require.Empty(t, arrived)
		w.clock.Advance(linger)
		require.Equal(t, 5, receive(t, arrived, "the rest"), "all in one commit")
		j.await(6)
	}
}

// behind: who has fallen out of the window reads on without a pause.
func behind(t *testing.T, w *world) {
	c := w.conversation()
	j := w.journal("journal")
	arrived, blocked := make(chan int, 100), make(chan struct{})
	j.before = func(events []desk.Event) error {
		arrived <- len(events)
		<-blocked
		return nil
	}
	n := w.node()
	consumer := j.consumer()
	consumer.Batch = 10 * w.Window
	n.consume(consumer)
	w.emit(c, 1, 1)
	require.Equal(t, 1, receive(t, arrived, "the first"))
	known := n.listen(1, w.Window)
	for i := range 3 * w.Window {
		w.emit(c, 2+i, 1)
		receive(t, known, "the event")
	}
	close(blocked)
	j.await(1 + 3*w.Window) // though the clock stands
}

func twice(t *testing.T, w *world) {
	w.drive()
	j := w.journal("journal")
	n := w.node()
	c := w.conversation()
	n.consume(j.consumer())
	w.emit(c, 1, 1)
	j.await(1)
	require.ErrorIs(t, n.Consume(t.Context(), j.consumer()), desk.Conflict)
	require.ErrorIs(t, n.Consume(t.Context(), bus.Consumer{Name: "x"}), desk.Invalid)
	// A second node stands by and takes nothing that is not its own.
	other := w.node()
	other.consume(j.consumer())
	w.emit(c, 2, 10)
	j.await(11)
	require.Equal(t, upTo(11), j.of(c))
}
