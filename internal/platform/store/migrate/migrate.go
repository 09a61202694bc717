package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"yingda.dev/internal/desk"
)

// Dialect names the kind of database.
type Dialect string

// The databases that can be migrated.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// lockKey is the PostgreSQL advisory lock of migrations: "yingda:m" as a
// number. Other advisory locks of the product use other numbers.
const lockKey = 0x79696e6764613a6d

// Result tells what Up did.
type Result struct {
	// From and To are the versions before and after; equal if nothing was to do.
	From, To int
	// Applied are the migrations that this call ran, in order.
	Applied []Migration
}

// Applied is a migration that the database has.
type Applied struct {
	Version   int
	Name      string
	Checksum  string
	AppliedAt time.Time
}

// State is what a database has and lacks.
type State struct {
	Applied []Applied
	Pending []Migration
	// Problem is the error that Up would return without trying anything: a
	// newer database or a changed file. Nil if Up would run.
	Problem error
}

// engine holds what differs between the databases.
type engine struct {
	begin, exists, create, insert string
	lock, unlock                  string
}

var engines = map[Dialect]engine{
	SQLite: {
		begin:  "BEGIN IMMEDIATE",
		exists: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'",
		create: `CREATE TABLE IF NOT EXISTS schema_migration (
			version bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_us bigint NOT NULL)`,
		insert: `INSERT INTO schema_migration (version, name, checksum, applied_us)
			VALUES ($1, $2, $3, CAST(unixepoch('subsec') * 1000000 AS INTEGER))`,
	},
	Postgres: {
		begin:  "BEGIN",
		exists: "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migration'",
		create: `CREATE TABLE IF NOT EXISTS schema_migration (
			version bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_us bigint NOT NULL)`,
		insert: `INSERT INTO schema_migration (version, name, checksum, applied_us)
			VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)`,
		lock:   fmt.Sprintf("SELECT pg_advisory_lock(%d)", int64(lockKey)),
		unlock: fmt.Sprintf("SELECT pg_advisory_unlock(%d)", int64(lockKey)),
	},
}

// Up runs the migrations that db lacks, each in a transaction of its own. If
// one fails, those before it stay and the error names the file. It returns a
// Conflict error whose message says what to do if the database is newer than
// fsys or a migration that it has differs from the file.
func Up(ctx context.Context, db *sql.DB, dialect Dialect, fsys fs.FS) (result Result, err error) {
	files, err := Files(fsys)
	if err != nil {
		return Result{}, err
	}
	e, ok := engines[dialect]
	if !ok {
		return Result{}, desk.E(desk.Internal, "migrate database", "unknown dialect "+string(dialect))
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return Result{}, desk.Wrap(desk.Unavailable, "connect for migration", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if e.lock != "" {
		if _, err := conn.ExecContext(ctx, e.lock); err != nil {
			return Result{}, desk.Wrap(desk.Unavailable, "lock database for migration", err)
		}
		defer func() {
			// If ctx ended meanwhile the connection is gone, and the lock with it.
			_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), e.unlock)
			if err == nil && unlockErr != nil {
				err = desk.Wrap(desk.Unavailable, "unlock database after migration", unlockErr)
			}
		}()
	}
	for first := true; ; first = false {
		applied, version, err := e.step(ctx, conn, files)
		if first {
			result.From = version
		}
		result.To = version
		if err != nil {
			return result, err
		}
		if applied == nil {
			return result, nil
		}
		result.To = applied.Version
		result.Applied = append(result.Applied, *applied)
	}
}

// step runs the first missing migration in a transaction and returns it, or
// nil if none is missing. version is the database's before the step. What is
// missing is read again inside each transaction, because on SQLite another
// process may have been at work between two of them.
func (e engine) step(ctx context.Context, conn *sql.Conn, files []Migration) (applied *Migration, version int, err error) {
	if _, err := conn.ExecContext(ctx, e.begin); err != nil {
		return nil, 0, desk.Wrap(desk.Unavailable, "begin migration", err)
	}
	defer func() {
		if applied == nil || err != nil {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // a dead connection has rolled back itself
		}
	}()
	have, err := e.have(ctx, conn)
	if err != nil {
		return nil, 0, err
	}
	version = len(have)
	if err := check(have, files); err != nil {
		return nil, version, err
	}
	if version == len(files) {
		return nil, version, nil
	}
	next := files[version]
	failed := func(err error) (*Migration, int, error) {
		return nil, version, desk.Wrap(desk.Internal, "run migration "+next.String(), err)
	}
	if _, err := conn.ExecContext(ctx, e.create); err != nil {
		return failed(err)
	}
	if _, err := conn.ExecContext(ctx, next.statements); err != nil {
		return failed(err)
	}
	if _, err := conn.ExecContext(ctx, e.insert, next.Version, next.Name, next.Checksum); err != nil {
		return failed(err)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return failed(err)
	}
	return &next, version, nil
}

// Status reads what the database has and lacks, and writes nothing.
func Status(ctx context.Context, db *sql.DB, dialect Dialect, fsys fs.FS) (State, error) {
	files, err := Files(fsys)
	if err != nil {
		return State{}, err
	}
	e, ok := engines[dialect]
	if !ok {
		return State{}, desk.E(desk.Internal, "read migration state", "unknown dialect "+string(dialect))
	}
	have, err := e.have(ctx, db)
	if err != nil {
		return State{}, err
	}
	state := State{Applied: have, Problem: check(have, files)}
	if len(have) < len(files) {
		state.Pending = files[len(have):]
	}
	return state, nil
}

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// have reads the applied migrations in order; none if there is no table yet.
func (e engine) have(ctx context.Context, db querier) (have []Applied, err error) {
	const op = "read migration state"
	var tables int
	if err := db.QueryRowContext(ctx, e.exists).Scan(&tables); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	if tables == 0 {
		return nil, nil
	}
	rows, err := db.QueryContext(ctx, "SELECT version, name, checksum, applied_us FROM schema_migration ORDER BY version")
	if err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a Applied
		var us int64
		if err := rows.Scan(&a.Version, &a.Name, &a.Checksum, &us); err != nil {
			return nil, desk.Wrap(desk.Internal, op, err)
		}
		a.AppliedAt = desk.FromMicros(us)
		have = append(have, a)
	}
	return have, desk.Wrap(desk.Unavailable, op, rows.Err())
}

// check compares what the database has with the program's files.
func check(have []Applied, files []Migration) error {
	const op = "check database version"
	if n := len(have); n > len(files) {
		last, newest := have[n-1], files[len(files)-1]
		return desk.E(desk.Conflict, op, fmt.Sprintf(
			"the database is newer than this program: it is at migration %04d_%s and the program knows them up to %s; "+
				"start a release that has migration %04d, or restore the backup made before the upgrade",
			last.Version, last.Name, newest, last.Version))
	}
	for i, a := range have {
		if a.Version != files[i].Version || a.Name != files[i].Name || a.Checksum != files[i].Checksum {
			return desk.E(desk.Conflict, op, fmt.Sprintf(
				"migration %s differs from the one this database ran as %04d_%s; a released migration must not change: "+
					"restore the file and put the change into a new one", files[i], a.Version, a.Name))
		}
	}
	return nil
}
