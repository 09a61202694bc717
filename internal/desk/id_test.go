package desk_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

func TestIDsSortByCreationEvenWhenTheClockStandsOrGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := start
		ids := desk.NewIDs(desk.ClockFunc(func() time.Time { return now }), rand.Reader)
		var drawn []string
		for _, step := range rapid.SliceOfN(rapid.Int64Range(-3, 3), 2, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(step) * time.Millisecond)
			drawn = append(drawn, string(ids.Contact()))
		}
		require.True(t, slices.IsSorted(drawn))
		require.Len(t, slices.Compact(drawn), len(drawn), "no id is drawn twice")
	})
}

func TestIDsCarryPrefixAndShard(t *testing.T) {
	t.Parallel()
	ids := desk.NewIDs(desk.ClockFunc(func() time.Time { return start }), rand.Reader)
	require.True(t, ids.Account().Valid())
	require.True(t, ids.Inbox().Valid())
	require.True(t, ids.Contact().Valid())
	require.True(t, ids.Agent().Valid())
	require.True(t, ids.Team().Valid())
	require.True(t, strings.HasPrefix(ids.Other("tok"), "tok_"))

	seen := make(map[desk.Shard]int)
	for range 2000 {
		conversation := ids.Conversation()
		s, ok := conversation.Shard()
		require.True(t, ok)
		require.True(t, s >= 0 && s < desk.Shards)
		seen[s]++
		got, ok := ids.Message(s).Shard()
		require.True(t, ok)
		require.Equal(t, s, got)
	}
	require.Len(t, seen, desk.Shards, "every shard is drawn")
	for s, n := range seen {
		require.Greater(t, n, 50, "shard %d is starved", s)
	}
}

func TestMalformedIDsAreRefused(t *testing.T) {
	t.Parallel()
	ids := desk.NewIDs(desk.ClockFunc(func() time.Time { return start }), rand.Reader)
	good := string(ids.Conversation())
	contact := string(ids.Contact())
	for name, id := range map[string]string{
		"empty": "", "prefix only": "cnv_", "short": good[:len(good)-1], "long": good + "0",
		"other prefix": "msg_" + good[4:], "upper case": strings.ToUpper(good), "shard out of range": good[:len(good)-1] + "g",
		"letter outside the alphabet": good[:10] + "u" + good[11:], "path": "cnv_../../../../etc/passwd.....",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok := desk.ConversationID(id).Shard()
			require.False(t, ok)
			require.False(t, desk.ContactID(id).Valid())
		})
	}
	require.False(t, desk.AgentID(contact).Valid())
}

func TestIDsAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	ids := desk.NewIDs(desk.ClockFunc(func() time.Time { return start }), rand.Reader)
	const workers, each = 8, 200
	drawn := make([][]desk.AccountID, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				drawn[w] = append(drawn[w], ids.Account())
			}
		})
	}
	wg.Wait()
	all := slices.Concat(drawn...)
	slices.Sort(all)
	require.Len(t, slices.Compact(all), workers*each)
}

func TestMicrosRoundTrip(t *testing.T) {
	t.Parallel()
	require.Zero(t, desk.Micros(time.Time{}))
	require.True(t, desk.FromMicros(0).IsZero())
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(1, 4e15).Draw(t, "us")
		require.Equal(t, us, desk.Micros(desk.FromMicros(us)))
		require.Equal(t, time.UTC, desk.FromMicros(us).Location())
	})
	local := desk.ClockFunc(func() time.Time { return time.Date(2026, 1, 1, 8, 0, 0, 1234567, time.FixedZone("CST", 8*3600)) })
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 1234000, time.UTC), local.Now())
}
