package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
)

// Index finds messages by keyed hashes of their words. It knows no text. It is
// rebuilt from the messages if lost. All methods may be called concurrently.
type Index interface {
	// Put adds documents, of any accounts, or replaces those with the same
	// message, all in one durable transaction. Conflict if a message is another
	// account's.
	Put(ctx context.Context, docs []IndexDoc) error
	// Search finds the account's documents that have all tokens, the newest
	// first, below the cursor (the zero cursor is the top). No tokens find
	// nothing. At most limit hits, 1000 if limit is 0.
	Search(ctx context.Context, account desk.AccountID, tokens []uint64, before IndexCursor, limit int) ([]IndexHit, error)
	// Delete removes documents; unknown ones are fine.
	Delete(ctx context.Context, account desk.AccountID, ids []desk.MessageID) error
	// Count is how many documents the account has.
	Count(ctx context.Context, account desk.AccountID) (int64, error)
}

// IndexDoc is a message as the index sees it.
type IndexDoc struct {
	Account      desk.AccountID
	Message      desk.MessageID
	Conversation desk.ConversationID
	At           time.Time
	// Tokens are keyed hashes; order and repeats do not matter.
	Tokens []uint64
}

// IndexHit is a message that may match; the caller decrypts and verifies.
type IndexHit struct {
	Message      desk.MessageID
	Conversation desk.ConversationID
	At           time.Time
}

// IndexCursor is where a search goes on: below this hit.
type IndexCursor struct {
	At      time.Time
	Message desk.MessageID
}
