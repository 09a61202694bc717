package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
)

// Do queues a command and waits for its commit.
func (d *Driver) Do(ctx context.Context, c store.Command) (store.Outcome, error) {
	u := &unit{account: c.Account, command: &c, done: make(chan answer, 1)}
	return d.wait(ctx, d.queues[d.route(&c)], u)
}

// route sends commands on one target to one committer, so that they keep their
// order. The seed differs from node to node, which is fine: between nodes,
// locks make the order.
func (d *Driver) route(c *store.Command) int {
	target := string(c.Target.Conversation)
	if id := c.Target.Identity; id != nil {
		target = id.Scope + "\x00" + id.Hash
	}
	return int(maphash.String(d.seed, string(c.Account)+"\x00"+target) % uint64(len(d.queues))) //nolint:gosec // small
}

// Write queues a function and waits for its commit.
func (d *Driver) Write(ctx context.Context, account desk.AccountID, fn func(context.Context, *store.Tx) error) error {
	_, err := d.wait(ctx, d.writes, &unit{account: account, write: fn, done: make(chan answer, 1)})
	return err
}

// WriteAlone waits for the batches in work that look up identities, and keeps
// others waiting until its commit.
func (d *Driver) WriteAlone(ctx context.Context, account desk.AccountID, fn func(context.Context, *store.Tx) error) error {
	_, err := d.wait(ctx, d.writes, &unit{account: account, write: fn, alone: true, done: make(chan answer, 1)})
	return err
}

func (d *Driver) wait(ctx context.Context, q *queue, u *unit) (store.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return store.Outcome{}, desk.Wrap(desk.Unavailable, "wait for commit", err)
	}
	if err := q.push(u); err != nil {
		return store.Outcome{}, err
	}
	select {
	case a := <-u.done:
		return a.outcome, a.err
	case <-ctx.Done():
		// A function that runs already may write to variables of its caller, so
		// its end is awaited. A command is pure and goes on without us.
		if !u.state.CompareAndSwap(waiting, abandoned) && u.write != nil {
			a := <-u.done
			return a.outcome, a.err
		}
		return store.Outcome{}, desk.Wrap(desk.Unavailable, "wait for commit", ctx.Err())
	}
}

const (
	// writeTries is how often a unit of Write runs when it meets a deadlock.
	writeTries = 6
	// writeTime bounds one run.
	writeTime = 30 * time.Second
)

func (d *Driver) runWriter(ctx context.Context) {
	own := context.WithoutCancel(ctx)
	d.writes.serve(ctx, 1, func(units []*unit) {
		for _, u := range units {
			u.done <- answer{err: d.write(own, u)}
		}
	})
}

// write runs a unit until it is committed or refused.
func (d *Driver) write(ctx context.Context, u *unit) error {
	for try := 1; ; try++ {
		events, err := d.writeOnce(ctx, u)
		if err == nil {
			if d.tail.add(events); len(events) > 0 {
				d.watchers.Notify()
			}
			return nil
		}
		if !again(err) || try == writeTries {
			return failure("write", err)
		}
		d.metrics.errors.WithLabelValues(reason(err)).Inc()
	}
}

func (d *Driver) writeOnce(ctx context.Context, u *unit) (_ []desk.Event, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	tx, err := d.writeDB.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // a dead connection has rolled back itself
		}
	}()
	if u.account != "" {
		// Units read, decide and write. One after another they may do so without
		// locks of their own, as on SQLite.
		if _, err := tx.ExecContext(ctx, sqlLockAccount, string(u.account)); err != nil {
			return nil, fmt.Errorf("lock account: %w", err)
		}
	}
	if u.alone {
		if _, err := tx.ExecContext(ctx, sqlLockPeople); err != nil {
			return nil, fmt.Errorf("lock people: %w", err)
		}
	}
	unitTx := store.NewTx(query.New(tx), u.account, d.clock.Now(), kindOf)
	if err := guard(ctx, u, unitTx); err != nil {
		return nil, err
	}
	events := unitTx.Events()
	if err := appendLog(ctx, tx, events); err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		if lost(err) {
			return nil, fmt.Errorf("%w: %w", errUnknown, err)
		}
		return nil, fmt.Errorf("commit: %w", err)
	}
	return events, nil
}

// guard keeps a defect in one unit from taking the program down.
func guard(ctx context.Context, u *unit, tx *store.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = desk.Wrap(desk.Internal, "run unit", store.Panicked(p))
		}
	}()
	return u.write(ctx, tx)
}

// appendLog writes events last, so that the lock on the log is held no longer
// than the commit takes.
func appendLog(ctx context.Context, tx *sql.Tx, events []desk.Event) error {
	if len(events) == 0 {
		return nil
	}
	var rows eventRows
	for _, e := range events {
		row, err := store.EventRow(e)
		if err != nil {
			return err
		}
		rows.add(row)
	}
	if _, err := tx.ExecContext(ctx, sqlLockLog); err != nil {
		return fmt.Errorf("lock log: %w", err)
	}
	var base int64
	if err := tx.QueryRowContext(ctx, sqlAppendLog, rows.args()...).Scan(&base, new(string)); err != nil {
		return fmt.Errorf("append log: %w", err)
	}
	for i := range events {
		events[i].Pos = base + int64(i) + 1
	}
	return nil
}

// keyPartitions is how many hash partitions the migration made.
const keyPartitions = 16

// TrimDedupe deletes old idempotency keys, partition by partition.
func (d *Driver) TrimDedupe(ctx context.Context, before time.Time, limit int) (int64, error) {
	const op = "trim keys"
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	var gone int64
	for i := 0; i < keyPartitions && gone < int64(limit); i++ {
		statement := fmt.Sprintf(sqlTrimKeys, fmt.Sprintf("dedupe_h%02d", i))
		result, err := d.writeDB.ExecContext(ctx, statement, desk.Micros(before), int64(limit)-gone)
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

// Events answers from memory, or from the database where memory ends.
func (d *Driver) Events(ctx context.Context, after int64, limit int) ([]desk.Event, error) {
	if events, ok := d.tail.after(after, limit); ok {
		return events, nil
	}
	rows, err := query.New(d.readDB).Events(ctx, query.EventsParams{AfterPos: after, RowLimit: int64(limit)})
	if err != nil {
		return nil, desk.Wrap(kindOf(err), "read events", err)
	}
	events, err := store.EventsOf(rows)
	if err == nil {
		d.tail.add(events)
	}
	return events, err
}
