package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yingda.dev/internal/desk"
)

// committer turns commands into commits over a connection of its own.
type committer struct {
	d     *Driver
	queue *queue
	conn  *pgx.Conn // nil while there is none
	hints hints
	pause time.Duration
}

const (
	// batchTries is how often a batch runs before its units run alone, and
	// aloneTries how often one unit does.
	batchTries, aloneTries = 3, 8
	// commitTime bounds all round trips of one batch.
	commitTime = 30 * time.Second

	shortPause, longPause = 50 * time.Millisecond, time.Second
)

func (c *committer) run(ctx context.Context) {
	// Statements must not see the end of ctx: it would tear the last batch.
	own := context.WithoutCancel(ctx)
	c.queue.serve(ctx, c.d.config.BatchUnits, func(units []*unit) {
		c.commit(own, units)
		c.rest(ctx)
	})
	c.disconnect(own)
}

// rest waits a while after a failed connection attempt, so that a database
// that is away is not stormed. Commands queue up meanwhile.
func (c *committer) rest(ctx context.Context) {
	if c.conn != nil {
		c.pause = 0
		return
	}
	c.pause = min(max(2*c.pause, shortPause), longPause)
	timer := time.NewTimer(c.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// commit brings all units to an answer. Units with the same key go one after
// the other, since the second is to see the first's result.
func (c *committer) commit(ctx context.Context, units []*unit) {
	type key struct {
		account    desk.AccountID
		scope, key string
	}
	for len(units) > 0 {
		var batch, later []*unit
		seen := make(map[key]bool, len(units))
		for _, u := range units {
			k := key{u.account, u.command.Scope, u.command.Key}
			if u.command.Key != "" && seen[k] {
				later = append(later, u)
				continue
			}
			seen[k] = true
			batch = append(batch, u)
		}
		c.settle(ctx, batch)
		units = later
	}
}

// settle runs a batch until it is committed or refused.
func (c *committer) settle(ctx context.Context, units []*unit) {
	reconnects := 0
	for try := 1; ; try++ {
		err := c.try(ctx, units)
		if err == nil {
			return
		}
		c.d.metrics.errors.WithLabelValues(reason(err)).Inc()
		switch {
		case lost(err):
			c.disconnect(ctx)
			if errors.Is(err, errUnknown) {
				units = withoutKey(units, err)
			}
			// Once is enough: the connection was old, or the database is away.
			if reconnects++; reconnects > 1 || len(units) == 0 {
				c.refuse(units, err)
				return
			}
		case again(err) && (try < batchTries || len(units) == 1 && try < aloneTries):
		case len(units) > 1:
			c.d.log.Warn("batch failed, its units run alone", "error", err, "units", len(units))
			for _, u := range units {
				c.settle(ctx, []*unit{u})
			}
			return
		default:
			c.refuse(units, err)
			return
		}
	}
}

// withoutKey answers the units that cannot run again without the danger of
// being done twice, and returns the others.
func withoutKey(units []*unit, err error) (rest []*unit) {
	for _, u := range units {
		if u.command.Key == "" {
			u.fail(failure("commit", err))
		} else {
			rest = append(rest, u)
		}
	}
	return rest
}

func (c *committer) refuse(units []*unit, err error) {
	if len(units) == 0 {
		return
	}
	c.d.log.Error("commit failed", "error", err, "units", len(units))
	err = failure("commit", err)
	for _, u := range units {
		u.fail(err)
	}
}

// try runs the batch once. With nil all units are answered; else none is.
func (c *committer) try(ctx context.Context, units []*unit) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	began := c.d.clock.Now()
	if c.conn == nil {
		conn, err := c.d.connect(ctx)
		if err != nil {
			return err
		}
		c.conn = conn
	}
	if c.hints == nil {
		c.hints = hints{}
	}
	t := transaction{conn: c.conn, units: units, world: newWorld(), hints: c.hints}
	events, err := t.run(ctx, c.d.clock)
	if errors.Is(err, errMissed) {
		if _, err = c.conn.Exec(ctx, sqlRollback); err == nil {
			t = transaction{conn: c.conn, units: units, world: newWorld()}
			events, err = t.run(ctx, c.d.clock)
		}
	}
	if err != nil {
		if !c.conn.IsClosed() && c.conn.PgConn().TxStatus() != 'I' {
			if _, rollbackErr := c.conn.Exec(ctx, sqlRollback); rollbackErr != nil {
				c.disconnect(ctx)
			}
		}
		return err
	}
	c.d.metrics.batch.Observe(float64(len(units)))
	c.d.metrics.commit.Observe(c.d.clock.Now().Sub(began).Seconds())
	c.d.tail.add(events)
	c.remember(units)
	for _, u := range units {
		u.answer()
	}
	if len(events) > 0 {
		c.d.watchers.Notify()
	}
	return nil
}

// remember notes the live conversations for the next batch's guesses.
func (c *committer) remember(units []*unit) {
	for _, u := range units {
		if u.plan == nil || u.err != nil || u.command.Target.Identity == nil || u.plan.Outcome.Conversation.ID == "" {
			continue
		}
		c.hints.note(question{identityOf(u.command), u.command.Target.Identity.Thread}, u.plan.Outcome.Conversation.ID)
	}
}

func (c *committer) disconnect(ctx context.Context) {
	if c.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := c.conn.Close(ctx); err != nil {
		c.d.log.Debug("connection closed uncleanly", "error", err)
	}
	c.conn = nil
}
