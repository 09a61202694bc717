package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yingda.dev/internal/desk"
)

// ServerFacts is what a PostgreSQL server says of itself.
type ServerFacts struct {
	// Version is like 150004.
	Version  int
	Encoding string
	// Fsync and SynchronousCommit are the settings of these names.
	Fsync             string
	SynchronousCommit string
	// Now is the server's clock.
	Now time.Time
	// Schema is the newest migration that the database has seen; 0 if none.
	Schema int
}

// Server asks the PostgreSQL at dsn. The database/sql driver "pgx" must be
// registered (package postgres does it).
func Server(ctx context.Context, dsn string) (f ServerFacts, err error) {
	const op = "ask database server"
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", dsn)
	if err != nil { // the cause may quote the password
		return f, desk.InvalidField(op, "dsn", "the connection string of PostgreSQL cannot be read")
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var migrated bool
	err = db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
		current_setting('fsync'), current_setting('synchronous_commit'), now(), to_regclass('schema_migration') IS NOT NULL`).
		Scan(&f.Version, &f.Encoding, &f.Fsync, &f.SynchronousCommit, &f.Now, &migrated)
	if err != nil {
		return f, &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "PostgreSQL cannot be reached", Err: err}
	}
	if migrated {
		err = db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_migration").Scan(&f.Schema)
	}
	return f, desk.Wrap(desk.Unavailable, op, err)
}
