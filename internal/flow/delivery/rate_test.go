package delivery

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/channel"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A platform counts what arrives in any span of time; a bucket lets at most
// twice its size through in one: what it held and what came in.
func TestRatesNeverExceed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := channel.Rate{
			Scope: rapid.SampledFrom([]channel.RateScope{channel.PerAccount, channel.PerPeer}).Draw(t, "scope"),
			Count: rapid.IntRange(1, 5).Draw(t, "count"), Per: time.Second,
		}
		r, now := newRates(), start
		var sent []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			n := rapid.IntRange(1, limit.Count).Draw(t, "n")
			wait := r.take("inbox", "peer", []channel.Rate{limit}, n, now)
			if wait == 0 {
				for range n {
					sent = append(sent, now)
				}
			} else {
				require.LessOrEqual(t, wait, limit.Per+time.Millisecond)
				require.Zero(t, r.take("inbox", "peer", []channel.Rate{limit}, n, now.Add(wait)), "the answer is true")
				for range n {
					sent = append(sent, now.Add(wait))
				}
				now = now.Add(wait)
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(t, "pause")) * time.Millisecond)
		}
		for i := range sent {
			in := 0
			for _, at := range sent[i:] {
				if at.Sub(sent[i]) < limit.Per {
					in++
				}
			}
			require.LessOrEqual(t, in, 2*limit.Count)
		}
	})
}

func TestRatesByScope(t *testing.T) {
	t.Parallel()
	peer := []channel.Rate{{Scope: channel.PerPeer, Count: 1, Per: time.Second}}
	r := newRates()
	require.Zero(t, r.take("a", "p", peer, 1, start))
	require.NotZero(t, r.take("a", "p", peer, 1, start))
	require.Zero(t, r.take("a", "q", peer, 1, start), "another person")
	require.Zero(t, r.take("b", "p", peer, 1, start), "another inbox")
	require.Zero(t, r.take("c", "p", peer, 5, start), "more pieces than the rate allows still leave, from a full bucket")
	require.NotZero(t, r.take("c", "p", peer, 1, start.Add(4*time.Second)), "and are paid for")

	r.pause("a", start.Add(time.Minute))
	require.Equal(t, time.Minute, r.take("a", "z", nil, 1, start))
	require.Zero(t, r.take("b", "z", nil, 1, start))
	require.Zero(t, r.take("a", "z", nil, 1, start.Add(time.Minute)))
}

func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRates()
	peer := []channel.Rate{{Scope: channel.PerPeer, Count: 1, Per: time.Hour}}
	for i := range 2 * maxBuckets {
		r.take("a", strconv.Itoa(i), peer, 1, start)
	}
	require.LessOrEqual(t, len(r.buckets), maxBuckets)
}

func TestProgressIsReadBack(t *testing.T) {
	t.Parallel()
	for _, p := range []progress{{}, {code: "temporary"}, {underway, 0, Unbounded}, {"quota", 2, 5}, {interrupted, 3, 3}} {
		require.Equal(t, p, parseProgress(p.String()))
	}
	for _, bad := range []string{"a b", "a 1", "a 1/0", "a -1/2", "a 3/2", "a 1/2/3"} {
		require.Equal(t, progress{code: bad}, parseProgress(bad))
	}
}
