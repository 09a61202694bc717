package auth

import (
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// ThrottleConfig tunes a Throttle.
type ThrottleConfig struct {
	// MaxKeys bounds what is remembered, as in LimiterConfig. Default 65,536.
	MaxKeys int
}

// Throttle slows down guessing of passwords. Each attempt counts at once, so
// many at the same moment gain nothing; success takes it back.
//
//	attempts counted by   free   then a delay doubling from 1 s up to   one is forgiven every
//	e-mail and address       5   15 min                                 hour
//	e-mail                  20   1 min                                  5 min
//	address                 50   15 min                                 min
//
// So a stranger cannot lock a colleague out for more than a minute at a time,
// and the mistakes of a large office behind one address do not add up.
type Throttle struct {
	mu       sync.Mutex
	attempts *slots[attempts]
}

// attempts of one key. An attempt before next is refused and not counted.
type attempts struct {
	count int
	// hot is the count from which the key must not be forgotten.
	hot int
	// at is up to when attempts were forgiven.
	at, next time.Time
}

type throttleRule struct {
	key           string
	free          int
	most, forgive time.Duration
}

// NewThrottle returns a throttle that remembers nothing yet.
func NewThrottle(config ThrottleConfig) (*Throttle, error) {
	if config.MaxKeys < 0 {
		return nil, desk.E(desk.Invalid, "configure throttle", "the number of keys cannot be negative")
	}
	if config.MaxKeys == 0 {
		config.MaxKeys = 65_536
	}
	return &Throttle{attempts: newSlots(config.MaxKeys, attempts{})}, nil
}

// Attempt asks to try a password for an e-mail (or its hash) from an address
// (AddressKey) and counts the attempt. If it must wait, it says how long.
func (t *Throttle) Attempt(email, address string, now time.Time) (ok bool, retryAfter time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rules := throttleRules(email, address)
	for _, r := range rules {
		if a := t.attempts.find(r.key); a != nil {
			retryAfter = max(retryAfter, a.next.Sub(now))
		}
	}
	if retryAfter > 0 {
		return false, retryAfter
	}
	for _, r := range rules {
		a := t.attempts.get(r.key, attempts{hot: r.free, at: now}, func(a *attempts) bool {
			return a.count < a.hot && !a.next.After(now) || now.Sub(a.at) >= forgetAttempts
		})
		if a == &t.attempts.overflow {
			// Every place is taken by a key that is being slowed down. The others
			// together get one attempt a second.
			if retryAfter = a.next.Sub(now); retryAfter > 0 {
				return false, retryAfter
			}
			a.next = now.Add(time.Second)
			return true, 0
		}
		a.add(r, now)
	}
	return true, 0
}

// Succeeded forgets the attempts on this e-mail from this address and takes
// this attempt off the other counts.
func (t *Throttle) Succeeded(email, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range throttleRules(email, address) {
		a := t.attempts.find(r.key)
		if a == nil {
			continue
		}
		if i == 0 {
			a.count = 0
		}
		a.count = max(0, a.count-1)
		// It had passed, or the attempt would have been refused.
		a.next = time.Time{}
	}
}

// TakeBack takes one attempt off the counts without forgetting the others: it
// was right as far as it went and is not over yet.
func (t *Throttle) TakeBack(email, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range throttleRules(email, address) {
		if a := t.attempts.find(r.key); a != nil {
			a.count = max(0, a.count-1)
			a.next = time.Time{}
		}
	}
}

func throttleRules(email, address string) [3]throttleRule {
	return [3]throttleRule{
		{"pair\x00" + email + "\x00" + address, 5, 15 * time.Minute, time.Hour},
		{"email\x00" + email, 20, time.Minute, 5 * time.Minute},
		{"address\x00" + address, 50, 15 * time.Minute, time.Minute},
	}
}

// forgetAttempts is when a key may be forgotten whatever its count.
const forgetAttempts = 24 * time.Hour

func (a *attempts) add(r throttleRule, now time.Time) {
	if forgiven := int64(now.Sub(a.at) / r.forgive); forgiven >= int64(a.count) {
		a.count, a.at = 0, now
	} else if forgiven > 0 {
		a.count -= int(forgiven)
		a.at = a.at.Add(time.Duration(forgiven) * r.forgive)
	}
	a.count++
	if over := a.count - r.free; over >= 0 {
		a.next = now.Add(min(r.most, time.Second<<min(over, 20)))
	}
}
