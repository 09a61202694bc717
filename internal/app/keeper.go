package app

import (
	"context"
	"log/slog"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// keeper throws away what is past its time: old events, idempotency keys,
// sessions, files that were never sent, pages of long ago. It works in small pieces and may run on every node at once.
type keeper struct {
	store     *store.Store
	sessions  sweeper
	files     sweeper
	profiles  sweeper
	drafts    sweeper
	mails     sweeper
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
	var keys, sessions int64
	if err == nil {
		keys, err = k.store.TrimKeys(ctx, now.Add(-max(k.retention, keyRetention)))
	}
	if err == nil {
		sessions, err = k.sessions.Sweep(ctx)
	}
	if err == nil {
		_, err = k.profiles.Sweep(ctx)
	}
	if err == nil {
		_, err = k.mails.Sweep(ctx)
	}
	if err == nil {
		var deleted int64
		deleted, err = k.files.Sweep(ctx)
		if err == nil {
			_, err = k.drafts.Sweep(ctx)
		}
		k.log.DebugContext(ctx, "kept house", "trimmed", trimmed, "keys", keys, "sessions", sessions, "files", deleted)
	}
	if err != nil && ctx.Err() == nil {
		k.log.WarnContext(ctx, "keeping house failed; trying again later", "error", err)
	}
}
