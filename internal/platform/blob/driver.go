package blob

import (
	"context"
	"io"
	"time"
)

// Driver keeps sealed blobs by name. Its suite is blobtest. A name is 8 to 64
// of a-z, 0-9 and _ (ValidName); any other is Invalid. All methods may be
// called concurrently, by several processes too.
type Driver interface {
	// Put stores what body gives, durably, and returns its size. Conflict if the
	// name is taken: nothing is ever replaced. If body fails, ctx ends or there
	// is no room (Unavailable), nothing is left at the name.
	Put(ctx context.Context, name string, body io.Reader) (size int64, err error)
	// Open reads length bytes from offset on; a length below 0 means to the end.
	// What lies behind the end is just not there. NotFound if there is no such
	// blob. The reader works until it is closed, also if the blob is deleted.
	Open(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error)
	// Delete removes a blob, durably; one that is not there is fine.
	Delete(ctx context.Context, name string) error
	// List returns up to limit blobs that follow cursor in an order that does not
	// change ("" is the start), and the cursor after them, "" at the end. Blobs
	// that come or go meanwhile may or may not be seen.
	List(ctx context.Context, cursor string, limit int) (blobs []Info, next string, err error)
	// Clean removes what Puts that broke off before the given time left.
	Clean(ctx context.Context, before time.Time) error
}

// Info describes a stored blob.
type Info struct {
	Name string
	// Size is what it takes, sealed, in bytes.
	Size int64
	// At is when it was stored.
	At time.Time
}

// ValidName reports whether a blob may have this name.
func ValidName(name string) bool {
	if len(name) < 8 || len(name) > 64 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
