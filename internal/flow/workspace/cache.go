package workspace

import (
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// cache keeps loaded values for at most ttl. From half of that on the next
// caller loads the value anew, while the others go on with the old one; so an
// expiry never sends everybody to the database at once, and a database that is
// away for a moment is not noticed. When the cache is full an arbitrary entry
// is dropped, which costs its next user one look-up.
type cache[K comparable, V any] struct {
	clock desk.Clock
	ttl   time.Duration
	size  int

	mu      sync.Mutex
	entries map[K]cached[V]
	// changes counts invalidations, so that a load that began before one is not kept.
	changes uint64
}

type cached[V any] struct {
	value V
	// refresh is when one caller shall load anew, until when the value is gone.
	refresh, until time.Time
}

func newCache[K comparable, V any](clock desk.Clock, ttl time.Duration, size int) *cache[K, V] {
	return &cache[K, V]{clock: clock, ttl: ttl, size: size, entries: make(map[K]cached[V])}
}

// get returns the kept value or loads it. Errors are not kept; while the old
// value is good they are passed over.
func (c *cache[K, V]) get(key K, load func() (V, error)) (V, error) {
	now := c.clock.Now()
	c.mu.Lock()
	e, ok := c.entries[key]
	if ok && !now.Before(e.until) {
		ok = false
	}
	if ok && now.Before(e.refresh) {
		c.mu.Unlock()
		return e.value, nil
	}
	if ok { // this caller refreshes; the others wait no longer than for e
		c.entries[key] = cached[V]{e.value, e.until, e.until}
	}
	before := c.changes
	c.mu.Unlock()
	value, err := load()
	if err != nil {
		if ok && desk.KindOf(err).Retryable() {
			return e.value, nil
		}
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == before {
		c.keep(key, value, now)
	}
	return value, nil
}

// put keeps a value that did not come from load.
func (c *cache[K, V]) put(key K, value V) {
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(key, value, now)
}

// keep needs mu.
func (c *cache[K, V]) keep(key K, value V, now time.Time) {
	if _, ok := c.entries[key]; !ok && len(c.entries) >= c.size {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	c.entries[key] = cached[V]{value, now.Add(c.ttl / 2), now.Add(c.ttl)}
}

// drop forgets one entry.
func (c *cache[K, V]) drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	delete(c.entries, key)
}

// forget drops the entries that match. It looks at all of them.
func (c *cache[K, V]) forget(match func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	for k, e := range c.entries {
		if match(k, e.value) {
			delete(c.entries, k)
		}
	}
}
