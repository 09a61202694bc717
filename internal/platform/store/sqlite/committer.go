package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
)

// Do queues a command and waits for its commit.
func (d *Driver) Do(ctx context.Context, c store.Command) (store.Outcome, error) {
	return d.wait(ctx, &unit{account: c.Account, command: &c, done: make(chan answer, 1)})
}

// Write queues a function and waits for its commit.
func (d *Driver) Write(ctx context.Context, account desk.AccountID, fn func(context.Context, *store.Tx) error) error {
	_, err := d.wait(ctx, &unit{account: account, write: fn, done: make(chan answer, 1)})
	return err
}

// WriteAlone is Write: units and commands follow each other here anyway.
func (d *Driver) WriteAlone(ctx context.Context, account desk.AccountID, fn func(context.Context, *store.Tx) error) error {
	return d.Write(ctx, account, fn)
}

func (d *Driver) wait(ctx context.Context, u *unit) (store.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return store.Outcome{}, desk.Wrap(desk.Unavailable, "wait for commit", err)
	}
	if err := d.queue.push(u); err != nil {
		return store.Outcome{}, err
	}
	select {
	case a := <-u.done:
		return a.outcome, a.err
	case <-ctx.Done():
		// A function that runs already may write to variables of its caller, so
		// its end is awaited. A command is pure and goes on without us.
		if u.write != nil && !u.state.CompareAndSwap(waiting, abandoned) {
			a := <-u.done
			return a.outcome, a.err
		}
		u.state.CompareAndSwap(waiting, abandoned)
		return store.Outcome{}, desk.Wrap(desk.Unavailable, "wait for commit", ctx.Err())
	}
}

// Run commits what is queued until ctx ends, then the rest, and returns.
func (d *Driver) Run(ctx context.Context) error {
	// Statements must not see the end of ctx: it would tear the last batch.
	own := context.WithoutCancel(ctx)
	for {
		select {
		case <-d.queue.signal:
			for u := d.queue.pop(); u != nil; u = d.queue.pop() {
				d.commit(own, u, d.queue.pop)
			}
		case <-ctx.Done():
			d.queue.close()
			for u := d.queue.pop(); u != nil; u = d.queue.pop() {
				d.commit(own, u, d.queue.pop)
			}
			return nil
		}
	}
}

// batch is one transaction of the committer.
type batch struct {
	d *Driver
	q *query.Queries
	// now is the commit's time.
	now time.Time
	// head is the log position reached, first the one at the begin.
	head, first int64
	events      []desk.Event
	rows        int
	// alone gives a unit more time, because it has no neighbours to hold up.
	alone bool
	units []*unit
	// answers go out after the commit; they are parallel to units.
	answers []answer
}

// errLost tells that SQLite ended the transaction by itself.
var errLost = errors.New("transaction lost")

// commit runs first and what next yields in one transaction, answers all, and
// tells the watchers. It waits for no further units.
func (d *Driver) commit(ctx context.Context, first *unit, next func() *unit) {
	began := time.Duration(d.clock.Now().UnixNano())
	b, retry, err := d.run(ctx, first, next)
	if err == nil {
		err = b.finish(ctx)
	}
	if err != nil {
		d.rollback(ctx)
	}
	switch {
	case err == nil:
		d.metrics.batch.Observe(float64(len(b.units)))
		d.metrics.commit.Observe((time.Duration(d.clock.Now().UnixNano()) - began).Seconds())
		d.ring.Append(b.events)
		for i, u := range b.units {
			u.done <- b.answers[i]
		}
		if len(b.events) > 0 {
			d.watchers.Notify()
		}
	case errors.Is(err, errLost) && !broken(err) && len(b.units)+len(retry) > 1:
		// One unit took the transaction with it. Its neighbours go again, without
		// it; it goes alone, where it can harm nobody.
		culprit := b.units[len(b.units)-1]
		others := b.units[:len(b.units)-1]
		for len(others) > 0 {
			d.commit(ctx, pop(&others), func() *unit { return pop(&others) })
		}
		retry = append(retry, culprit)
	default:
		d.metrics.errors.Inc()
		d.fail(b, err)
	}
	for _, u := range retry {
		d.commit(ctx, u, func() *unit { return nil })
	}
}

func pop(units *[]*unit) *unit {
	if len(*units) == 0 {
		return nil
	}
	u := (*units)[0]
	*units = (*units)[1:]
	return u
}

// fail answers a batch that could not be committed. What Decide and the like
// refused stays refused.
func (d *Driver) fail(b *batch, err error) {
	kind := kindOf(err)
	failure := &desk.Error{Kind: kind, Op: "commit", Err: err}
	if kind == desk.Unavailable {
		failure.Msg = "the database cannot be written at the moment; nothing was changed, try again"
	}
	d.log.Error("commit failed", "error", err, "units", len(b.units))
	for i, u := range b.units {
		if i < len(b.answers) && b.answers[i].err != nil {
			u.done <- b.answers[i]
			continue
		}
		u.done <- answer{err: failure}
	}
}

// run opens a transaction and fills it with units. retry are units that took
// too long and are to run alone.
func (d *Driver) run(ctx context.Context, first *unit, next func() *unit) (b *batch, retry []*unit, err error) {
	b = &batch{d: d, q: query.New(d.writer), units: make([]*unit, 0, 16)}
	now := max(desk.Micros(d.clock.Now()), d.lastUs)
	d.lastUs, b.now = now, desk.FromMicros(now)
	if _, err := d.writer.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		b.units = append(b.units, first)
		return b, nil, fmt.Errorf("begin: %w", err)
	}
	if b.head, err = b.q.LogHead(ctx); err != nil {
		b.units = append(b.units, first)
		return b, nil, fmt.Errorf("read log head: %w", err)
	}
	b.first = b.head
	deadline := d.clock.Now().Add(d.config.BatchTime)
	second := next()
	b.alone = second == nil
	for u := first; u != nil; {
		b.units = append(b.units, u)
		a, err := b.unit(ctx, u)
		if err != nil {
			if second != nil { // taken from the queue already
				retry = append(retry, second)
			}
			return b, retry, err
		}
		if errors.Is(a.err, errSlow) {
			b.units, retry = b.units[:len(b.units)-1], append(retry, u)
		} else {
			b.answers = append(b.answers, a)
		}
		if u, second = second, nil; u == nil && b.rows < d.config.BatchRows && d.clock.Now().Before(deadline) {
			u, b.alone = next(), false
		}
	}
	return b, retry, nil
}

// finish commits.
func (b *batch) finish(ctx context.Context) error {
	if b.head != b.first {
		if err := b.q.SetLogHead(ctx, query.SetLogHeadParams{Pos: b.head}); err != nil {
			return fmt.Errorf("write log head: %w", err)
		}
	}
	if _, err := b.d.writer.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback leaves no transaction open. It fails when SQLite has rolled back
// already, which is as good.
func (d *Driver) rollback(ctx context.Context) {
	d.recall.forget() // it may know what was never committed
	if _, err := d.writer.ExecContext(ctx, "ROLLBACK"); err != nil {
		d.log.Debug("nothing to roll back", "error", err)
	}
}

// Events answers from memory, or from the database where memory ends.
func (d *Driver) Events(ctx context.Context, after int64, limit int) ([]desk.Event, error) {
	if events, ok := d.ring.After(after, limit); ok {
		return events, nil
	}
	rows, err := query.New(d.reader).Events(ctx, query.EventsParams{AfterPos: after, RowLimit: int64(limit)})
	if err != nil {
		return nil, desk.Wrap(kindOf(err), "read events", err)
	}
	return store.EventsOf(rows)
}
