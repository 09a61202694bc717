package pgtest_test

import (
	"database/sql"
	"os"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/platform/store/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := pgtest.StopShared(); err != nil && code == 0 {
		code = 1
	}
	os.Exit(code)
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestDatabaseIsFreshAndDurable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, pgtest.Database(t))
			_, err := db.ExecContext(t.Context(), "CREATE TABLE only_mine (x int)")
			require.NoError(t, err)
			for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
				var value string
				require.NoError(t, db.QueryRowContext(t.Context(), "SELECT current_setting($1)", setting).Scan(&value))
				require.Equal(t, "on", value, setting)
			}
		})
	}
}

func TestPreparedRunsOnceAndCopies(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	runs := 0
	prepare := func(dsn string) error {
		runs++
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "CREATE TABLE seed AS SELECT 7 AS x")
		require.NoError(t, err)
		return db.Close()
	}
	for range 3 {
		db := open(t, s.Prepared(t, "seeded", prepare))
		var x int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT x FROM seed").Scan(&x))
		require.Equal(t, 7, x)
		_, err := db.ExecContext(t.Context(), "UPDATE seed SET x = 8")
		require.NoError(t, err)
	}
	require.Equal(t, 1, runs)
}

func TestCommittedDataSurvivesACrash(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t, pgtest.Settings{"max_connections": "20"})
	dsn := s.Database(t)
	db := open(t, dsn)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE kept (x int); INSERT INTO kept VALUES (1)")
	require.NoError(t, err)

	require.NoError(t, s.Stop(pgtest.Immediate))
	require.Error(t, open(t, dsn).PingContext(t.Context()))
	require.NoError(t, s.Start())

	var x int
	require.NoError(t, open(t, dsn).QueryRowContext(t.Context(), "SELECT x FROM kept").Scan(&x))
	require.Equal(t, 1, x)
}
