package logbus

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// Deps are the bus's required collaborators.
type Deps struct {
	Store *store.Store
	IDs   *desk.IDs
	Clock desk.Clock
	// After is the alarm clock for retries, leases and ticks.
	After timer.After
	// Jitter spreads retries: a number in [0,1), safe for concurrent use.
	Jitter func() float64
	// Sealer hides what signals say on their way to other nodes. nil keeps
	// signals within the process, and so does a store for one node.
	Sealer  Sealer
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Config tunes the bus. The zero value of each field is its default.
type Config struct {
	// Window is how many of the newest events are kept in memory for readers.
	// Defaults to 4096.
	Window int
	// Fallback is how often the log is looked at though nobody said that it
	// grew. Defaults to 1 s.
	Fallback time.Duration
	// Linger is the least time between two commits of a consumer whose batches
	// are not full, unless the consumer has its own. Defaults to 250 ms.
	Linger time.Duration
	// LeaseTTL is how long a silent node keeps its shards. Defaults to 15 s.
	LeaseTTL time.Duration
	// Attempts is how often a single failing event is tried before its
	// conversation is put aside. Defaults to 5.
	Attempts int
	// Backoff is the first pause after a failure; it doubles up to MaxBackoff.
	// Default to 100 ms and 10 s.
	Backoff, MaxBackoff time.Duration
	// SignalBuffer is how many signals wait for a slow listener before the
	// oldest is dropped. Defaults to 256.
	SignalBuffer int
	// SignalPause is the least time between two lots of signals to other nodes.
	// Defaults to 50 ms.
	SignalPause time.Duration
}

// Bus reads the event log for this process. Build it with New, then Run it.
type Bus struct {
	deps    Deps
	cfg     Config
	holder  string
	tail    *tail
	lane    lane
	across  *across // nil: this process is alone
	metrics metrics

	mu      sync.Mutex
	running map[string]*consumer
}

var _ bus.Bus = (*Bus)(nil)

// New builds a Bus. A missing collaborator, a negative setting or a metric
// that is registered already is an error.
func New(d Deps, cfg Config) (*Bus, error) {
	const op = "build bus"
	if d.Store == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Jitter == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, op, "a required part is missing")
	}
	for _, f := range []struct {
		value *int
		def   int
	}{{&cfg.Window, 4096}, {&cfg.Attempts, 5}, {&cfg.SignalBuffer, 256}} {
		if *f.value == 0 {
			*f.value = f.def
		}
		if *f.value < 0 {
			return nil, desk.E(desk.Invalid, op, "a setting is negative")
		}
	}
	for _, f := range []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&cfg.Fallback, time.Second},
		{&cfg.Linger, 250 * time.Millisecond},
		{&cfg.LeaseTTL, 15 * time.Second},
		{&cfg.Backoff, 100 * time.Millisecond},
		{&cfg.MaxBackoff, 10 * time.Second},
		{&cfg.SignalPause, 50 * time.Millisecond},
	} {
		if *f.value == 0 {
			*f.value = f.def
		}
		if *f.value < 0 {
			return nil, desk.E(desk.Invalid, op, "a setting is negative")
		}
	}
	m, err := newMetrics(d.Metrics)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	b := &Bus{
		deps: d, cfg: cfg, holder: d.IDs.Other("node"), metrics: m,
		tail:    newTail(cfg.Window),
		lane:    lane{capacity: cfg.SignalBuffer, dropped: m.signalsDropped, listeners: map[*listener]struct{}{}},
		running: map[string]*consumer{},
	}
	if waves := d.Store.Waves(); waves != nil && d.Sealer != nil {
		b.across = &across{capacity: cfg.SignalBuffer, dropped: m.signalsDropped, waves: waves, wake: make(chan struct{}, 1)}
	}
	return b, desk.Wrap(desk.Internal, op, d.Metrics.Register(lags{b}))
}

// Run tails the log, and carries signals to and from other nodes, until ctx
// ends. Consumers and followers wait for it.
func (b *Bus) Run(ctx context.Context) error {
	if b.across == nil {
		return b.follow(ctx)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.follow(ctx) })
	g.Go(func() error { b.carry(ctx); return nil })
	g.Go(func() error { b.listen(ctx); return nil })
	return g.Wait()
}

