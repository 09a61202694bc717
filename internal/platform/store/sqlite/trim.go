package sqlite

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// The oldest keys have the smallest row ids, so no index on the time is needed.
const trimDedupe = `DELETE FROM dedupe WHERE at_us < $1 AND rowid IN (SELECT rowid FROM dedupe ORDER BY rowid LIMIT $2)`

const trimLog = `DELETE FROM event_log WHERE pos IN (SELECT pos FROM event_log WHERE pos <= $1 ORDER BY pos LIMIT $2)`

// TrimDedupe deletes old idempotency keys.
func (d *Driver) TrimDedupe(ctx context.Context, before time.Time, limit int) (int64, error) {
	return d.trim(ctx, trimDedupe, desk.Micros(before), int64(limit))
}

// TrimLog deletes the oldest events.
func (d *Driver) TrimLog(ctx context.Context, upTo int64, limit int) (int64, error) {
	return d.trim(ctx, trimLog, upTo, int64(limit))
}

// trim runs a deletion as a unit of the installation.
func (d *Driver) trim(ctx context.Context, text string, args ...any) (n int64, err error) {
	err = d.Write(ctx, "", func(ctx context.Context, _ *store.Tx) error {
		// The unit runs on the committer, which owns the writer.
		result, err := d.writer.ExecContext(ctx, text, args...)
		if err != nil {
			return desk.Wrap(kindOf(err), "trim", err)
		}
		n, err = result.RowsAffected()
		return desk.Wrap(desk.Internal, "trim", err)
	})
	return n, err
}
