package postgres

import (
	"slices"
	"sync"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// tail is the end of the log in memory. Events come in from this node's
// commits, which may finish in another order than they were numbered, and from
// what was read because other nodes wrote it.
type tail struct {
	ring *store.Ring

	mu   sync.Mutex
	next int64 // the position that follows on the ring; 0 while it is empty
	// early are runs of events that came before their predecessors, by their
	// first position. At most maxEarly; then the gap is given up and the ring
	// begins anew after it.
	early map[int64][]desk.Event
	// head is the highest position known to be committed.
	head int64
	// listening tells that head follows the other nodes' commits.
	listening bool
}

const maxEarly = 16

func newTail(size int) *tail {
	return &tail{ring: store.NewRing(size), early: map[int64][]desk.Event{}}
}

// add takes committed events with consecutive positions.
func (t *tail) add(events []desk.Event) {
	if len(events) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	first, last := events[0].Pos, events[len(events)-1].Pos
	t.head = max(t.head, last)
	switch {
	case t.next == 0:
		t.next = first
	case last < t.next:
		return // known
	case first < t.next:
		events = events[t.next-first:]
	case first > t.next:
		t.early[first] = events
		if len(t.early) < maxEarly {
			return
		}
		for f := range t.early {
			first = min(first, f)
		}
		events = t.early[first]
		delete(t.early, first)
	}
	t.append(events)
	for t.follow() {
	}
}

func (t *tail) append(events []desk.Event) {
	t.ring.Append(events)
	t.next = events[len(events)-1].Pos + 1
}

// follow appends the earliest run that fits by now.
func (t *tail) follow() bool {
	for first, events := range t.early {
		if first > t.next {
			continue
		}
		delete(t.early, first)
		if i, ok := slices.BinarySearchFunc(events, t.next, func(e desk.Event, pos int64) int { return int(e.Pos - pos) }); ok {
			t.append(events[i:])
		}
		return true
	}
	return false
}

// after answers from memory; false means the answer lies in the database.
func (t *tail) after(pos int64, limit int) ([]desk.Event, bool) {
	if events, ok := t.ring.After(pos, limit); ok && len(events) > 0 {
		return events, true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Nothing above pos was heard of, and whoever asks is woken when there is.
	return nil, t.listening && pos >= t.head
}

// heard notes that another node committed up to head, and tells whether that
// is news.
func (t *tail) heard(head int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if head <= t.head {
		return false
	}
	t.head = head
	return true
}

// listen notes whether heard will be called.
func (t *tail) listen(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listening = on
}
