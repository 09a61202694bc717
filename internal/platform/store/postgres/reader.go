package postgres

import (
	"context"
	"database/sql"
	"time"
)

// reader gives each statement a deadline on this side of the network. The
// server's statement_timeout does not help where its answers do not arrive:
// background work has no deadline of its own and would wait for ever.
type reader struct {
	*sql.DB
	limit time.Duration
}

// bounded does not end with the call, because rows are read after it. It ends
// with the caller's context or at the deadline, whichever is first.
func (r reader) bounded(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// QueryContext is sql.DB's; the rows too must be read within the limit.
func (r reader) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return r.DB.QueryContext(r.bounded(ctx), text, args...)
}

// QueryRowContext is sql.DB's, within the limit.
func (r reader) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	return r.DB.QueryRowContext(r.bounded(ctx), text, args...)
}

// ExecContext is sql.DB's, within the limit.
func (r reader) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return r.DB.ExecContext(r.bounded(ctx), text, args...)
}