// follow tails the log.
func (b *Bus) follow(ctx context.Context) error {
	commits, cancel := b.deps.Store.Watch()
	defer cancel()
	failures := 0
	for ctx.Err() == nil {
		pause := b.cfg.Fallback
		if err := b.advance(ctx); err != nil && ctx.Err() == nil {
			failures++
			pause = b.backoff(failures)
			b.deps.Log.WarnContext(ctx, "event log unreadable", "error", err, "failures", failures)
		} else {
			failures = 0
		}
		fired, stop := b.deps.After(pause)
		select {
		case <-ctx.Done():
		case <-commits:
		case <-fired:
		}
		stop()
	}
	return nil
}

// pageSize is how many events one query of the log brings.
const pageSize = 500

// advance reads whatever the log has gained into the window.
func (b *Bus) advance(ctx context.Context) error {
	if !b.tail.started() {
		head, err := b.deps.Store.Head(ctx)
		if err != nil {
			return err
		}
		b.tail.start(head)
	}
	for {
		page, err := b.deps.Store.Events(ctx, b.tail.head(), pageSize)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		b.tail.grow(page)
		b.metrics.head.Set(float64(page[len(page)-1].Pos))
	}
}

// next returns events after a position, waiting for the first one. It returns
// nil when ctx ends or wake is signalled, and NotFound when the log does not
// reach back so far.
func (b *Bus) next(ctx context.Context, after int64, limit int, wake <-chan struct{}) ([]desk.Event, error) {
	for {
		events, grown, have := b.tail.read(after, limit)
		if have {
			return events, nil
		}
		if grown == nil {
			// Behind the window: read the log itself, at the caller's own pace.
			return b.old(ctx, after, limit)
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-wake:
			return nil, nil
		case <-grown:
		}
	}
}

func (b *Bus) old(ctx context.Context, after int64, limit int) ([]desk.Event, error) {
	events, err := b.deps.Store.Events(ctx, after, min(limit, pageSize))
	if err != nil {
		return nil, err
	}
	// Positions have no gaps, so a gap is what was trimmed.
	if len(events) == 0 || events[0].Pos != after+1 {
		return nil, desk.E(desk.NotFound, "read event log", "the log does not reach back so far")
	}
	return events, nil
}

// Follow implements bus.Bus.
func (b *Bus) Follow(ctx context.Context, from int64, fn func([]desk.Event)) error {
	if from < 0 {
		return desk.InvalidField("follow log", "from", "a position is not negative")
	}
	failures := 0
	if from == 0 {
		for {
			head, err := b.deps.Store.Head(ctx)
			if err == nil {
				from = head
				break
			}
			if failures++; !b.pause(ctx, b.backoff(failures)) {
				return nil
			}
		}
	}
	failures = 0
	for {
		events, err := b.next(ctx, from, pageSize, nil)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // we were told to stop
		case errors.Is(err, desk.NotFound):
			return err
		case err != nil:
			failures++
			b.deps.Log.WarnContext(ctx, "follower cannot read", "error", err, "failures", failures)
			if !b.pause(ctx, b.backoff(failures)) {
				return nil
			}
			continue
		}
		failures = 0
		if len(events) > 0 {
			from = events[len(events)-1].Pos
			fn(events)
		}
	}
}

// backoff is how long to wait after so many failures in a row: doubling, with
// the upper half of it left to chance so that nodes do not march in step.
func (b *Bus) backoff(failures int) time.Duration {
	d := b.cfg.Backoff << min(max(failures-1, 0), 20)
	if d > b.cfg.MaxBackoff || d <= 0 {
		d = b.cfg.MaxBackoff
	}
	return d/2 + time.Duration(b.deps.Jitter()*float64(d/2))
}

// pause waits; false when ctx ended.
func (b *Bus) pause(ctx context.Context, d time.Duration) bool {
	fired, stop := b.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case <-fired:
		return true
	}
}
