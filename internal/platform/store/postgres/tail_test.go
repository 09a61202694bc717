package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

// Whatever the order in which commits finish and however much is missing,
// nobody is ever told that there is a gap, or that there is no more when there is.
func TestTailNeverSkips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tl := newTail(rapid.IntRange(1, 64).Draw(t, "ring"))
		tl.listen(true)
		var runs [][]desk.Event
		pos := rapid.Int64Range(1, 100).Draw(t, "first")
		for range rapid.IntRange(1, 40).Draw(t, "runs") {
			var run []desk.Event
			for range rapid.IntRange(1, 5).Draw(t, "length") {
				run = append(run, desk.Event{Pos: pos})
				pos++
			}
			runs = append(runs, run)
		}
		known := int64(0)
		for len(runs) > 0 {
			i := rapid.IntRange(0, min(len(runs)-1, 3)).Draw(t, "next") // two or three finish out of order
			run := runs[i]
			runs = append(runs[:i:i], runs[i+1:]...)
			if rapid.IntRange(0, 9).Draw(t, "elsewhere") == 0 {
				tl.heard(run[len(run)-1].Pos) // another node's: only its position is known
			} else {
				tl.add(run)
			}
			known = max(known, run[len(run)-1].Pos)
			from := rapid.Int64Range(0, pos+1).Draw(t, "from")
			events, ok := tl.after(from, 7)
			for n, e := range events {
				require.Equal(t, from+int64(n)+1, e.Pos)
			}
			if ok && len(events) == 0 {
				require.GreaterOrEqual(t, from, known)
			}
		}
	})
}

func TestTailFollowsOneNode(t *testing.T) {
	t.Parallel()
	tl := newTail(100)
	event := func(pos ...int64) (out []desk.Event) {
		for _, p := range pos {
			out = append(out, desk.Event{Pos: p})
		}
		return out
	}
	tl.add(event(5, 6))
	tl.add(event(9))
	tl.add(event(8))
	_, ok := tl.after(6, 10)
	require.False(t, ok, "7 is missing")
	tl.add(event(6, 7)) // as read from the database
	got, ok := tl.after(4, 10)
	require.True(t, ok)
	require.Equal(t, event(5, 6, 7, 8, 9), got)
	_, ok = tl.after(9, 10)
	require.False(t, ok, "without a listener nobody knows what others did")
	tl.listen(true)
	_, ok = tl.after(9, 10)
	require.True(t, ok)
	require.True(t, tl.heard(10))
	require.False(t, tl.heard(10))
	_, ok = tl.after(9, 10)
	require.False(t, ok)
}

func TestQueueTakesAccountsInTurn(t *testing.T) {
	t.Parallel()
	q := newQueue(100, 50)
	for range 50 {
		require.NoError(t, q.push(&unit{account: "busy"}))
	}
	require.ErrorIs(t, q.push(&unit{account: "busy"}), desk.Limited)
	quiet := &unit{account: "quiet"}
	require.NoError(t, q.push(quiet))
	gone := &unit{account: "gone"}
	require.NoError(t, q.push(gone))
	gone.state.Store(abandoned)
	require.Contains(t, q.take(2), quiet)
	require.NotContains(t, q.take(100), gone)
	require.Zero(t, q.length())
	q.close()
	require.ErrorIs(t, q.push(&unit{account: "late"}), desk.Unavailable)
}
