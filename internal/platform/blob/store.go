package blob

import (
	"context"
	"io"
	"log/slog"
	"time"

	"yingda.dev/internal/desk"
)

// Key opens one blob. It is never printed.
type Key []byte

// keySize is that of AES-256.
const keySize = 32

const redacted = "[redacted]"

// String hides the key.
func (Key) String() string { return redacted }

// GoString hides the key.
func (Key) GoString() string { return redacted }

// LogValue hides the key.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// Store keeps values sealed in a Driver. Build it with New.
type Store struct {
	driver Driver
	random io.Reader
}

// New returns a Store. random is crypto/rand.Reader in the product.
func New(d Driver, random io.Reader) *Store { return &Store{driver: d, random: random} }

// Put seals and stores what body gives, and returns the key that opens it and
// the value's size. Errors are the Driver's and body's.
func (s *Store) Put(ctx context.Context, name string, body io.Reader) (Key, int64, error) {
	const op = "store blob"
	key := make(Key, keySize)
	if _, err := io.ReadFull(s.random, key); err != nil {
		return nil, 0, desk.Wrap(desk.Internal, op, err)
	}
	sealed, err := newSealer(key, name, body)
	if err != nil {
		return nil, 0, desk.Wrap(desk.Internal, op, err)
	}
	if _, err := s.driver.Put(ctx, name, sealed); err != nil {
		return nil, 0, err
	}
	return key, sealed.size, nil
}

// Open returns a reader of a value of the given size. Nothing is read before it
// is asked for, so that a blob that is missing or damaged shows at Read:
// NotFound, Internal. ctx must live as long as the reader.
func (s *Store) Open(ctx context.Context, name string, key Key, size int64) (*Reader, error) {
	aead, err := newCipher(key)
	if err != nil || size < 0 {
		return nil, desk.Wrap(desk.Internal, "open blob", err)
	}
	return &Reader{
		open: func(offset int64) (io.ReadCloser, error) { return s.driver.Open(ctx, name, offset, -1) },
		aead: aead, context: additional(name), size: size, piece: -1,
	}, nil
}

// Delete removes a blob; one that is not there is fine.
func (s *Store) Delete(ctx context.Context, name string) error { return s.driver.Delete(ctx, name) }

// List walks all blobs, as Driver.List.
func (s *Store) List(ctx context.Context, cursor string, limit int) ([]Info, string, error) {
	return s.driver.List(ctx, cursor, limit)
}

// Clean removes what broken-off Puts left, as Driver.Clean.
func (s *Store) Clean(ctx context.Context, before time.Time) error {
	return s.driver.Clean(ctx, before)
}
