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
// many at the same moment gain nothing; success clears the count.
//
//	attempts counted by     free   then a delay that doubles from 1 s up to
//	e-mail and address         5   15 min
//	e-mail                    20   1 min (a stranger cannot lock a colleague out)
//	address                   50   15 min
//
// Counts are forgotten a day after the last attempt.
type Throttle struct {
	mu       sync.Mutex
	attempts *slots[attempts]
}

// attempts of one key. An attempt before next is refused and not counted.
type attempts struct {
	count    int
	at, next time.Time
}

type throttleRule struct {
	key  string
	free int
	most time.Duration
}

const forgetAttempts = 24 * time.Hour

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
		a := t.attempts.get(r.key, attempts{}, func(a *attempts) bool { return now.Sub(a.at) >= forgetAttempts })
		if retryAfter = max(retryAfter, a.next.Sub(now)); retryAfter > 0 {
			return false, retryAfter // the overflow slot has a delay of its own
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
			*a = attempts{}
			continue
		}
		a.count = max(0, a.count-1)
		a.next = time.Time{}
	}
}

func throttleRules(email, address string) [3]throttleRule {
	return [3]throttleRule{
		{"pair\x00" + email + "\x00" + address, 5, 15 * time.Minute},
		{"email\x00" + email, 20, time.Minute},
		{"address\x00" + address, 50, 15 * time.Minute},
	}
}

func (a *attempts) add(r throttleRule, now time.Time) {
	if now.Sub(a.at) >= forgetAttempts {
		a.count = 0
	}
	a.count++
	a.at = now
	if over := a.count - r.free; over >= 0 {
		a.next = now.Add(min(r.most, time.Second<<min(over, 20)))
	}
}
