package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"yingda.dev/internal/platform/timer"
)

// calm gives memory back when the server has become idle. Go keeps what a busy
// hour has touched: the heap may be three times what lives (see gcPercent), and
// a stack that a connect has grown is halved by one collection at a time. So an
// idle server collects a few times, for as long as that helps.
//
// It owns one goroutine, Run.
type calm struct {
	after timer.After
	// allocated counts the bytes ever allocated, held what the process has from
	// the system at the moment.
	allocated, held func() uint64
	// trim collects and returns what is free.
	trim func()
}

const (
	// calmLook is how often it looks, and so how long a pause must be.
	calmLook = 10 * time.Second
	// calmRate is how many bytes a second an idle server may allocate: pings of
	// thousands of sockets, metrics, housekeeping.
	calmRate = 1 << 20
	// calmWorth is how much must have been allocated for a collection to be
	// worth its while when the one before did not help any more.
	calmWorth = 32 << 20
)

func newCalm(after timer.After) *calm {
	return &calm{
		after: after, trim: debug.FreeOSMemory,
		allocated: func() uint64 { return sum("/gc/heap/allocs:bytes") },
		held: func() uint64 {
			return sum("/memory/classes/total:bytes") - sum("/memory/classes/heap/released:bytes")
		},
	}
}

// Run looks until ctx ends, and returns nil.
func (c *calm) Run(ctx context.Context) error {
	last := c.allocated()
	worth := last + calmWorth
	for {
		fired, stop := c.after(calmLook)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-fired:
		}
		now := c.allocated()
		idle := now-last < calmRate*uint64(calmLook/time.Second)
		last = now
		if !idle || now < worth {
			continue
		}
		before := c.held()
		c.trim()
		last = c.allocated()
		if c.held() > before-before/50 { // less than 2 % less: enough
			worth = last + calmWorth
		}
	}
}

// sum reads one of the runtime's numbers.
func sum(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
