package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"yingda.dev/internal/desk"
)

const (
	day = 24 * time.Hour
	// partitionsAhead is how many days beyond today have their partition.
	partitionsAhead = 3
	// partitionLock is the advisory lock of their upkeep.
	partitionLock = 8746381910

	defaultPartition = "event_log_default"
)

// partition is one day of the event log.
type partition struct{ from time.Time }

func partitionOf(t time.Time) partition { return partition{t.UTC().Truncate(day)} }

func (p partition) name() string { return "event_log_d" + p.from.Format("20060102") }

// keepPartitions makes partitions ahead until ctx ends.
func (d *Driver) keepPartitions(ctx context.Context) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := d.makePartitions(ctx); err != nil && ctx.Err() == nil {
				// The default partition takes the events until it works.
				d.log.Error("partitions of the event log could not be made", "error", err)
			}
		}
	}
}

// makePartitions makes those of today and the coming days.
func (d *Driver) makePartitions(ctx context.Context) error {
	today := partitionOf(d.clock.Now())
	for i := range partitionsAhead + 1 {
		p := partition{today.from.Add(time.Duration(i) * day)}
		if err := d.makePartition(ctx, p); err != nil {
			return desk.Wrap(kindOf(err), "make partition", err)
		}
	}
	return nil
}

func (d *Driver) makePartition(ctx context.Context, p partition) (err error) {
	var known, stray bool
	err = d.readDB.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL,
		EXISTS (SELECT 1 FROM `+defaultPartition+` WHERE at_us >= $2 AND at_us < $3)`,
		p.name(), desk.Micros(p.from), desk.Micros(p.from.Add(day))).Scan(&known, &stray)
	if err != nil || known {
		return err
	}
	if stray {
		d.log.Warn("a day of the event log stays in the default partition, because it began there", "day", p.from.Format(time.DateOnly))
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	tx, err := d.writeDB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after the commit
	// Inserts wait while the partition is attached, but never long.
	for _, statement := range []string{
		"SET LOCAL lock_timeout = '2s'",
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", partitionLock),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s PARTITION OF event_log FOR VALUES FROM (%d) TO (%d)",
			p.name(), desk.Micros(p.from), desk.Micros(p.from.Add(day))),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// TrimLog drops the days that are wholly at or below upTo, which costs nothing
// however many events they hold. In the partition with the newest event, and in
// the default one, it deletes. What is old in a day between goes with that day.
func (d *Driver) TrimLog(ctx context.Context, upTo int64, limit int) (int64, error) {
	const op = "trim log"
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	var newest string
	err := d.readDB.QueryRowContext(ctx, "SELECT tableoid::regclass::text FROM event_log ORDER BY pos DESC LIMIT 1").Scan(&newest)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, failure(op, err)
	}
	days, err := d.pastDays(ctx, newest)
	if err != nil {
		return 0, failure(op, err)
	}
	var gone int64
	for _, name := range days {
		n, err := d.dropPartition(ctx, name, upTo)
		if gone += n; err != nil {
			return gone, failure(op, err)
		}
	}
	for _, name := range []string{defaultPartition, newest} {
		if gone >= int64(limit) {
			break
		}
		result, err := d.writeDB.ExecContext(ctx, fmt.Sprintf(
			`DELETE FROM %[1]s WHERE pos IN (SELECT pos FROM %[1]s WHERE pos <= $1 ORDER BY pos LIMIT $2)`, name), upTo, int64(limit)-gone)
		if err != nil {
			return gone, failure(op, err)
		}
		n, err := result.RowsAffected()
		if gone += n; err != nil {
			return gone, failure(op, err)
		}
	}
	return gone, nil
}

// pastDays lists the partitions of the days before that of the newest event.
func (d *Driver) pastDays(ctx context.Context, newest string) (names []string, err error) {
	if newest == defaultPartition {
		newest = partitionOf(d.clock.Now()).name()
	}
	rows, err := d.readDB.QueryContext(ctx, `SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
		WHERE inhparent = 'event_log'::regclass AND relname < $1 AND relname ~ '^event_log_d[0-9]{8}$' ORDER BY relname`, newest)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// dropPartition drops a past day's partition if nothing above upTo is in it,
// and returns how many events it had.
func (d *Driver) dropPartition(ctx context.Context, name string, upTo int64) (int64, error) {
	tx, err := d.writeDB.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // no effect after the commit
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '2s'"); err != nil {
		return 0, err
	}
	// In a past day positions have no gaps but those at midnight, so this is
	// near enough a count, and it reads two rows instead of all.
	var newest, count int64
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(pos), 0), coalesce(max(pos) - min(pos) + 1, 0) FROM "+name).Scan(&newest, &count)
	if err != nil || newest > upTo {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, "DROP TABLE "+name); err != nil {
		return 0, err
	}
	return count, tx.Commit()
}
