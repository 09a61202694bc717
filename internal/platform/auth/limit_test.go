package auth

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

const (
	waitLong  = 10 * time.Second
	waitShort = time.Millisecond
)

func limiter(t require.TestingT, config LimiterConfig) *Limiter {
	l, err := NewLimiter(config)
	require.NoError(t, err)
	return l
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	l := limiter(t, LimiterConfig{Rate: 2, Burst: 3})
	for range 3 {
		ok, _ := l.Allow("a", noon)
		require.True(t, ok)
	}
	ok, wait := l.Allow("a", noon)
	require.False(t, ok)
	require.Equal(t, 500*time.Millisecond, wait)
	ok, _ = l.Allow("b", noon)
	require.True(t, ok, "keys do not share")
	ok, _ = l.Allow("a", noon.Add(wait-time.Microsecond))
	require.False(t, ok)
	ok, _ = l.Allow("a", noon.Add(wait))
	require.True(t, ok)
	ok, _ = l.Allow("a", noon.Add(-time.Hour))
	require.False(t, ok, "a clock that goes back gives nothing")
	for _, bad := range []LimiterConfig{{}, {Rate: 1}, {Burst: 1}, {Rate: -1, Burst: 1}, {Rate: 1, Burst: 1, MaxKeys: -1}} {
		_, err := NewLimiter(bad)
		require.ErrorIs(t, err, desk.Invalid)
	}
}

// Whatever the times and the other keys, no key gets more than burst + rate ×
// time, even while strangers fill the table.
func TestLimiterNeverExceedsItsRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := limiter(t, LimiterConfig{Rate: 2, Burst: 3, MaxKeys: rapid.IntRange(1, 6).Draw(t, "keys")})
		now, allowed := noon, map[string]int{}
		strangers := 0
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			k := rapid.SampledFrom([]string{"a", "b", "c", "stranger"}).Draw(t, "key")
			if k == "stranger" {
				strangers++
				k = fmt.Sprint(k, strangers)
			}
			own := l.buckets.index
			before := len(own)
			ok, wait := l.Allow(k, now)
			require.Equal(t, ok, wait == 0)
			require.LessOrEqual(t, len(own), l.buckets.limit)
			require.GreaterOrEqual(t, len(own), before)
			if ok && l.buckets.find(k) != nil {
				allowed[k]++
			}
		}
		for k, n := range allowed {
			require.LessOrEqual(t, float64(n), 3+2*now.Sub(noon).Seconds()+1e-6, k)
		}
	})
}

func TestFillingTheTableForgetsNoHotKey(t *testing.T) {
	t.Parallel()
	l := limiter(t, LimiterConfig{Rate: 0.01, Burst: 2, MaxKeys: 100})
	for range 2 {
		l.Allow("hot", noon)
	}
	allowed := 0
	for i := range 10_000 {
		if ok, _ := l.Allow(fmt.Sprint("stranger", i), noon); ok {
			allowed++
		}
		ok, _ := l.Allow("hot", noon)
		require.False(t, ok)
	}
	require.Len(t, l.buckets.entries, 100)
	require.Equal(t, 99+20, allowed, "the rest share one bucket of ten times the burst")
	// After a rest the table is given to new keys again.
	later := noon.Add(time.Hour)
	for i := range 50 {
		ok, _ := l.Allow(fmt.Sprint("new", i), later)
		require.True(t, ok)
	}
}

