package migrate_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/migrate"
	"yingda.dev/internal/platform/store/pgtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := pgtest.StopShared(); err != nil && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// forEach runs the test on both databases. open connects to one database, as
// often as called, each time as a node of its own.
func forEach(t *testing.T, test func(t *testing.T, dialect migrate.Dialect, open func() *sql.DB)) {
	t.Parallel()
	run := func(dialect migrate.Dialect, driver string, dsn func(*testing.T) string) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			source := dsn(t)
			test(t, dialect, func() *sql.DB {
				db, err := sql.Open(driver, source)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, db.Close()) })
				return db
			})
		})
	}
	run(migrate.SQLite, "sqlite", func(t *testing.T) string {
		t.Helper()
		return "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=busy_timeout(20000)&_pragma=journal_mode(wal)"
	})
	run(migrate.Postgres, "pgx", func(t *testing.T) string { t.Helper(); return pgtest.Database(t) })
}

func files(content ...string) fstest.MapFS {
	fsys := fstest.MapFS{"README.md": {Data: []byte("not a migration")}}
	for i, c := range content {
		fsys[fmt.Sprintf("%04d_step_%d.sql", i+1, i+1)] = &fstest.MapFile{Data: []byte(c)}
	}
	return fsys
}

const (
	makeCounter = "CREATE TABLE counter (n bigint NOT NULL);\nINSERT INTO counter VALUES (0);\n"
	addOne      = "UPDATE counter SET n = n + 1;\n"
)

func counter(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT n FROM counter").Scan(&n))
	return n
}

func TestUpRunsEachFileOnce(t *testing.T) {
	forEach(t, func(t *testing.T, dialect migrate.Dialect, open func() *sql.DB) {
		db := open()
		before, err := migrate.Status(t.Context(), db, dialect, files(makeCounter, addOne))
		require.NoError(t, err)
		require.Empty(t, before.Applied)
		require.Len(t, before.Pending, 2)

		r, err := migrate.Up(t.Context(), db, dialect, files(makeCounter, addOne))
		require.NoError(t, err)
		require.Equal(t, []int{0, 2, 2}, []int{r.From, r.To, len(r.Applied)})
		require.Equal(t, "0002_step_2", r.Applied[1].String())

		r, err = migrate.Up(t.Context(), db, dialect, files(makeCounter, addOne, addOne))
		require.NoError(t, err)
		require.Equal(t, []int{2, 3, 1}, []int{r.From, r.To, len(r.Applied)})
		require.Equal(t, 2, counter(t, db))

		after, err := migrate.Status(t.Context(), db, dialect, files(makeCounter, addOne, addOne, addOne))
		require.NoError(t, err)
		require.NoError(t, after.Problem)
		require.Len(t, after.Applied, 3)
		require.Len(t, after.Pending, 1)
		require.WithinDuration(t, time.Now(), after.Applied[0].AppliedAt, time.Minute)
	})
}

func TestConcurrentUpRunsEachFileOnce(t *testing.T) {
	forEach(t, func(t *testing.T, dialect migrate.Dialect, open func() *sql.DB) {
		fsys := files(makeCounter, addOne, addOne, addOne, addOne)
		var all sync.WaitGroup
		errs, applied := make([]error, 8), make([]int, 8)
		for i := range errs {
			db := open()
			all.Go(func() {
				r, err := migrate.Up(t.Context(), db, dialect, fsys)
				errs[i], applied[i] = err, len(r.Applied)
			})
		}
		all.Wait()
		sum := 0
		for i, err := range errs {
			require.NoError(t, err)
			sum += applied[i]
		}
		require.Equal(t, 5, sum)
		require.Equal(t, 4, counter(t, open()))
	})
}

func TestAFailedFileLeavesNoTrace(t *testing.T) {
	forEach(t, func(t *testing.T, dialect migrate.Dialect, open func() *sql.DB) {
		db := open()
		r, err := migrate.Up(t.Context(), db, dialect, files(makeCounter, addOne+"CREATE TABLE extra (x int);\nINSERT INTO missing VALUES (1);\n"))
		require.ErrorContains(t, err, "0002_step_2")
		require.Equal(t, 1, r.To)
		require.Equal(t, 0, counter(t, db))

		// The connection and the lock are free again, and a corrected file runs.
		_, err = migrate.Up(t.Context(), db, dialect, files(makeCounter, addOne+"CREATE TABLE extra (x int);\n"))
		require.NoError(t, err)
		require.Equal(t, 1, counter(t, db))
	})
}

func TestAnInterruptedUpCanBeRepeated(t *testing.T) {
	forEach(t, func(t *testing.T, dialect migrate.Dialect, open func() *sql.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := migrate.Up(ctx, open(), dialect, files(makeCounter))
		require.ErrorIs(t, err, desk.Unavailable)
		_, err = migrate.Up(t.Context(), open(), dialect, files(makeCounter))
		require.NoError(t, err)
	})
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		then fstest.MapFS
		want string
	}{
		"a newer database":   {files(makeCounter), "start a release that has migration 0002"},
		"a changed file":     {files(makeCounter, addOne+addOne), "migration 0002_step_2 differs"},
		"a changed old file": {files(makeCounter+" ", addOne, addOne), "migration 0001_step_1 differs"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, dialect migrate.Dialect, open func() *sql.DB) {
				db := open()
				_, err := migrate.Up(t.Context(), db, dialect, files(makeCounter, addOne))
				require.NoError(t, err)

				_, err = migrate.Up(t.Context(), db, dialect, test.then)
				require.ErrorIs(t, err, desk.Conflict)
				require.Contains(t, desk.UserMessage(err), test.want)
				require.Equal(t, 1, counter(t, db))

				state, err := migrate.Status(t.Context(), db, dialect, test.then)
				require.NoError(t, err)
				require.Contains(t, desk.UserMessage(state.Problem), test.want)
			})
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("SELECT 1;\n")}
	windows := &fstest.MapFile{Data: []byte("SELECT 1;\r\n")}
	good, err := migrate.Files(fstest.MapFS{"0001_a.sql": file, "0002_b_c.sql": windows})
	require.NoError(t, err)
	require.Equal(t, good[0].Checksum, good[1].Checksum, "a checkout with other line ends is the same migration")

	for name, fsys := range map[string]fstest.MapFS{
		"nothing":      {},
		"a gap":        {"0001_a.sql": file, "0003_b.sql": file},
		"not from one": {"0002_a.sql": file},
		"twice":        {"0001_a.sql": file, "0001_b.sql": file},
		"a bad name":   {"0001-a.sql": file},
		"upper case":   {"0001_A.sql": file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := migrate.Files(fsys)
			require.ErrorIs(t, err, desk.Internal)
		})
	}
}
