package logbus

import (
	"slices"
	"sync"

	"yingda.dev/internal/desk"
)

// tail holds the newest events and tells readers when there are more. Slices
// handed out stay valid: memory is only ever appended to or replaced.
type tail struct {
	size int

	mu     sync.Mutex
	known  bool
	newest int64
	// window ends at newest and has no gaps; at most twice size long, then its
	// older half is forgotten (readers behind it go to the log).
	window []desk.Event
	grown  chan struct{}
}

func newTail(size int) *tail { return &tail{size: size, grown: make(chan struct{})} }

func (t *tail) started() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known
}

// start sets where the tail begins.
func (t *tail) start(head int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known, t.newest = true, head
	t.tell()
}

func (t *tail) head() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest
}

// grow appends a page that continues the log. If it does not (the log was
// trimmed past us while we could not read it), the window begins anew.
func (t *tail) grow(page []desk.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if page[0].Pos != t.newest+1 {
		t.window = nil
	}
	if len(t.window)+len(page) > 2*t.size {
		t.window = slices.Clone(t.window[max(0, len(t.window)-t.size):])
	}
	t.window = append(t.window, page...)
	t.newest = page[len(page)-1].Pos
	t.tell()
}

// tell wakes everybody who waits. The caller holds mu.
func (t *tail) tell() {
	close(t.grown)
	t.grown = make(chan struct{})
}

// holds reports whether the window has everything after a position.
func (t *tail) holds(after int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return after >= t.newest-int64(len(t.window))
}

// read returns up to limit events after a position. Without any it returns a
// channel that closes when there may be; a nil channel means that the window
// does not reach back so far.
func (t *tail) read(after int64, limit int) (events []desk.Event, grown <-chan struct{}, have bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.known || after >= t.newest {
		return nil, t.grown, false
	}
	first := t.newest - int64(len(t.window)) + 1
	if after+1 < first {
		return nil, nil, false
	}
	from := int(after + 1 - first)
	to := min(from+limit, len(t.window))
	return t.window[from:to:to], nil, true
}
