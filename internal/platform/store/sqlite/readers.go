package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"yingda.dev/internal/desk"

	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// readers is the pool of reading connections with prepared statements. It is
// safe for concurrent use.
type readers struct {
	db    *sql.DB
	limit time.Duration
	stmts sync.Map // text → *sql.Stmt, which prepares itself on each connection
}

// PrepareContext returns the statement for a text, which the pool owns.
func (r *readers) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := r.stmts.Load(text); ok {
		return stmt.(*sql.Stmt), nil //nolint:errcheck // the map holds nothing else
	}
	stmt, err := r.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, raced := r.stmts.LoadOrStore(text, stmt); raced {
		return first.(*sql.Stmt), stmt.Close() //nolint:errcheck,sqlclosecheck // the map holds nothing else; another caller was first
	}
	return stmt, nil
}

// bounded ends a read transaction that would hold back the checkpoints. The
// rows outlive the call, so the timer ends the context and not the caller.
func (r *readers) bounded(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// ExecContext is refused by the connections, which cannot write.
func (r *readers) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return r.db.ExecContext(ctx, text, args...)
}

// QueryContext runs a statement with rows.
func (r *readers) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := r.PrepareContext(ctx, text) //nolint:sqlclosecheck // the pool closes it
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(r.bounded(ctx), args...)
}

// QueryRowContext runs a statement with one row.
func (r *readers) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	stmt, err := r.PrepareContext(ctx, text) //nolint:sqlclosecheck // the pool closes it
	if err != nil {
		return r.db.QueryRowContext(ctx, text, args...) // brings the same error along
	}
	return stmt.QueryRowContext(r.bounded(ctx), args...)
}

func (r *readers) close() error {
	var errs []error
	r.stmts.Range(func(_, stmt any) bool {
		errs = append(errs, stmt.(*sql.Stmt).Close()) //nolint:errcheck // the map holds nothing else
		return true
	})
	return errors.Join(errs...)
}

// Kind classifies an error by SQLite's result code
// (https://www.sqlite.org/rescode.html).
func (d *Driver) Kind(err error) desk.Kind { return kindOf(err) }

func kindOf(err error) desk.Kind {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrConnDone) {
		return desk.Unavailable
	}
	var e *lite.Error
	if !errors.As(err, &e) {
		return desk.Internal
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return desk.Conflict
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM,
		lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_INTERRUPT, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return desk.Unavailable
	}
	return desk.Internal
}

// broken tells that the database cannot write at the moment, whichever unit
// asks: the disk is full, failing or read-only.
func broken(err error) bool {
	var e *lite.Error
	if !errors.As(err, &e) {
		return errors.Is(err, sql.ErrConnDone)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM,
		lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return true
	}
	return false
}
