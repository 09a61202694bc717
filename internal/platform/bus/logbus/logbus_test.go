package logbus_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus/bustest"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnSQLite(t *testing.T) {
	t.Parallel()
	config := logbus.Config{Window: 64, SignalBuffer: 8, Linger: 50 * time.Millisecond, LeaseTTL: 15 * time.Second}
	bustest.Run(t, bustest.Features{
		Window: config.Window, SignalBuffer: config.SignalBuffer, Linger: config.Linger, LeaseTTL: config.LeaseTTL,
	}, func(t *testing.T, clock desk.Clock) bustest.Cluster {
		s := open(t, clock)
		return bustest.Cluster{Store: s, Node: func(t *testing.T, clock desk.Clock, after timer.After) bustest.Node {
			b, err := logbus.New(logbus.Deps{
				Store: s, IDs: desk.NewIDs(clock, rand.Reader), Clock: clock, After: after,
				Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
			}, config)
			require.NoError(t, err)
			return bustest.Node{Bus: b, Run: b.Run}
		}}
	})
}

// open runs a store on an empty SQLite database until the test ends.
func open(t *testing.T, clock desk.Clock) *store.Store {
	t.Helper()
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
		// A small ring, so that what was trimmed is not answered from memory.
		sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db"), Ring: 2})
	require.NoError(t, err)
	s := store.New(d)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, s.Close())
	})
	return s
}

func TestNewRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := logbus.New(logbus.Deps{}, logbus.Config{})
	require.ErrorIs(t, err, desk.Invalid)
}
