package logbus

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/platform/bus"
)

// lane is the ephemeral side of the bus within this process.
type lane struct {
	capacity int
	dropped  prometheus.Counter

	mu        sync.Mutex
	listeners map[*listener]struct{}
}

// listener holds what one slow reader has not seen: at most capacity signals,
// the oldest is dropped for the newest.
type listener struct {
	waiting []bus.Signal
	wake    chan struct{}
}

func (l *lane) spread(s bus.Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for to := range l.listeners {
		if len(to.waiting) >= l.capacity {
			to.waiting = append(to.waiting[:0], to.waiting[1:]...)
			l.dropped.Inc()
		}
		to.waiting = append(to.waiting, s)
		select {
		case to.wake <- struct{}{}:
		default: // it is awake already
		}
	}
}

func (l *lane) take(from *listener) []bus.Signal {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := from.waiting
	from.waiting = nil
	return s
}

// Signal implements bus.Bus.
func (b *Bus) Signal(_ context.Context, s bus.Signal) {
	b.lane.spread(s)
	if b.across != nil {
		b.across.put(s)
	}
}

// Signals implements bus.Bus.
func (b *Bus) Signals(ctx context.Context, fn func(bus.Signal)) error {
	l := &listener{wake: make(chan struct{}, 1)}
	b.lane.mu.Lock()
	b.lane.listeners[l] = struct{}{}
	b.lane.mu.Unlock()
	defer func() {
		b.lane.mu.Lock()
		delete(b.lane.listeners, l)
		b.lane.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		}
		for _, s := range b.lane.take(l) {
			if ctx.Err() != nil {
				return nil
			}
			fn(s)
		}
	}
}
