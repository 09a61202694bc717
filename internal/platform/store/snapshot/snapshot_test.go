package snapshot

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver
	"yingda.dev/internal/desk"
)

func write(t *testing.T, path string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)")
	require.NoError(t, err)
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	return db
}

// A copy is taken while a writer is in the middle of a transaction: it holds
// what was committed, and nothing of what was not.
func TestCopyBesideAWriter(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a folder with ? and %41")
	require.NoError(t, os.Mkdir(dir, 0o700))
	from, to := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")
	plain, err := os.Create(from) // so that the writer's DSN, which has no escapes, finds it
	require.NoError(t, err)
	require.NoError(t, plain.Close())
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))

	db := write(t, filepath.Join(link, "a.db"),
		"CREATE TABLE schema_migration (version bigint)", "INSERT INTO schema_migration VALUES (1), (7)")
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "INSERT INTO schema_migration VALUES (8)")
	require.NoError(t, err)
	require.NoError(t, Copy(t.Context(), from, to))
	require.NoError(t, tx.Commit())

	version, err := SchemaVersion(t.Context(), to)
	require.NoError(t, err)
	require.Equal(t, 7, version)
	version, err = SchemaVersion(t.Context(), from)
	require.NoError(t, err)
	require.Equal(t, 8, version)
	require.NoError(t, Check(t.Context(), to))
	require.Error(t, Copy(t.Context(), from, to), "an existing file is left alone")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, Copy(ctx, from, filepath.Join(dir, "c.db")))
}

func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db := write(t, path, "CREATE TABLE t (x text)", "INSERT INTO t VALUES (hex(randomblob(20000)))", "PRAGMA wal_checkpoint(truncate)", "PRAGMA journal_mode(delete)")
	require.NoError(t, db.Close())
	require.NoError(t, Check(t.Context(), path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 5000; i < 6000; i++ {
		text[i] = 0xff
	}
	require.NoError(t, os.WriteFile(path, text, 0o600))
	require.ErrorIs(t, Check(t.Context(), path), desk.Invalid)
	require.NoError(t, os.WriteFile(path, []byte("not a database at all, but long enough to be read as one"), 0o600))
	require.ErrorIs(t, Check(t.Context(), path), desk.Invalid)
	require.Error(t, Check(t.Context(), filepath.Join(t.TempDir(), "missing.db")))
}
