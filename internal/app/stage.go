package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// part is something that runs until its context ends.
type part struct {
	name string
	run  func(context.Context) error
}

// stage is a set of parts that start together and stop together.
type stage struct {
	parts []part
	// then runs when the parts have been started and before the next stage is;
	// nil is nothing. Its error stops everything.
	then func(context.Context) error
}

// stages start in order and stop in reverse: a later one may rely on all
// before it until the very end.
type stages struct {
	log     *slog.Logger
	timeout time.Duration
	list    []stage
	// stopping is called once, before the first stage is told to stop.
	stopping func()
}

// Run starts everything, waits until ctx ends or a part fails, and stops
// everything. The error is that of the first part that failed, or says which
// parts did not stop in time.
func (s *stages) Run(ctx context.Context) error {
	failed := make(chan error, 1) // the first failure counts; others find it full and are only logged
	var started []*runningStage
	var cause error
	for _, st := range s.list {
		started = append(started, s.start(ctx, st, failed))
		if cause = s.followUp(ctx, st, failed); cause != nil || ctx.Err() != nil {
			break
		}
	}
	if cause == nil {
		select {
		case <-ctx.Done():
		case cause = <-failed:
		}
	}
	if cause != nil {
		s.log.Error("stopping after a failure", "error", cause)
	} else {
		s.log.Info("stopping")
	}
	s.stopping()
	deadline := time.NewTimer(s.timeout)
	defer deadline.Stop()
	for i := len(started) - 1; i >= 0; i-- {
		started[i].cancel()
		select {
		case <-started[i].done:
		case <-deadline.C:
			// What is left is told to stop at once; durable state needs no more.
			for ; i >= 0; i-- {
				started[i].cancel()
				cause = errors.Join(cause, started[i].late())
			}
			return cause
		}
	}
	if cause == nil {
		s.log.Info("stopped")
	}
	return cause
}

// followUp runs what a stage does after its start; a part that fails meanwhile
// ends it.
func (s *stages) followUp(ctx context.Context, st stage, failed <-chan error) error {
	if st.then == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- st.then(ctx) }()
	select {
	case err := <-done:
		return err
	case err := <-failed:
		cancel()
		return errors.Join(err, ignoreCanceled(<-done))
	}
}

// orderly makes the end of the context, which is how a stop arrives, no failure
// of what runs after a start: the rest of it is done at the next start.
func orderly(then func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := then(ctx); ctx.Err() == nil {
			return err
		}
		return nil
	}
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type runningStage struct {
	cancel context.CancelFunc
	done   chan struct{}
	names  []string
	mu     sync.Mutex
	ended  map[string]bool
}

func (s *stages) start(ctx context.Context, st stage, failed chan<- error) *runningStage {
	// A stage does not end with ctx but when it is its turn.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &runningStage{cancel: cancel, done: make(chan struct{}), ended: make(map[string]bool)}
	var running sync.WaitGroup
	for _, p := range st.parts {
		r.names = append(r.names, p.name)
		running.Go(func() {
			err := p.run(own)
			r.mu.Lock()
			r.ended[p.name] = true
			r.mu.Unlock()
			if own.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
				return
			}
			if err == nil {
				err = errors.New("ended by itself")
			}
			s.log.Error("part failed", "part", p.name, "error", err)
			select {
			case failed <- fmt.Errorf("%s: %w", p.name, err):
			default:
			}
		})
	}
	go func() {
		running.Wait()
		close(r.done)
	}()
	return r
}

// errLate says that a part still runs: what it uses must not be closed.
var errLate = errors.New("did not stop in time")

// late says which parts have not ended.
func (r *runningStage) late() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, name := range r.names {
		if !r.ended[name] {
			errs = append(errs, fmt.Errorf("%s %w", name, errLate))
		}
	}
	return errors.Join(errs...)
}
