package store

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

// TestRing holds the ring to a plain list: what it answers is what the list
// says, and it admits not to know rather than leave something out.
func TestRing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 9).Draw(t, "size")
		ring := NewRing(size)
		head := rapid.Int64Range(0, 20).Draw(t, "head")
		forgotten := head // up to here the ring cannot know
		for range rapid.IntRange(0, 12).Draw(t, "appends") {
			if rapid.IntRange(0, 9).Draw(t, "gap") == 0 {
				head += rapid.Int64Range(1, 5).Draw(t, "missed")
				forgotten = head
			}
			var events []desk.Event
			for range rapid.IntRange(0, 12).Draw(t, "count") {
				head++
				events = append(events, desk.Event{Pos: head})
			}
			ring.Append(events)
			if len(events) == 0 {
				continue
			}
			oldest := max(forgotten, head-int64(size)) // the ring answers above this
			for after := int64(0); after <= head+2; after++ {
				limit := rapid.IntRange(1, 15).Draw(t, "limit")
				got, ok := ring.After(after, limit)
				require.Equal(t, after >= oldest && after <= head, ok, "after %d", after)
				for i, e := range got {
					require.Equal(t, after+int64(i)+1, e.Pos)
				}
				if ok {
					require.Len(t, got, int(min(int64(limit), head-after)))
				}
			}
		}
	})
}

func TestWatchersCoalesce(t *testing.T) {
	t.Parallel()
	var w Watchers
	commits, cancel := w.Watch()
	other, cancelOther := w.Watch()
	for range 3 {
		w.Notify()
	}
	<-commits
	<-other
	require.Empty(t, commits, "signals are coalesced")
	cancel()
	w.Notify()
	require.Empty(t, commits, "a cancelled watch hears nothing")
	<-other
	cancelOther()
	cancelOther()
}
