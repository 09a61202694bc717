package logbus_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
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
		Across: own,
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
				Sealer: rot13{},
				Store:  s, IDs: desk.NewIDs(clock, rand.Reader), Clock: clock, After: after,
				Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
			}, config)
			require.NoError(t, err)
			return bustest.Node{Bus: b, Run: b.Run}
		}}
	})
}

// rot13 stands for the keyring.
type rot13 struct{}

func (rot13) Seal(_ context.Context, account desk.AccountID, plain []byte) ([]byte, error) {
	out := append([]byte(account+"\n"), plain...)
	for i := range out {
		out[i] ^= 0x55
	}
	return out, nil
}

func (rot13) Open(_ context.Context, account desk.AccountID, sealed []byte) ([]byte, error) {
	out := make([]byte, len(sealed))
	for i := range out {
		out[i] = sealed[i] ^ 0x55
	}
	plain, ok := bytes.CutPrefix(out, []byte(account+"\n"))
	if !ok {
		return nil, desk.E(desk.Invalid, "open", "another account's")
	}
	return plain, nil
}

// waves are a store's on which a test listens.
type waves struct {
	store.Driver
	store.Waves

	said chan string
}

func (w waves) Shout(ctx context.Context, text string) error {
	w.said <- text
	return nil
}

func (w waves) Shouts(func(string)) func() { return func() {} }

// What goes between nodes shows nothing of what is typed, fits, and is packed.
func TestShoutsAreSealedAndPacked(t *testing.T) {
	t.Parallel()
	clock := bustest.NewClock()
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	said := make(chan string, 100)
	s := run(t, waves{Driver: d, said: said})
	b, err := logbus.New(logbus.Deps{
		Store: s, IDs: desk.NewIDs(clock, rand.Reader), Clock: clock, After: timer.Wall, Sealer: rot13{},
		Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	}, logbus.Config{SignalBuffer: 64})
	require.NoError(t, err)
	for range 100 { // before anybody carries: the oldest go
		b.Signal(t.Context(), bus.Signal{AccountID: "acc_1", Kind: bus.Typing, Text: strings.Repeat("geheim", 20)})
	}
	b.Signal(t.Context(), bus.Signal{AccountID: "acc_1", Kind: bus.Typing, Text: strings.Repeat("x", 10_000)}) // too long for anybody
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	total := 0
	for total < 63 {
		text := <-said
		require.LessOrEqual(t, len(text), store.MaxShout)
		require.NotContains(t, text, "geheim")
		n := strings.Count(text, `"acc_1"`)
		require.Greater(t, n, 1, "many in one")
		total += n
	}
	require.Equal(t, 63, total)
	cancel()
	require.NoError(t, <-done)
	require.Empty(t, said)
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
