package postgres_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/storetest"
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

// open makes a driver on a fresh database, and others on the same one.
func open(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
	dsn := database(t)
	two := func(c *postgres.Config) { c.Committers = 2 }
	return node(t, dsn, clock, two), func() store.Driver { return node(t, dsn, clock, two) }
}

// database makes a fresh database that has been migrated.
func database(t testing.TB) string {
	return pgtest.Shared(t).Prepared(t, "postgres", func(dsn string) error {
		return node(t, dsn, storetest.NewClock()).Close()
	})
}

func node(t testing.TB, dsn string, clock desk.Clock, change ...func(*postgres.Config)) *postgres.Driver {
	config := postgres.Config{DSN: dsn}
	for _, f := range change {
		f(&config)
	}
	d, err := postgres.Open(t.Context(), postgres.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, config)
	require.NoError(t, err)
	return d
}
