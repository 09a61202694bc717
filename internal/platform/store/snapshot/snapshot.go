package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"yingda.dev/internal/desk"
)

// Copy writes a consistent, compact copy of the database file from to the new
// file to, while others write to from. What was committed before the call is
// in it. Readers do not block writers; the write-ahead log grows meanwhile.
func Copy(ctx context.Context, from, to string) (err error) {
	const op = "copy database"
	db, err := open(from)
	if err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", to)
	return desk.Wrap(desk.Unavailable, op, err)
}

// Check reads the whole file and looks for damage. Invalid with what it found.
func Check(ctx context.Context, path string) (err error) {
	const op = "check database"
	db, err := open(path)
	if err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var answer string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the file is not a readable database", Err: err}
	}
	if answer != "ok" {
		return desk.E(desk.Invalid, op, "the database is damaged: "+answer)
	}
	return nil
}

// SchemaVersion is the number of the newest migration that the file has seen.
func SchemaVersion(ctx context.Context, path string) (version int, err error) {
	const op = "read schema version"
	db, err := open(path)
	if err != nil {
		return 0, desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_migration").Scan(&version)
	return version, desk.Wrap(desk.Unavailable, op, err)
}

// InstallationValue reads a setting of the installation; empty if there is none.
func InstallationValue(ctx context.Context, path, key string) (value string, err error) {
	const op = "read installation value"
	db, err := open(path)
	if err != nil {
		return "", desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, "SELECT value FROM installation WHERE key = $1", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, desk.Wrap(desk.Unavailable, op, err)
}

func open(path string) (*sql.DB, error) {
	dsn := fmt.Sprintf("file:%s?mode=ro&_pragma=busy_timeout(5000)", (&url.URL{Path: path}).EscapedPath())
	db, err := sql.Open("sqlite", dsn)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}
