package bot

import (
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// Overload says when the bot gives up understanding before it gives up
// answering. The zero value is the default.
type Overload struct {
	// Slow is the time of a turn above which the bot is overloaded, measured over
	// the newest turns. Default 50 ms.
	Slow time.Duration
	// Long is how many turns may wait for a worker. Default 200.
	Long int
	// Calm is how long it must have been quiet before one step is taken back.
	// Default 10 s.
	Calm time.Duration
}

// window is over how many turns slowness is measured.
const window = 64

// load measures how the bot copes.
type load struct {
	Overload
	clock desk.Clock

	mu    sync.Mutex
	now   Effort
	times [window]time.Duration
	n     int
	// changed is when the effort last changed, calmSince since when it was quiet.
	changed, calmSince time.Time
	switches           int
}

func newLoad(o Overload, clock desk.Clock) *load {
	if o.Slow <= 0 {
		o.Slow = 50 * time.Millisecond
	}
	if o.Long <= 0 {
		o.Long = 200
	}
	if o.Calm <= 0 {
		o.Calm = 10 * time.Second
	}
	return &load{Overload: o, clock: clock}
}

func (l *load) effort() Effort {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// observe hears how long understanding took and how many wait. A step up takes
// a full window of slow turns, or a long queue, since the last change; a step
// back Calm of neither, and half the limits, so that it does not flutter.
func (l *load) observe(took time.Duration, queued int) Effort {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	l.times[l.n%window] = took
	l.n++
	slow, quiet := 0, true
	for i := range min(l.n, window) {
		if l.times[i] > l.Slow {
			slow++
		}
		if l.times[i] > l.Slow/2 && i == (l.n-1)%window {
			quiet = false
		}
	}
	quiet = quiet && queued <= l.Long/2
	if (l.n >= window && slow > window/10 || queued > l.Long) && l.now < PlainSearch && now.Sub(l.changed) > time.Second {
		l.now++
		l.change(now)
		return l.now
	}
	l.settle(quiet, now)
	return l.now
}

// rest is observe where nothing happens.
func (l *load) rest(queued int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(queued <= l.Long/2, l.clock.Now())
}

func (l *load) settle(quiet bool, now time.Time) {
	switch {
	case !quiet:
		l.calmSince = time.Time{}
	case l.calmSince.IsZero():
		l.calmSince = now
	case l.now > Full && now.Sub(l.calmSince) >= l.Calm:
		l.now--
		l.change(now)
	}
}

func (l *load) change(now time.Time) {
	l.changed, l.calmSince, l.n = now, time.Time{}, 0
	l.switches++
}

// figures are what people want to know of it.
func (l *load) figures() (effort Effort, slowest time.Duration, since time.Time, switches int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range min(l.n, window) {
		slowest = max(slowest, l.times[i])
	}
	return l.now, slowest, l.changed, l.switches
}
