package logbus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// handle brings consecutive events of the log behind us: at first all in one
// go, and when that keeps failing by halves, until what fails stands alone.
func (c *consumer) handle(ctx context.Context, events []desk.Event) error {
	err := c.attempt(ctx, events)
	if !blames(ctx, err) {
		return err
	}
	// Perhaps it was only a bad moment.
	c.failed(ctx, events, err)
	if !c.b.pause(ctx, c.b.backoff(1)) {
		return nil
	}
	if err = c.attempt(ctx, events); !blames(ctx, err) {
		return err
	}
	c.failed(ctx, events, err)
	return c.bisect(ctx, events, err)
}

func (c *consumer) bisect(ctx context.Context, events []desk.Event, err error) error {
	if len(events) == 1 {
		return c.insist(ctx, events[0], err)
	}
	for _, half := range [][]desk.Event{events[:len(events)/2], events[len(events)/2:]} {
		err := c.attempt(ctx, half)
		if blames(ctx, err) {
			c.failed(ctx, half, err)
			err = c.bisect(ctx, half, err)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// insist tries one event until it passes or its conversation is put aside.
func (c *consumer) insist(ctx context.Context, e desk.Event, err error) error {
	for n := 2; n < c.b.cfg.Attempts; n++ {
		if !c.b.pause(ctx, c.b.backoff(n)) {
			return nil
		}
		if err = c.attempt(ctx, []desk.Event{e}); !blames(ctx, err) {
			return err
		}
		c.failed(ctx, []desk.Event{e}, err)
	}
	c.b.deps.Log.ErrorContext(ctx, "event put aside", "consumer", c.Name, "position", e.Pos,
		"account", e.AccountID, "conversation", e.ConversationID, "error", err)
	c.parked[subject{e.AccountID, e.ConversationID}] = true
	if perr := c.commit(ctx, []desk.Event{e}, nil, err, c.b.cfg.Attempts); perr != nil {
		delete(c.parked, subject{e.AccountID, e.ConversationID})
		return perr
	}
	return nil
}

// blames reports whether an error says something about the events. What can
// be repeated (the database is away), and a lost lease, says nothing.
func blames(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, errFenced) && !desk.KindOf(err).Retryable()
}

func (c *consumer) failed(ctx context.Context, events []desk.Event, err error) {
	c.b.metrics.failures.WithLabelValues(c.Name).Inc()
	c.b.deps.Log.WarnContext(ctx, "events failed", "consumer", c.Name, "error", err,
		"first", events[0].Pos, "events", len(events))
}

// attempt handles events once and commits. Those of conversations put aside
// are put aside too.
func (c *consumer) attempt(ctx context.Context, events []desk.Event) error {
	var live []desk.Event
	if c.Wants == nil {
		live = make([]desk.Event, 0, len(events))
	}
	for i := range events {
		if e := &events[i]; c.due(e) && !c.parked[subject{e.AccountID, e.ConversationID}] {
			live = append(live, *e)
		}
	}
	var effects bus.Effects
	if len(live) > 0 {
		err := c.guard(func() (err error) {
			effects, err = c.Handle(ctx, live)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := c.commit(ctx, events, effects, nil, 0); err != nil {
		return err
	}
	c.b.metrics.handled.WithLabelValues(c.Name).Add(float64(len(live)))
	return nil
}

// due reports whether an event is ours to handle and not behind us.
func (c *consumer) due(e *desk.Event) bool {
	p, ours := c.held[e.Shard]
	return ours && e.Pos > p.Pos && (c.Wants == nil || c.Wants(e))
}

// commit saves effects, what is put aside, and the positions, all or nothing.
func (c *consumer) commit(ctx context.Context, events []desk.Event, effects bus.Effects, cause error, attempts int) error {
	last := events[len(events)-1].Pos
	was := c.positions(0)
	var letters []store.DeadLetter
	if len(c.parked) > 0 {
		for i := range events {
			if e := &events[i]; c.due(e) && c.parked[subject{e.AccountID, e.ConversationID}] {
				letters = append(letters, c.letter(*e, cause, attempts))
			}
		}
	}
	err := c.b.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		// First, so that a node that was away, or a second run of a unit that was
		// committed unknown to us, writes nothing at all.
		if err := fenced(tx.SavePositions(ctx, c.Name, c.b.holder, was, last)); err != nil {
			return err
		}
		for _, l := range letters {
			if err := tx.Park(ctx, l); err != nil {
				return err
			}
		}
		if effects == nil {
			return nil
		}
		return c.guard(func() error { return effects(ctx, tx) })
	})
	if err != nil {
		return err
	}
	for _, p := range c.positions(last) {
		c.held[p.Shard] = p
	}
	c.committed = c.b.deps.Clock.Now()
	c.looked = c.committed
	c.goOn(last)
	c.b.metrics.parked.WithLabelValues(c.Name).Add(float64(len(letters)))
	return nil
}

// positions are those of our shards, moved up to pos.
func (c *consumer) positions(pos int64) []store.Position {
	out := make([]store.Position, 0, len(c.held))
	for _, p := range c.held {
		p.Pos = max(p.Pos, pos)
		out = append(out, p)
	}
	return out
}

// fenced tells a lost lease from a Conflict of a handler's own.
func fenced(err error) error {
	if errors.Is(err, desk.Conflict) {
		return fmt.Errorf("%w: %w", errFenced, err)
	}
	return err
}

// guard makes a panic of a handler an error, so that it is one event's
// trouble and not the end of the process.
func (c *consumer) guard(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.b.deps.Log.Error("handler panicked", "consumer", c.Name, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = desk.E(desk.Internal, "handle events", "the handler panicked")
		}
	}()
	return call()
}
