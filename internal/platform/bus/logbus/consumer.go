package logbus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// defaultBatch is Consumer.Batch if it is 0.
const defaultBatch = 256

// subject is what is put aside as a whole when one of its events fails.
type subject struct {
	account      desk.AccountID
	conversation desk.ConversationID
}

// consumer is one Consume call: a loop that alone touches its fields, and a
// goroutine that renews the leases and hands over what it got.
type consumer struct {
	*bus.Consumer
	b *Bus

	// claims holds the newest answer of the store about our leases; a newer one
	// replaces it unread.
	claims chan claim
	// wake tells the loop that claims or replays may be waiting, hurry tells
	// renew to claim at once; capacity 1 each, more would say nothing more.
	wake, hurry chan struct{}
	// fences counts how often we lost shards: claims from before are void.
	fences atomic.Int64
	// asked is set when somebody in this process asked for a replay.
	asked atomic.Bool

	held   map[desk.Shard]store.Position
	parked map[subject]bool
	// read is the position up to which the loop has seen the log; seen is the
	// same for the lag, noShards while there are none.
	read int64
	seen atomic.Int64
	// committed is when positions were last saved, looked when events were last
	// looked at, which may have been in vain.
	committed, looked time.Time
	replay            bool
}

// noShards is what seen holds of a consumer that other nodes do the work for.
const noShards = -1

// claim is what the store said about our leases.
type claim struct {
	positions []store.Position
	fences    int64
}

// errFenced says that another node has the shards now.
var errFenced = errors.New("shards are no longer ours")

// Consume implements bus.Bus.
func (b *Bus) Consume(ctx context.Context, c bus.Consumer) error {
	const op = "consume"
	if c.Name == "" || c.Handle == nil || c.Batch < 0 || c.Linger < 0 {
		return desk.E(desk.Invalid, op, "a consumer needs a name, a handler, and a batch and a linger that are not negative")
	}
	if c.Linger == 0 {
		c.Linger = b.cfg.Linger
	}
	if c.Batch == 0 {
		c.Batch = defaultBatch
	}
	run := &consumer{
		Consumer: &c, b: b, claims: make(chan claim, 1), wake: make(chan struct{}, 1),
		hurry: make(chan struct{}, 1),
		held:  map[desk.Shard]store.Position{}, parked: map[subject]bool{},
	}
	run.seen.Store(noShards)
	b.mu.Lock()
	if b.running[c.Name] != nil {
		b.mu.Unlock()
		return desk.E(desk.Conflict, op, "this consumer runs in this process already")
	}
	b.running[c.Name] = run
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.running, c.Name)
		b.mu.Unlock()
	}()

	var renewing sync.WaitGroup
	renewing.Go(func() { run.renew(ctx) })
	run.loop(ctx)
	renewing.Wait()

	// Let another node go on at once. ctx has ended; this must not take long.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := b.deps.Store.ReleasePositions(last, c.Name, b.holder); err != nil {
		b.deps.Log.WarnContext(ctx, "shards not released", "consumer", c.Name, "error", err)
	}
	return nil
}

// renew claims what is free and renews what we hold, three times in a lease.
func (c *consumer) renew(ctx context.Context) {
	for failures := 0; ; {
		fences := c.fences.Load()
		positions, err := c.b.deps.Store.ClaimPositions(ctx, c.Name, c.b.holder, c.b.cfg.LeaseTTL)
		pause := c.b.cfg.LeaseTTL / 3
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			failures++
			pause = min(pause, c.b.backoff(failures))
			c.b.deps.Log.WarnContext(ctx, "shards not claimed", "consumer", c.Name, "error", err, "failures", failures)
		} else {
			failures = 0
			select {
			case <-c.claims: // the loop was busy; this answer is newer
			default:
			}
			c.claims <- claim{positions, fences}
			c.kick()
		}
		fired, stop := c.b.deps.After(pause)
		select {
		case <-ctx.Done():
		case <-fired:
		case <-c.hurry:
		}
		stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// kick makes the loop look at claims and replays.
func (c *consumer) kick() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// loop handles events until ctx ends.
func (c *consumer) loop(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		err := c.step(ctx)
		switch {
		case err == nil:
			failures = 0
			continue
		case ctx.Err() != nil:
			return
		case errors.Is(err, errFenced):
			c.b.deps.Log.WarnContext(ctx, "shards lost to another node", "consumer", c.Name)
			clear(c.held)
			c.seen.Store(noShards)
			c.fences.Add(1)
			select {
			case c.hurry <- struct{}{}:
			default:
			}
			failures = 0
			continue
		}
		failures++
		c.b.metrics.failures.WithLabelValues(c.Name).Inc()
		c.b.deps.Log.WarnContext(ctx, "consumer cannot go on", "consumer", c.Name, "error", err, "failures", failures)
		c.b.pause(ctx, c.b.backoff(failures))
	}
}

