package app

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

type brokenSweeper struct{}

func (brokenSweeper) Sweep(context.Context) (int64, error) {
	return 0, desk.E(desk.Unavailable, "sweep", "")
}

type countingSweeper struct{ times *int }

func (c countingSweeper) Sweep(context.Context) (int64, error) {
	*c.times++
	return 0, nil
}

// However short the event log is, a message that is repeated within a week is
// no second one.
func TestKeysOutliveEvents(t *testing.T) {
	t.Parallel()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: quiet()}, sqlite.Config{Path: filepath.Join(t.TempDir(), databaseName)})
		require.NoError(t, err)
		return d, nil
	})
	n := env.Tenant()
	swept := 0
	k := &keeper{store: env.Store, sweepers: map[string]sweeper{"a": brokenSweeper{}, "b": countingSweeper{&swept}}, clock: env.Clock, retention: time.Hour, log: quiet()}
	n.Do(n.Receive("ada", "old", nil))
	env.Clock.Advance(keyRetention - time.Minute)
	n.Do(n.Receive("ada", "new", nil))
	k.keep(t.Context())
	oldest, err := env.Store.Oldest(t.Context())
	require.NoError(t, err)
	require.Greater(t, oldest, int64(1), "the old events are gone")
	require.True(t, n.Do(n.Receive("ada", "old", nil)).Repeated)
	env.Clock.Advance(2 * time.Minute)
	k.keep(t.Context())
	require.False(t, n.Do(n.Receive("ada", "old", nil)).Repeated)
	k.retention = 2 * keyRetention
	env.Clock.Advance(keyRetention + time.Hour)
	k.keep(t.Context())
	require.True(t, n.Do(n.Receive("ada", "new", nil)).Repeated, "a longer log keeps keys as long")
	require.Equal(t, 3, swept, "one that fails does not hold up the others")
}
