package store

import (
	"sync"

	"yingda.dev/internal/desk"
)

// Ring keeps the newest committed events in memory, so that consumers who keep
// up need no SQL. It is bounded: the oldest are dropped. For drivers; safe for
// concurrent use.
type Ring struct {
	mu    sync.RWMutex
	buf   []desk.Event
	first int64 // position of the oldest event held; the ring is empty if last < first
	last  int64
}

// NewRing holds at most capacity events.
func NewRing(capacity int) *Ring { return &Ring{buf: make([]desk.Event, capacity), first: 1} }

// Append adds committed events with consecutive positions. If they do not
// follow on what the ring holds, it forgets that.
func (r *Ring) Append(events []desk.Event) {
	if len(events) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if events[0].Pos != r.last+1 {
		r.first, r.last = events[0].Pos, events[0].Pos-1
	}
	size := int64(len(r.buf))
	for _, e := range events {
		r.buf[e.Pos%size] = e
		r.last = e.Pos
	}
	r.first = max(r.first, r.last-size+1)
}

// After returns at most limit events above a position, and whether the ring
// can tell: false means the answer lies in the database.
func (r *Ring) After(pos int64, limit int) ([]desk.Event, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.last < r.first || pos+1 < r.first || pos > r.last {
		return nil, false
	}
	n := min(int64(limit), r.last-pos)
	out := make([]desk.Event, n)
	size := int64(len(r.buf))
	for i := range out {
		out[i] = r.buf[(pos+1+int64(i))%size]
	}
	return out, true
}

// Watchers wakes those who wait for commits. Signals are coalesced, so a slow
// watcher costs nothing. For drivers; safe for concurrent use.
type Watchers struct {
	mu  sync.Mutex
	set map[chan struct{}]struct{}
}

// Watch registers a channel that holds one signal; cancel takes it out.
func (w *Watchers) Watch() (commits <-chan struct{}, cancel func()) {
	ch := make(chan struct{}, 1) // full: a signal is waiting already, drop
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set == nil {
		w.set = make(map[chan struct{}]struct{})
	}
	w.set[ch] = struct{}{}
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.set, ch)
	}
}

// Notify signals all watchers and waits for none.
func (w *Watchers) Notify() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.set {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
