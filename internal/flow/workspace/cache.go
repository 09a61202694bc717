package workspace

import (
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// cache keeps loaded values for a while. When it is full an arbitrary entry is
// dropped, which costs its next user one look-up.
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
	until time.Time
}

func newCache[K comparable, V any](clock desk.Clock, ttl time.Duration, size int) *cache[K, V] {
	return &cache[K, V]{clock: clock, ttl: ttl, size: size, entries: make(map[K]cached[V])}
}

// get returns the kept value or loads it. Errors are not kept. Several callers
// may load the same key at once.
func (c *cache[K, V]) get(key K, load func() (V, error)) (V, error) {
	now := c.clock.Now()
	c.mu.Lock()
	e, ok := c.entries[key]
	before := c.changes
	c.mu.Unlock()
	if ok && now.Before(e.until) {
		return e.value, nil
	}
	value, err := load()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != before {
		return value, nil
	}
	if _, ok := c.entries[key]; !ok && len(c.entries) >= c.size {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	c.entries[key] = cached[V]{value, now.Add(c.ttl)}
	return value, nil
}

// forget drops the entries that match; nil drops all.
func (c *cache[K, V]) forget(match func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	for k, e := range c.entries {
		if match == nil || match(k, e.value) {
			delete(c.entries, k)
		}
	}
}
