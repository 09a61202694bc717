package app

import (
	"context"
	"log/slog"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// keeper throws away what is past its time: old events, idempotency keys,
// sessions. It works in small pieces and may run on every node at once.
type keeper struct {
	store     *store.Store
	sessions  sweeper
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
	trimmed, err := k.store.Trim(ctx, k.clock.Now().Add(-k.retention), maxEvents)
	if err == nil {
		var sessions int64
		sessions, err = k.sessions.Sweep(ctx)
		k.log.DebugContext(ctx, "kept house", "trimmed", trimmed, "sessions", sessions)
	}
	if err != nil && ctx.Err() == nil {
		k.log.WarnContext(ctx, "keeping house failed; trying again later", "error", err)
	}
}
