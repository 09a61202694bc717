package bustest

import (
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// Clock is a clock and an alarm clock that stand still until they are moved.
// It is safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[*alarm]struct{}
}

type alarm struct {
	due  time.Time
	ring chan time.Time
}

var _ desk.Clock = (*Clock)(nil)

// NewClock returns a clock that stands at a fixed time.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), waiting: map[*alarm]struct{}{}}
}

// Now is where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After is a timer.After on this clock.
func (c *Clock) After(d time.Duration) (fired <-chan time.Time, stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{due: c.now.Add(d), ring: make(chan time.Time, 1)}
	if d <= 0 {
		a.ring <- c.now
		return a.ring, func() {}
	}
	c.waiting[a] = struct{}{}
	return a.ring, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, a)
	}
}

// Advance moves the clock and rings what is due by then.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for a := range c.waiting {
		if !a.due.After(c.now) {
			delete(c.waiting, a)
			a.ring <- c.now
		}
	}
}

// Next is how long until the earliest alarm; false if none is set.
func (c *Clock) Next() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first time.Time
	for a := range c.waiting {
		if first.IsZero() || a.due.Before(first) {
			first = a.due
		}
	}
	return first.Sub(c.now), !first.IsZero()
}

// Drive lets time fly: while somebody waits, the clock moves on to the earliest
// alarm, until stop is called. stop returns when the clock stands. It moves at
// most once in real milliseconds, so that what is tested gets the machine.
func (c *Clock) Drive() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		pace := time.NewTicker(2 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case <-quit:
				return
			case <-pace.C:
			}
			if d, ok := c.Next(); ok {
				c.Advance(d)
			}
		}
	}()
	return func() { close(quit); <-done }
}