// step does the next thing there is to do. An error means: wait and try again.
func (c *consumer) step(ctx context.Context) error {
	if err := c.takeClaims(ctx); err != nil {
		return err
	}
	if len(c.held) == 0 {
		select {
		case <-ctx.Done():
		case <-c.wake:
		}
		return nil
	}
	if c.needsRebuild() {
		return c.rebuild(ctx)
	}
	if c.asked.Swap(false) || c.replay {
		c.replay = false
		if err := c.replayDue(ctx); err != nil {
			c.replay = true
			return err
		}
	}
	events, err := c.gather(ctx)
	if desk.KindOf(err) == desk.NotFound {
		c.markRebuild()
		return nil
	}
	if err != nil || len(events) == 0 {
		return err
	}
	if c.passes(events) {
		return nil
	}
	return c.handle(ctx, events)
}

// passLingers is after how many lingers a position is saved although nothing
// was wanted: what is read twice after a crash, and what a trim waits for, is
// not more than that.
const passLingers = 40

// passes goes over events of which none is wanted.
func (c *consumer) passes(events []desk.Event) bool {
	if c.Wants == nil {
		return false
	}
	for i := range events {
		if c.Wants(&events[i]) {
			return false
		}
	}
	now := c.b.deps.Clock.Now()
	if now.Sub(c.committed) >= passLingers*c.Linger {
		return false // it is handled, which saves the position
	}
	c.looked = now
	c.goOn(events[len(events)-1].Pos)
	return true
}

// takeClaims makes the newest claim ours. Shards that we held all along keep
// the position in memory, which is never behind the stored one.
func (c *consumer) takeClaims(ctx context.Context) error {
	var got claim
	select {
	case got = <-c.claims:
	default:
		return nil
	}
	if got.fences != c.fences.Load() {
		return nil
	}
	held, gained := make(map[desk.Shard]store.Position, len(got.positions)), false
	for _, p := range got.positions {
		mine, ok := c.held[p.Shard]
		if ok && mine.Token == p.Token {
			// The answer may be older than what we did since; a Rebuild mark set
			// meanwhile shows when we save.
			p = mine
		} else {
			gained = true
		}
		held[p.Shard] = p
	}
	c.held = held
	// A renewal is also the moment to look for replays asked for elsewhere.
	c.replay = len(held) > 0
	if gained {
		if err := c.loadParked(ctx); err != nil {
			clear(c.held)
			c.seen.Store(noShards)
			return err
		}
		c.rewind()
	}
	if len(held) == 0 {
		c.seen.Store(noShards)
	}
	return nil
}

// rewind sets read back to the shard that is furthest behind.
func (c *consumer) rewind() {
	first, read := true, c.read
	for _, p := range c.held {
		if first || p.Pos < read {
			read, first = p.Pos, false
		}
	}
	c.goOn(read)
}

// goOn notes where the log has to be read on.
func (c *consumer) goOn(read int64) {
	c.read = read
	c.seen.Store(read)
}

func (c *consumer) loadParked(ctx context.Context) error {
	list, err := c.b.deps.Store.ParkedConversations(ctx, c.Name)
	if err != nil {
		return err
	}
	clear(c.parked)
	for _, p := range list {
		c.parked[subject{p.AccountID, p.ConversationID}] = true
	}
	return nil
}

func (c *consumer) needsRebuild() bool {
	for _, p := range c.held {
		if p.Rebuild {
			return true
		}
	}
	return false
}

func (c *consumer) markRebuild() {
	for s, p := range c.held {
		p.Rebuild = true
		c.held[s] = p
	}
}

// rebuild brings the consumer's tables to the present without the log and goes
// on from where the log ended before.
func (c *consumer) rebuild(ctx context.Context) error {
	head, err := c.b.deps.Store.Head(ctx)
	if err != nil {
		return err
	}
	c.b.deps.Log.InfoContext(ctx, "consumer is rebuilt", "consumer", c.Name, "position", head)
	if c.Rebuild != nil {
		if err := c.guard(func() error { return c.Rebuild(ctx) }); err != nil {
			return fmt.Errorf("rebuild consumer: %w", err)
		}
	}
	positions := c.positions(head)
	err = c.b.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		for _, p := range positions {
			if err := fenced(tx.FinishRebuild(ctx, c.Name, c.b.holder, p)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range positions {
		p.Rebuild = false
		c.held[p.Shard] = p
	}
	c.rewind()
	return nil
}

// gather returns the next events, at least one unless woken for another
// reason. A busy consumer waits until Linger after its last look, so that
// it commits full batches or few; one that has fallen out of the window has
// no time for that, because the log comes in pages smaller than its batches.
func (c *consumer) gather(ctx context.Context) ([]desk.Event, error) {
	events, err := c.b.next(ctx, c.read, c.Batch, c.wake)
	if err != nil || len(events) == 0 || len(events) == c.Batch || !c.b.tail.holds(c.read) {
		return events, err
	}
	wait := c.Linger - c.b.deps.Clock.Now().Sub(c.looked)
	if wait <= 0 || wait > c.Linger {
		return events, nil
	}
	if !c.b.pause(ctx, wait) {
		return nil, nil
	}
	return c.b.next(ctx, c.read, c.Batch, nil)
}
