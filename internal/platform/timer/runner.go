package timer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Handler does what a timer of its kind is for. It may be called again for the
// same timer and must then find nothing to do. nil means done: the timer is
// deleted unless it was moved meanwhile.
type Handler func(ctx context.Context, t store.Timer) error

// Deps are the runner's required collaborators.
type Deps struct {
	Store   *store.Store
	IDs     *desk.IDs
	Clock   desk.Clock
	After   After
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Handlers by kind of timer; not modified.
	Handlers map[string]Handler
}

// Config tunes the runner. The zero value of each field is its default.
type Config struct {
	// Batch is how many due timers are taken at once. Defaults to 64.
	Batch int
	// Workers is how many handlers run at once. Defaults to 4.
	Workers int
	// Timeout bounds one handler. Defaults to 30 s.
	Timeout time.Duration
	// Backoff is the pause after a first failure; it doubles up to MaxBackoff.
	// Default to 2 s and 1 h.
	Backoff, MaxBackoff time.Duration
	// Attempts is after how many failures in a row somebody is told that a
	// timer needs help. It is still tried, every MaxBackoff. Defaults to 10.
	Attempts int
	// Settle is the least time between two looks, so that a busy log does not
	// cost a look per commit. Defaults to 50 ms.
	Settle time.Duration
	// Fallback is the longest time between two looks. Defaults to 30 s.
	Fallback time.Duration
}

// Runner fires due timers. Build it with New, then Run it.
type Runner struct {
	deps   Deps
	cfg    Config
	holder string
	// batches counts what was claimed: each batch has a holder's name of its own,
	// so that what is left of one is not held with the next.
	batches int

	fired, failed *prometheus.CounterVec
	late          prometheus.Histogram

	mu sync.Mutex
	// failures counts failures in a row by timer, as far as this process saw
	// them. At most maxFailures: beyond, it begins anew, and timers are only
	// asked a little more often than they should.
	failures map[store.TimerRef]int
}

const maxFailures = 10_000

// New builds a Runner. A missing collaborator, a negative setting or a metric
// that is registered already is an error.
func New(d Deps, cfg Config) (*Runner, error) {
	const op = "build timer runner"
	if d.Store == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Log == nil || d.Metrics == nil || d.Handlers == nil {
		return nil, desk.E(desk.Invalid, op, "a required part is missing")
	}
	if cfg.Batch < 0 || cfg.Workers < 0 || cfg.Attempts < 0 {
		return nil, desk.E(desk.Invalid, op, "a setting is negative")
	}
	orInt(&cfg.Batch, 64)
	orInt(&cfg.Workers, 4)
	orInt(&cfg.Attempts, 10)
	orTime(&cfg.Timeout, 30*time.Second)
	orTime(&cfg.Backoff, 2*time.Second)
	orTime(&cfg.MaxBackoff, time.Hour)
	orTime(&cfg.Settle, 50*time.Millisecond)
	orTime(&cfg.Fallback, 30*time.Second)
	r := &Runner{
		deps: d, cfg: cfg, holder: d.IDs.Other("node"), failures: map[store.TimerRef]int{},
		fired: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_timer_fired_total", Help: "Timers handled, by kind.",
		}, []string{"kind"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_timer_failures_total", Help: "Failed attempts to handle a timer, by kind.",
		}, []string{"kind"}),
		late: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_timer_delay_seconds", Help: "How long after its time a timer was fired.",
			Buckets: []float64{0.1, 0.5, 1, 5, 30, 60, 300, 3600},
		}),
	}
	for _, c := range []prometheus.Collector{r.fired, r.failed, r.late} {
		if err := d.Metrics.Register(c); err != nil {
			return nil, desk.Wrap(desk.Internal, op, err)
		}
	}
	return r, nil
}

func orInt(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}

func orTime(v *time.Duration, def time.Duration) {
	if *v <= 0 {
		*v = def
	}
}

// Run fires timers until ctx ends and returns when no handler runs any more.
func (r *Runner) Run(ctx context.Context) error {
	commits, cancel := r.deps.Store.Watch()
	defer cancel()
	for failures := 0; ctx.Err() == nil; {
		pause, err := r.look(ctx)
		if err != nil && ctx.Err() == nil {
			failures++
			pause = r.backoff(failures)
			r.deps.Log.WarnContext(ctx, "timers unreadable", "error", err, "failures", failures)
		} else {
			failures = 0
		}
		if pause > r.cfg.Settle {
			// A commit may have brought an earlier timer.
			r.wait(ctx, pause, commits)
		}
		r.wait(ctx, r.cfg.Settle, nil)
	}
	return nil
}

func (r *Runner) wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	fired, stop := r.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-fired:
	}
}

