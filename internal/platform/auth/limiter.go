package auth

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// LimiterConfig sets a Limiter. Rate and Burst are required.
type LimiterConfig struct {
	// Rate is how many events a second a key may have in the long run.
	Rate float64
	// Burst is how many it may have at once after a rest.
	Burst int
	// MaxKeys bounds the keys remembered, about 60 bytes each. When all of them
	// are in use, further keys share one bucket of ten times this rate and burst.
	// Default 65,536.
	MaxKeys int
}

// Limiter is a set of token buckets, one a key. It reads no clock: callers
// pass the time, and a time before an earlier one adds nothing.
type Limiter struct {
	rate, burst float64

	mu      sync.Mutex
	buckets *slots[bucket]
}

// bucket fills at rate up to burst.
type bucket struct {
	tokens, rate, burst float64
	at                  time.Time
}

// NewLimiter returns a limiter whose buckets are full; an impossible Config is Invalid.
func NewLimiter(config LimiterConfig) (*Limiter, error) {
	if !(config.Rate > 0) || math.IsInf(config.Rate, 0) || config.Burst < 1 || config.MaxKeys < 0 {
		return nil, desk.E(desk.Invalid, "configure limiter", "a limit needs a positive rate and burst")
	}
	if config.MaxKeys == 0 {
		config.MaxKeys = 65_536
	}
	rate, burst := config.Rate, float64(config.Burst)
	return &Limiter{
		rate: rate, burst: burst,
		buckets: newSlots(config.MaxKeys, bucket{tokens: 10 * burst, rate: 10 * rate, burst: 10 * burst}),
	}, nil
}

// Allow takes one token of the key. If there is none it says after how long
// there will be.
func (l *Limiter) Allow(key string, now time.Time) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets.get(key, bucket{l.burst, l.rate, l.burst, now}, func(b *bucket) bool {
		b.fill(now)
		return b.tokens >= b.burst
	})
	b.fill(now)
	if b.tokens >= 1 {
		b.tokens--
		return true, 0
	}
	wait := (1 - b.tokens) / b.rate
	return false, time.Duration(math.Ceil(wait*1e6)) * time.Microsecond
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(b.burst, b.tokens+passed.Seconds()*b.rate)
		b.at = now
	}
}

// DoorConfig sets the limits at the visitors' door.
type DoorConfig struct {
	// Visitor limits one visitor's calls. Default 5 a second, 30 at once: faster
	// than anybody types, slower than a script.
	Visitor LimiterConfig
	// Address limits all calls from one network address. Default 100 a second,
	// 600 at once: an office or a mobile carrier's gateway with hundreds of
	// visitors behind one address does not notice it.
	Address LimiterConfig
	// Opening limits new sessions from one address, which have no visitor yet.
	// Default 5 a second, 300 at once: everybody in an office may open the page
	// at nine o'clock, and nobody can draw identities without end.
	Opening LimiterConfig
}

// Door limits what visitors send: strictly per visitor, loosely per address.
type Door struct {
	visitor, address, opening *Limiter
}

// NewDoor returns a door; fields of Config with a zero Rate have the default.
func NewDoor(config DoorConfig) (*Door, error) {
	var d Door
	for _, l := range []struct {
		limiter    **Limiter
		set, usual LimiterConfig
	}{
		{&d.visitor, config.Visitor, LimiterConfig{Rate: 5, Burst: 30}},
		{&d.address, config.Address, LimiterConfig{Rate: 100, Burst: 600}},
		{&d.opening, config.Opening, LimiterConfig{Rate: 5, Burst: 300}},
	} {
		if l.set.Rate == 0 {
			l.usual.MaxKeys = l.set.MaxKeys
			l.set = l.usual
		}
		var err error
		if *l.limiter, err = NewLimiter(l.set); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

// Allow decides about a call of a known visitor from an address (AddressKey).
// A visitor over the limit costs their address nothing, so one flooding
// visitor does not use up what colleagues behind the same address need.
func (d *Door) Allow(visitor, address string, now time.Time) (ok bool, retryAfter time.Duration) {
	if ok, retryAfter = d.visitor.Allow(visitor, now); !ok {
		return false, retryAfter
	}
	return d.address.Allow(address, now)
}

// AllowOpening decides about a new session from an address (AddressKey).
func (d *Door) AllowOpening(address string, now time.Time) (ok bool, retryAfter time.Duration) {
	return d.opening.Allow(address, now)
}

// AddressKey is what an address counts as for limits: an IPv4 address itself,
// of IPv6 the /64 network, which is what one subscriber has.
func AddressKey(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}