func TestDoorDoesNotLockOutAnOffice(t *testing.T) {
	t.Parallel()
	d, err := NewDoor(DoorConfig{})
	require.NoError(t, err)
	// 200 colleagues behind one address, a message each second, for a while:
	// twice what the address may have in the long run, within its burst at first.
	for second := range 5 {
		for v := range 100 {
			ok, _ := d.Allow(fmt.Sprint("vis", v), "203.0.113.7", noon.Add(time.Duration(second)*time.Second))
			require.True(t, ok)
		}
	}
	// A script among them is stopped and does not use up the others' share.
	now := noon.Add(time.Minute)
	refused := 0
	for range 10_000 {
		if ok, _ := d.Allow("script", "203.0.113.7", now); !ok {
			refused++
		}
	}
	require.Equal(t, 10_000-30, refused)
	ok, _ := d.Allow("vis1", "203.0.113.7", now)
	require.True(t, ok)
	// Many identities from one address meet the address's limit.
	allowed := 0
	for i := range 2_000 {
		if ok, _ := d.Allow(fmt.Sprint("drawn", i), "203.0.113.8", now); ok {
			allowed++
		}
	}
	require.Equal(t, 600, allowed)
	allowed = 0
	for range 2_000 {
		if ok, _ := d.AllowOpening("203.0.113.9", now); ok {
			allowed++
		}
	}
	require.Equal(t, 300, allowed)
	_, err = NewDoor(DoorConfig{Address: LimiterConfig{Rate: 1}})
	require.ErrorIs(t, err, desk.Invalid)
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"203.0.113.7":                 "203.0.113.7",
		"::ffff:203.0.113.7":          "203.0.113.7",
		"2001:db8:1:2:3:4:5:6":        "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":        "2001:db8:1:2::/64",
		"fe80::1%eth0":                "fe80::/64",
		"2001:db8:1:3:aaaa:bbbb:cc:1": "2001:db8:1:3::/64",
	} {
		require.Equal(t, want, AddressKey(netip.MustParseAddr(in)))
	}
	require.NotPanics(t, func() { AddressKey(netip.Addr{}) })
}

func throttle(t testing.TB, config ThrottleConfig) *Throttle {
	th, err := NewThrottle(config)
	require.NoError(t, err)
	return th
}

func TestThrottleDelaysGrow(t *testing.T) {
	t.Parallel()
	th := throttle(t, ThrottleConfig{})
	now := noon
	var delays []time.Duration
	for range 16 {
		ok, wait := th.Attempt("a@x", "1.2.3.4", now)
		if !ok {
			delays = append(delays, wait)
			now = now.Add(wait)
			ok, _ = th.Attempt("a@x", "1.2.3.4", now)
			require.True(t, ok)
		}
	}
	require.Equal(t, []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900}, func() []time.Duration {
		for i := range delays {
			delays[i] /= time.Second
		}
		return delays
	}())
	// Success from here clears the pair.
	now = now.Add(time.Hour)
	ok, _ := th.Attempt("a@x", "1.2.3.4", now)
	require.True(t, ok)
	th.Succeeded("a@x", "1.2.3.4")
	for range 5 {
		ok, _ := th.Attempt("a@x", "1.2.3.4", now)
		require.True(t, ok)
	}
	ok, _ = th.Attempt("a@x", "1.2.3.4", now)
	require.False(t, ok)
}

func TestThrottleAgainstManyAddresses(t *testing.T) {
	t.Parallel()
	th := throttle(t, ThrottleConfig{})
	allowed := 0
	for i := range 1_000 {
		if ok, _ := th.Attempt("a@x", fmt.Sprint("10.0.0.", i), noon); ok {
			allowed++
		}
	}
	require.Equal(t, 20, allowed)
	// The colleague waits a minute at most, whatever strangers do.
	for i := range 100 {
		th.Attempt("a@x", fmt.Sprint("10.1.0.", i), noon.Add(time.Duration(i)*time.Minute))
	}
	_, wait := th.Attempt("a@x", "192.0.2.1", noon.Add(99*time.Minute))
	require.LessOrEqual(t, wait, time.Minute)
}

func TestThrottleAgainstManyEmails(t *testing.T) {
	t.Parallel()
	th := throttle(t, ThrottleConfig{})
	allowed := 0
	for i := range 1_000 {
		if ok, _ := th.Attempt(fmt.Sprint("a", i), "1.2.3.4", noon); ok {
			allowed++
		}
	}
	require.Equal(t, 50, allowed)
	ok, _ := th.Attempt("b@x", "5.6.7.8", noon)
	require.True(t, ok, "others are not touched")
}

