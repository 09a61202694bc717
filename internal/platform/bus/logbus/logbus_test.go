package logbus_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
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
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = os.Stderr.WriteString(err.Error())
		code = 1
	}
	if err := pgtest.StopShared(); err != nil && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// smallRing keeps so few events in memory that what was trimmed is not
// answered from there.
const smallRing = 2

func TestOnSQLite(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T, clock desk.Clock) func() store.Driver {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
			sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db"), Ring: smallRing})
		require.NoError(t, err)
		return func() store.Driver { return d }
	}, false)
}

// On PostgreSQL each node has a store of its own, as in a cluster.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T, clock desk.Clock) func() store.Driver {
		connect := func(dsn string) store.Driver {
			d, err := postgres.Open(t.Context(), postgres.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
				postgres.Config{DSN: dsn, Ring: smallRing})
			require.NoError(t, err)
			return d
		}
		dsn := pgtest.Shared(t).Prepared(t, "logbus", func(dsn string) error { return connect(dsn).Close() })
		return func() store.Driver { return connect(dsn) }
	}, true)
}

// suite runs bustest; with own each node gets another driver on the database.
func suite(t *testing.T, open func(*testing.T, desk.Clock) func() store.Driver, own bool) {
	t.Helper()
	config := logbus.Config{Window: 64, SignalBuffer: 8, Linger: 50 * time.Millisecond, LeaseTTL: 15 * time.Second}
	bustest.Run(t, bustest.Features{
		Window: config.Window, SignalBuffer: config.SignalBuffer, Linger: config.Linger, LeaseTTL: config.LeaseTTL,
	}, func(t *testing.T, clock desk.Clock) bustest.Cluster {
		connect := open(t, clock)
		first := run(t, connect())
		return bustest.Cluster{Store: first, Node: func(t *testing.T, clock desk.Clock, after timer.After) bustest.Node {
			s := first
			if own {
				s = run(t, connect())
			}
			b, err := logbus.New(logbus.Deps{
				Store: s, IDs: desk.NewIDs(clock, rand.Reader), Clock: clock, After: after,
				Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
			}, config)
			require.NoError(t, err)
			return bustest.Node{Bus: b, Run: b.Run}
		}}
	})
}

// run runs a store until the test ends.
func run(t *testing.T, d store.Driver) *store.Store {
	t.Helper()
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
