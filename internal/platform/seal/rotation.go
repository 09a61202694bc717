package seal

import (
	"context"

	"yingda.dev/internal/desk"
)

// Item is one sealed value of an account and where it stands.
type Item struct {
	Place  Place
	Sealed desk.Sealed
}

// Change replaces one sealed value.
type Change struct {
	Place    Place
	Old, New desk.Sealed
}

// Walker gives a Rotation an account's sealed values and stores what it does.
// A Rotation calls it from one goroutine.
type Walker interface {
	// Load returns the progress saved last; the zero Progress if there is none.
	Load(ctx context.Context, account desk.AccountID) (Progress, error)
	// Count is how many values there are, for showing progress; it may be an estimate.
	Count(ctx context.Context, account desk.AccountID) (int64, error)
	// Page returns up to limit values that follow cursor in an order that does
	// not change ("" is the start), and the cursor after them. No items means
	// the end. Values added or removed meanwhile may or may not be seen.
	Page(ctx context.Context, account desk.AccountID, cursor string, limit int) (items []Item, next string, err error)
	// Save stores, in one transaction, the changes and the progress. A value
	// that no longer equals Change.Old was rewritten by somebody else: it is
	// left alone, which is not an error.
	Save(ctx context.Context, account desk.AccountID, changes []Change, progress Progress) error
}

// Progress is how far the rotation of an account is. It is plain data and may
// be stored as JSON.
type Progress struct {
	// Key is the data key that all values shall be sealed under, or a later one.
	Key uint32 `json:"key"`
	// Cursor is where the present pass continues.
	Cursor string `json:"cursor"`
	// Pass counts the walks through the account from 1. The last one found
	// nothing to change.
	Pass int `json:"pass"`
	// Dirty says that the present pass has changed something.
	Dirty bool `json:"dirty"`
	// Done and Total are values seen in this pass and to be seen.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Unreadable counts values of this pass that did not open; they are left
	// as they are, and the older keys are then not retired.
	Unreadable int64 `json:"unreadable"`
	Finished   bool  `json:"finished"`
}

// Rotation brings all values of an account under its active data key. It may
// be killed at any moment and started again; values never become unreadable,
// since each is replaced by one that opens, together with the progress.
//
// A walk misses values that others write under the older key behind its back,
// so it walks again until a pass changes nothing. Then the older keys are
// marked retired.
type Rotation struct {
	ring   *Keyring
	walker Walker
	chunk  int
}

// NewRotation returns a rotation that saves every chunk values; chunk 0 is 200.
func NewRotation(ring *Keyring, walker Walker, chunk int) *Rotation {
	if chunk <= 0 {
		chunk = 200
	}
	return &Rotation{ring: ring, walker: walker, chunk: chunk}
}

// Start begins the rotation of an account: it adds a key and saves the
// progress to work from. If one is unfinished, that one is continued instead.
func (r *Rotation) Start(ctx context.Context, account desk.AccountID) (Progress, error) {
	p, err := r.walker.Load(ctx, account)
	if err != nil {
		return Progress{}, desk.Wrap(desk.KindOf(err), "start key rotation", err)
	}
	if p.Key != 0 && !p.Finished {
		return p, nil
	}
	key, err := r.ring.Rotate(ctx, account)
	if err != nil {
		return Progress{}, err
	}
	return r.begin(ctx, account, Progress{Key: key})
}

// Step does one chunk and returns the progress after it. It does nothing if
// there is no rotation or it is finished. While a new key is still spreading
// to other nodes (Config.Propagation) it returns Unavailable: try again later.
func (r *Rotation) Step(ctx context.Context, account desk.AccountID) (Progress, error) {
	const op = "rotate sealed values"
	p, err := r.walker.Load(ctx, account)
	if err != nil {
		return p, desk.Wrap(desk.KindOf(err), op, err)
	}
	if p.Key == 0 || p.Finished {
		return p, nil
	}
	keys, err := r.ring.Account(ctx, account)
	if err != nil {
		return p, err
	}
	if keys.active.id < p.Key {
		keys.stale.Store(true)
		return p, desk.E(desk.Unavailable, op, "the new key is not yet known to every node")
	}
	items, next, err := r.walker.Page(ctx, account, p.Cursor, r.chunk)
	if err != nil {
		return p, desk.Wrap(desk.KindOf(err), op, err)
	}
	if len(items) == 0 {
		return r.endPass(ctx, account, p)
	}
	var changes []Change
	for _, item := range items {
		sealed, changed, err := keys.Reseal(item.Place, item.Sealed)
		switch {
		case err != nil:
			p.Unreadable++
		case changed:
			changes = append(changes, Change{item.Place, item.Sealed, sealed})
		}
	}
	p.Cursor, p.Dirty = next, p.Dirty || len(changes) > 0
	p.Done += int64(len(items))
	p.Total = max(p.Total, p.Done)
	if err := r.walker.Save(ctx, account, changes, p); err != nil {
		return p, desk.Wrap(desk.KindOf(err), op, err)
	}
	return p, nil
}

// Run calls Step until the rotation is finished, the context ends or a step
// fails.
func (r *Rotation) Run(ctx context.Context, account desk.AccountID) (Progress, error) {
	for {
		p, err := r.Step(ctx, account)
		if err != nil || p.Key == 0 || p.Finished {
			return p, err
		}
		if err := ctx.Err(); err != nil {
			return p, desk.Wrap(desk.Unavailable, "rotate sealed values", err)
		}
	}
}

// endPass begins another pass, or finishes if this one found nothing to do.
func (r *Rotation) endPass(ctx context.Context, account desk.AccountID, p Progress) (Progress, error) {
	if p.Dirty {
		return r.begin(ctx, account, p)
	}
	if p.Unreadable == 0 {
		// Before the progress is saved, so that a crash in between repeats it.
		if err := r.ring.Retire(ctx, account, p.Key); err != nil {
			return p, err
		}
	}
	p.Finished = true
	return p, desk.Wrap(desk.Internal, "finish key rotation", r.walker.Save(ctx, account, nil, p))
}

// begin saves the start of the next pass.
func (r *Rotation) begin(ctx context.Context, account desk.AccountID, p Progress) (Progress, error) {
	const op = "begin rotation pass"
	total, err := r.walker.Count(ctx, account)
	if err != nil {
		return p, desk.Wrap(desk.KindOf(err), op, err)
	}
	p = Progress{Key: p.Key, Pass: p.Pass + 1, Total: total}
	if err := r.walker.Save(ctx, account, nil, p); err != nil {
		return p, desk.Wrap(desk.KindOf(err), op, err)
	}
	return p, nil
}
