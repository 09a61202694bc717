package postgres

import (
	"context"
	"sync"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

var _ store.Waves = (*Driver)(nil)

// shoutChannel carries what nodes say to each other and nobody keeps.
const shoutChannel = "yingda_shout"

// ears are those who hear shouts.
type ears struct {
	mu  sync.Mutex
	all map[*func(string)]struct{}
}

func (e *ears) hear(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for fn := range e.all {
		(*fn)(text)
	}
}

// Shout notifies all nodes. Its connection does not wait for the disk, since
// nothing is written that has to last.
func (d *Driver) Shout(ctx context.Context, text string) error {
	const op = "shout"
	if len(text) > store.MaxShout {
		return desk.E(desk.Invalid, op, "the text is too long")
	}
	if _, err := d.shoutDB.ExecContext(ctx, "SELECT pg_notify($1, $2)", shoutChannel, text); err != nil {
		return failure(op, err)
	}
	return nil
}

// Shouts implements store.Waves.
func (d *Driver) Shouts(fn func(text string)) (stop func()) {
	d.ears.mu.Lock()
	defer d.ears.mu.Unlock()
	if d.ears.all == nil {
		d.ears.all = make(map[*func(string)]struct{})
	}
	d.ears.all[&fn] = struct{}{}
	return func() {
		d.ears.mu.Lock()
		defer d.ears.mu.Unlock()
		delete(d.ears.all, &fn)
	}
}
