package conversation

import "context"

// Work is one round of Run.
func (r *Rotator) Work(ctx context.Context) error { return r.work(ctx) }