// Mistakes a minute apart from an office of people who then log in are
// forgiven as they come; hundreds over a day delay nobody.
func TestThrottleForgivesAnOffice(t *testing.T) {
	t.Parallel()
	th := throttle(t, ThrottleConfig{})
	for i := range 30 { // some have forgotten theirs on the way here
		th.Attempt(fmt.Sprint("forgetful", i), "203.0.113.7", noon)
	}
	for i := range 1_000 {
		now := noon.Add(time.Duration(i) * 65 * time.Second)
		email := fmt.Sprint("colleague", i%400)
		ok, _ := th.Attempt(email, "203.0.113.7", now)
		require.True(t, ok, "mistake %d", i)
		ok, _ = th.Attempt(email, "203.0.113.7", now.Add(time.Second))
		require.True(t, ok, "right %d", i)
		th.Succeeded(email, "203.0.113.7")
	}
}

func TestThrottleIsAtomicAndBounded(t *testing.T) {
	t.Parallel()
	th := throttle(t, ThrottleConfig{MaxKeys: 30})
	var allowed atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if ok, _ := th.Attempt("a@x", "1.2.3.4", noon); ok {
				allowed.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 5, allowed.Load(), "attempts at one moment gain nothing")
	for i := range 5_000 {
		th.Attempt(fmt.Sprint("s", i), fmt.Sprint("10.0.", i), noon)
		ok, _ := th.Attempt("a@x", "1.2.3.4", noon)
		require.False(t, ok, "filling the table must not forget a delayed key")
	}
	require.LessOrEqual(t, len(th.attempts.entries), 30)
	// When every place is hot, the others get one attempt a second together.
	full := throttle(t, ThrottleConfig{MaxKeys: 3})
	for range 60 {
		full.Attempt("hot", "9.9.9.9", noon)
	}
	for i, n := range full.attempts.entries {
		full.attempts.entries[i].state.count = n.state.hot
	}
	got := 0
	for i := range 100 {
		if ok, _ := full.Attempt(fmt.Sprint("x", i), fmt.Sprint("y", i), noon); ok {
			got++
		}
	}
	require.Equal(t, 1, got)
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	admin, super, agent := RolePermissions(desk.Administrator), RolePermissions(desk.Supervisor), RolePermissions(desk.Answerer)
	require.Equal(t, Permissions(), admin.List())
	require.Equal(t, super, super.Intersect(admin))
	require.Equal(t, agent, agent.Intersect(super))
	require.NotEqual(t, agent, super)
	require.True(t, agent.Has(ConversationsReply))
	for _, p := range []Permission{TokensManage, KeysManage, DeadLettersManage, PeopleManage, InboxesManage} {
		require.False(t, agent.Has(p), p)
	}
	require.False(t, super.Has(KeysManage))
	require.Zero(t, RolePermissions("owner"))
	require.False(t, admin.Has("conversations.delete"))
	require.False(t, Set(0).Has(""))
	seen := map[Permission]bool{}
	for _, p := range Permissions() {
		require.False(t, seen[p])
		seen[p] = true
		require.Equal(t, []Permission{p}, NewSet(p, "nonsense").List())
	}
	b, err := json.Marshal(NewSet(SearchRead, ConversationsRead))
	require.NoError(t, err)
	require.JSONEq(t, `["conversations.read","search.read"]`, string(b))
	var s Set
	require.NoError(t, json.Unmarshal(b, &s))
	require.Equal(t, NewSet(SearchRead, ConversationsRead), s)
	require.ErrorIs(t, json.Unmarshal([]byte(`["all"]`), &s), desk.Invalid)
	_, err = ParseSet([]string{"search.read", ""})
	require.ErrorIs(t, err, desk.Invalid)
	caller := Principal{Permissions: agent}
	require.NoError(t, caller.Require(ConversationsReply))
	require.ErrorIs(t, caller.Require(KeysManage), desk.Denied)
}
