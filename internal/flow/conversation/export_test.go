package conversation

import "context"

// Cursors for their fuzz test.
var (
	ReadCursor  = readCursor
	WriteCursor = writeCursor
)

// Work is one round of Run.
func (r *Rotator) Work(ctx context.Context) error { return r.work(ctx) }
