package delivery

import (
	"sync"
	"time"

	"yingda.dev/internal/channel"
)

// rates keeps a token bucket per rate and key. At most maxBuckets: beyond, the
// full ones are forgotten, then all, which lets a short burst through that the
// platform will throttle.
type rates struct {
	mu      sync.Mutex
	buckets map[bucketKey]*bucket
	// paused holds inboxes whose platform asked for peace.
	paused map[string]time.Time
}

type bucketKey struct {
	name string
	per  time.Duration
}

type bucket struct {
	tokens float64
	at     time.Time
	rate   channel.Rate
}

const maxBuckets = 50_000

func newRates() *rates {
	return &rates{buckets: map[bucketKey]*bucket{}, paused: map[string]time.Time{}}
}

// take asks for n sends to a peer of an inbox. It takes all or none, and says
// how long until they may be there.
func (r *rates) take(inbox, peer string, limits []channel.Rate, n int, now time.Time) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until, ok := r.paused[inbox]; ok {
		if now.Before(until) {
			return until.Sub(now)
		}
		delete(r.paused, inbox)
	}
	taken := make([]*bucket, 0, len(limits))
	for _, l := range limits {
		key := bucketKey{inbox, l.Per}
		if l.Scope == channel.PerPeer {
			key.name += "\x00" + peer
		}
		b := r.bucket(key, l, now)
		// A message of more pieces than the rate allows at all leaves in one go
		// when the bucket is full, for it could never leave otherwise.
		need := min(float64(n), float64(l.Count))
		if b.tokens < need {
			missing := (need - b.tokens) / float64(l.Count) * float64(l.Per)
			wait = max(wait, time.Duration(missing)+time.Millisecond)
		}
		taken = append(taken, b)
	}
	if wait > 0 {
		return wait
	}
	for _, b := range taken {
		b.tokens -= float64(n)
	}
	return 0
}

func (r *rates) bucket(key bucketKey, l channel.Rate, now time.Time) *bucket {
	b, ok := r.buckets[key]
	if !ok {
		if len(r.buckets) >= maxBuckets {
			r.sweep(now)
		}
		b = &bucket{tokens: float64(l.Count), at: now}
		r.buckets[key] = b
	}
	b.rate = l
	b.refill(now)
	return b
}

func (b *bucket) refill(now time.Time) {
	if gone := now.Sub(b.at); gone > 0 {
		b.tokens = min(float64(b.rate.Count), b.tokens+float64(b.rate.Count)*float64(gone)/float64(b.rate.Per))
		b.at = now
	}
}

func (r *rates) sweep(now time.Time) {
	for k, b := range r.buckets {
		if b.refill(now); b.tokens >= float64(b.rate.Count) {
			delete(r.buckets, k)
		}
	}
	if len(r.buckets) >= maxBuckets {
		clear(r.buckets)
	}
}

// pause keeps an inbox quiet until a time.
func (r *rates) pause(inbox string, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.paused) >= maxBuckets {
		clear(r.paused)
	}
	if until.After(r.paused[inbox]) {
		r.paused[inbox] = until
	}
}
