package bustest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
)

// listen follows from a position and hands every event over.
func (r *running) listen(from int64, buffer int) <-chan desk.Event {
	out := make(chan desk.Event, buffer)
	r.run(func() error {
		return r.Follow(r.ctx, from, func(events []desk.Event) {
			for _, e := range events {
				select {
				case out <- e:
				case <-r.ctx.Done():
				}
			}
		})
	})
	return out
}

func follow(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	w.emit(c, 1, 4)
	n, other := w.node(), w.node()
	fromTwo := n.listen(2, 100)
	elsewhere := other.listen(1, 100)
	require.Equal(t, int64(3), receive(t, fromTwo, "position 3").Pos)
	require.Equal(t, int64(4), receive(t, fromTwo, "position 4").Pos)

	// "From now" begins when Follow looked where the log ends, which shows only
	// in what comes: events are added until one arrives.
	live := n.listen(0, 1000)
	var first desk.Event
	k := 5
	for first.Pos == 0 {
		w.emit(c, k, 1)
		k++
		select {
		case first = <-live:
		default:
		}
	}
	require.Greater(t, first.Pos, int64(4), "nothing from before")
	w.emit(c, k, 1)
	last := int64(k)
	for pos := first.Pos + 1; pos <= last; pos++ {
		require.Equal(t, pos, receive(t, live, "the next").Pos, "each once, in order")
	}
	for pos := int64(5); pos <= last; pos++ {
		e := receive(t, fromTwo, "the next")
		require.Equal(t, pos, e.Pos)
		require.Equal(t, pos, seq(e))
	}
	for pos := int64(2); pos <= last; pos++ {
		require.Equal(t, pos, receive(t, elsewhere, "every node hears every event").Pos)
	}
	require.ErrorIs(t, n.Follow(t.Context(), -1, func([]desk.Event) {}), desk.Invalid)
}

func slowFollower(t *testing.T, w *world) {
	w.drive()
	c := w.conversation()
	n := w.node()
	w.emit(c, 1, 1)
	slow := n.listen(1, 0)
	quick := n.listen(1, 10*w.Window)
	total := 5 * w.Window
	for k := 2; k <= total; k += 50 {
		w.emit(c, k, min(50, total-k+1))
	}
	for pos := int64(2); pos <= int64(total); pos++ {
		require.Equal(t, pos, receive(t, quick, "the quick one").Pos, "a slow one holds up nobody")
	}
	pos := receive(t, slow, "the slow one").Pos
	for pos < int64(total) {
		next := receive(t, slow, "the slow one").Pos
		require.Equal(t, pos+1, next, "nothing is dropped")
		pos = next
	}
}

func lostFollower(t *testing.T, w *world) {
	c := w.conversation()
	w.emit(c, 1, 10)
	w.clock.Advance(100 * time.Hour)
	w.emit(c, 11, 2)
	w.drive()
	_, err := w.Store.Trim(t.Context(), w.clock.Now().Add(-time.Hour), 0)
	require.NoError(t, err)
	n := w.node()
	require.ErrorIs(t, n.Follow(t.Context(), 3, func([]desk.Event) {}), desk.NotFound)
	events := n.listen(10, 10)
	require.Equal(t, int64(11), receive(t, events, "what is left").Pos)
}

func signals(t *testing.T, w *world) {
	w.drive()
	n := w.node()
	heard := make(chan bus.Signal, 10)
	ctx, cancel := context.WithCancel(n.ctx)
	ended := make(chan error, 1)
	n.run(func() error {
		err := n.Signals(ctx, func(s bus.Signal) { heard <- s })
		ended <- err
		return err
	})
	want := bus.Signal{AccountID: w.account, Kind: bus.Typing, On: true, Text: "draft"}
	// Nothing tells when the listener is there: a signal is sent until it hears.
	for len(heard) == 0 {
		n.Signal(t.Context(), want)
	}
	require.Equal(t, want, receive(t, heard, "the signal"))
	cancel()
	require.NoError(t, receive(t, ended, "the end"))
	n.Signal(t.Context(), want) // nobody listens; it neither blocks nor fails
	head, err := w.Store.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head, "signals never touch the log")
}

func slowListener(t *testing.T, w *world) {
	w.drive()
	n := w.node()
	inside, resume := make(chan struct{}, 1), make(chan struct{})
	heard := make(chan string, 10*w.SignalBuffer)
	n.run(func() error {
		return n.Signals(n.ctx, func(s bus.Signal) {
			if s.Text == "first" {
				select {
				case inside <- struct{}{}:
				default:
				}
				<-resume
				return
			}
			heard <- s.Text
		})
	})
	for len(inside) == 0 {
		n.Signal(t.Context(), bus.Signal{Text: "first"})
	}
	for i := range 2 * w.SignalBuffer {
		text := "old"
		if i >= w.SignalBuffer {
			text = "new"
		}
		n.Signal(t.Context(), bus.Signal{Text: text})
	}
	close(resume)
	for range w.SignalBuffer {
		require.Equal(t, "new", receive(t, heard, "the newest signals"))
	}
}

// signalsAcross: what is signalled at one node is heard at the others as it
// was said, at most once and in order; who said it does not hear it again.
func signalsAcross(t *testing.T, w *world) {
	w.drive()
	nodes := []*running{w.node(), w.node(), w.node()}
	heard := make([]chan bus.Signal, len(nodes))
	for i, n := range nodes {
		heard[i] = make(chan bus.Signal, 10_000)
		n.run(func() error { return n.Signals(n.ctx, func(s bus.Signal) { heard[i] <- s }) })
	}
	whole := bus.Signal{
		AccountID: w.account, ConversationID: "cnv_1", ContactID: "con_1", Kind: bus.Queue, By: desk.Author{Kind: desk.ByAgent, ID: "agt_1"},
		On: true, URL: "https://shop.example/", Title: "店", Queue: &bus.Place{Position: 3, Low: time.Minute, High: 2 * time.Minute},
		At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	}
	enough := func() bool {
		for _, h := range heard {
			if len(h) < 5 {
				return false
			}
		}
		return true
	}
	// Nothing tells when the listeners are there: signals are sent until all have heard some.
	for n := 0; !enough(); n++ {
		s := whole
		s.Text = fmt.Sprintf("%06d", n)
		nodes[n%2].Signal(t.Context(), s)
		select {
		case <-t.Context().Done():
			t.Fatal("the signals reach nobody else")
		case <-time.After(time.Millisecond):
		}
	}
	for i, h := range heard {
		last := [2]string{}
		for range len(h) {
			s := <-h
			from := int(s.Text[5]-'0') % 2
			require.Greater(t, s.Text, last[from], "node %d hears once and in order", i)
			last[from], s.Text = s.Text, ""
			require.Equal(t, whole, s)
		}
	}
	head, err := w.Store.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head, "signals never touch the log")
}
