package app

import (
	"context"
	"log/slog"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// keeper throws away what is past its time: old events, idempotency keys, and
// what each sweeper knows of. It works in small pieces and may run on every
// node at once.
type keeper struct {
	store *store.Store
	// sweepers are by what they throw away.
	sweepers  map[string]sweeper
	clock     desk.Clock
	retention time.Duration
	log       *slog.Logger
}

type sweeper interface {
	Sweep(ctx context.Context) (int64, error)
}

const (
	keepEvery = 5 * time.Minute
	// maxEvents bounds the log whatever its age: about 10 GiB.
	maxEvents = 20_000_000
	// keyRetention is the least time that idempotency keys are kept, however
	// short the event log is: a phone that was off over a long weekend or a
	// holiday repeats what it could not get answered, and the repeat must not
	// become a second message.
	keyRetention = 7 * 24 * time.Hour
)

// Run keeps house until ctx ends.
func (k *keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			k.keep(ctx)
		}
	}
}

func (k *keeper) keep(ctx context.Context) {
	now := k.clock.Now()
	trimmed, err := k.store.Trim(ctx, now.Add(-k.retention), maxEvents)
	if err == nil {
		var keys int64
		keys, err = k.store.TrimKeys(ctx, now.Add(-max(k.retention, keyRetention)))
		k.log.DebugContext(ctx, "kept house", "trimmed", trimmed, "keys", keys)
	}
	k.failed(ctx, "events", err)
	for what, s := range k.sweepers { // one that fails does not hold up the others
		_, err := s.Sweep(ctx)
		k.failed(ctx, what, err)
	}
}

func (k *keeper) failed(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		k.log.WarnContext(ctx, "keeping house failed; trying again later", "what", what, "error", err)
	}
}
