package logbus

import (
	"context"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// replayPage is how many dead letters one look brings.
const replayPage = 1000

// Replay implements bus.Bus. Consumers of this process look at once, others
// when they renew their leases.
func (b *Bus) Replay(ctx context.Context, account desk.AccountID, deadLetter string) error {
	err := b.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		return tx.Replay(ctx, account, deadLetter)
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.running {
		c.asked.Store(true)
		c.kick()
	}
	return nil
}

// replayDue tries again what somebody asked for, a conversation at a time.
func (c *consumer) replayDue(ctx context.Context) error {
	due, err := c.b.deps.Store.DueReplays(ctx, c.Name, replayPage)
	if err != nil || len(due) == 0 {
		return err
	}
	done := map[subject]bool{}
	for _, l := range due {
		s := subject{l.Event.AccountID, l.Event.ConversationID}
		if _, ours := c.held[l.Event.Shard]; !ours || done[s] {
			continue
		}
		done[s] = true
		if err := c.replayConversation(ctx, s, l); err != nil {
			return err
		}
	}
	// The table says who is still aside. Nobody else adds to it for our shards.
	return c.loadParked(ctx)
}

// replayConversation handles everything put aside of one conversation, or up
// to what fails again.
func (c *consumer) replayConversation(ctx context.Context, s subject, first store.DeadLetter) error {
	// What was put aside after somebody asked comes along, for this is the only
	// place that adds to it; else it would be left behind for ever.
	err := c.fencedWrite(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Replay(ctx, s.account, first.ID)
	})
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		due, err := c.b.deps.Store.DueReplays(ctx, c.Name, replayPage)
		if err != nil {
			return err
		}
		mine := due[:0]
		for _, l := range due {
			if l.Event.AccountID == s.account && l.Event.ConversationID == s.conversation {
				mine = append(mine, l)
			}
		}
		if len(mine) == 0 {
			return nil
		}
		for i, l := range mine {
			err := c.again(ctx, l)
			if blames(ctx, err) {
				c.failed(ctx, []desk.Event{l.Event}, err)
				return c.asideAgain(ctx, mine[i:], err)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// again handles one dead letter; it is deleted with the same commit.
func (c *consumer) again(ctx context.Context, l store.DeadLetter) error {
	var effects bus.Effects
	err := c.guard(func() (err error) {
		effects, err = c.Handle(ctx, []desk.Event{l.Event})
		return err
	})
	if err != nil {
		return err
	}
	err = c.fencedWrite(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.DeleteDeadLetter(ctx, l.Event.AccountID, l.ID); err != nil || effects == nil {
			return err
		}
		return c.guard(func() error { return effects(ctx, tx) })
	})
	if err == nil {
		c.b.metrics.handled.WithLabelValues(c.Name).Inc()
	}
	return err
}

// asideAgain ends a replay at the letter that failed once more.
func (c *consumer) asideAgain(ctx context.Context, rest []store.DeadLetter, cause error) error {
	return c.fencedWrite(ctx, func(ctx context.Context, tx *store.Tx) error {
		for i, l := range rest {
			l.Attempts = 0 // Park adds
			if i == 0 {
				l.Attempts, l.Error = 1, reason(cause)
			}
			if err := tx.Park(ctx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// fencedWrite writes only if our shards are still ours.
func (c *consumer) fencedWrite(ctx context.Context, unit func(context.Context, *store.Tx) error) error {
	positions := c.positions(0)
	return c.b.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		if err := fenced(tx.SavePositions(ctx, c.Name, c.b.holder, positions, 0)); err != nil {
			return err
		}
		return unit(ctx, tx)
	})
}

// letter is what is kept of an event put aside; cause is nil for one that only
// comes after a failed one.
func (c *consumer) letter(e desk.Event, cause error, attempts int) store.DeadLetter {
	l := store.DeadLetter{
		ID: c.b.deps.IDs.Other("dlt"), Consumer: c.Name, Event: e, Attempts: int64(attempts),
		Error: "follows a failed event of its conversation",
	}
	if cause != nil {
		l.Error = reason(cause)
	}
	return l
}

// reason is what people may read of an error: its kind and our words, never
// its cause, which may hold what a customer wrote.
func reason(err error) string {
	s := desk.KindOf(err).String()
	if msg := desk.UserMessage(err); msg != "" {
		s += ": " + msg
	}
	const limit = 300
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
