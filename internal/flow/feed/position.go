package feed

import (
	"context"

	"yingda.dev/internal/wire"
)

// Position is where the log stands now, for those who have no feed yet.
// Unavailable before and after Run.
func (f *Feed) Position(ctx context.Context) (wire.Position, error) {
	if err := f.wait(ctx); err != nil {
		return wire.Position{}, err
	}
	head, err := f.deps.Store.Head(ctx)
	return wire.Position{Epoch: f.epoch, Seq: head}, err
}