// look fires what is due and says how long there is nothing to do.
func (r *Runner) look(ctx context.Context) (time.Duration, error) {
	next, found, err := r.deps.Store.NextTimer(ctx)
	if err != nil {
		return 0, err
	}
	now := r.deps.Clock.Now()
	if !found {
		return r.cfg.Fallback, nil
	}
	if wait := next.Sub(now); wait > 0 {
		return min(wait, r.cfg.Fallback), nil
	}
	r.batches++
	holder := fmt.Sprintf("%s/%d", r.holder, r.batches)
	due, err := r.deps.Store.DueTimers(ctx, holder, now, r.cfg.Batch)
	if err != nil {
		return 0, err
	}
	if len(due) == 0 {
		// Another node is at it.
		return time.Second, nil
	}
	r.fireAll(ctx, holder, due)
	return 0, nil
}

// fireAll handles a batch with a bounded number of workers and waits for them.
// The batch is held as long as it takes, and what is left of it when ctx ends is
// given up, so that another node need not wait for the claim to expire.
func (r *Runner) fireAll(ctx context.Context, holder string, due []store.Timer) {
	done := make(chan struct{})
	var holding sync.WaitGroup
	holding.Go(func() { r.hold(ctx, holder, done) })
	defer func() {
		close(done)
		holding.Wait()
		if ctx.Err() == nil {
			return
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := r.deps.Store.HoldTimers(last, holder, r.deps.Clock.Now().Add(-2*store.TimerClaim)); err != nil {
			r.deps.Log.WarnContext(ctx, "timers not given up", "error", err)
		}
	}()
	work := make(chan store.Timer)
	var workers sync.WaitGroup
	for range min(r.cfg.Workers, len(due)) {
		workers.Go(func() {
			for t := range work {
				r.fire(ctx, t)
			}
		})
	}
	for _, t := range due {
		work <- t
	}
	close(work)
	workers.Wait()
}

// hold keeps a batch from other nodes until done.
func (r *Runner) hold(ctx context.Context, holder string, done <-chan struct{}) {
	for {
		fired, stop := r.deps.After(store.TimerClaim / 3)
		select {
		case <-ctx.Done():
		case <-done:
		case <-fired:
		}
		stop()
		select {
		case <-ctx.Done():
			return
		case <-done:
			return
		default:
		}
		if err := r.deps.Store.HoldTimers(ctx, holder, r.deps.Clock.Now()); err != nil && ctx.Err() == nil {
			r.deps.Log.WarnContext(ctx, "timers not held", "error", err)
		}
	}
}

func (r *Runner) fire(ctx context.Context, t store.Timer) {
	if ctx.Err() != nil {
		return // it stays due; whoever runs next takes it
	}
	r.late.Observe(r.deps.Clock.Now().Sub(t.Due).Seconds())
	err := r.call(ctx, t)
	if err == nil {
		err = r.deps.Store.Write(ctx, t.AccountID, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteTimer(ctx, t.TimerRef, t.Due)
		})
	}
	if err == nil {
		r.fired.WithLabelValues(t.Kind).Inc()
		r.forget(t.TimerRef)
		return
	}
	if ctx.Err() == nil {
		r.postpone(ctx, t, err)
	}
}

// call runs the handler; a panic is an error of this one timer.
func (r *Runner) call(ctx context.Context, t store.Timer) (err error) {
	handle, ok := r.deps.Handlers[t.Kind]
	if !ok {
		return desk.E(desk.Unsupported, "fire timer", fmt.Sprintf("nobody handles timers of kind %q", t.Kind))
	}
	defer func() {
		if p := recover(); p != nil {
			r.deps.Log.ErrorContext(ctx, "timer handler panicked", "kind", t.Kind, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = desk.E(desk.Internal, "fire timer", "the handler panicked")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	return handle(ctx, t)
}

// postpone moves a timer that failed, unless somebody moved it meanwhile.
func (r *Runner) postpone(ctx context.Context, t store.Timer, cause error) {
	r.failed.WithLabelValues(t.Kind).Inc()
	n := r.remember(t.TimerRef)
	later := t
	later.Due = r.deps.Clock.Now().Add(r.backoff(n))
	level := slog.LevelWarn
	if n >= r.cfg.Attempts {
		level = slog.LevelError
	}
	r.deps.Log.Log(ctx, level, "timer failed", "kind", t.Kind, "account", t.AccountID, "subject", t.Subject,
		"failures", n, "retry_at", later.Due, "error", cause)
	err := r.deps.Store.Write(ctx, t.AccountID, func(ctx context.Context, tx *store.Tx) error {
		now, err := tx.Timer(ctx, t.TimerRef)
		if errors.Is(err, desk.NotFound) || (err == nil && !now.Due.Equal(t.Due)) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.PutTimer(ctx, later)
	})
	if err != nil && ctx.Err() == nil {
		// The store hands it out again when our claim is over.
		r.deps.Log.WarnContext(ctx, "timer not postponed", "kind", t.Kind, "error", err)
	}
}

func (r *Runner) backoff(failures int) time.Duration {
	d := r.cfg.Backoff << min(failures-1, 20)
	if d <= 0 || d > r.cfg.MaxBackoff {
		return r.cfg.MaxBackoff
	}
	return d
}

func (r *Runner) remember(ref store.TimerRef) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failures) >= maxFailures {
		clear(r.failures)
	}
	r.failures[ref]++
	return r.failures[ref]
}

func (r *Runner) forget(ref store.TimerRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.failures, ref)
}
