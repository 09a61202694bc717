package postgres

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// index is the search index: keyed token hashes under a GIN index.
type index struct{ d *Driver }

var _ store.Index = index{}

// Index is the search index, kept in the same database.
func (d *Driver) Index() store.Index { return index{d} }

// Put adds or replaces documents in one statement.
func (x index) Put(ctx context.Context, docs []store.IndexDoc) error {
	const op = "index messages"
	last := make(map[desk.MessageID]store.IndexDoc, len(docs)) // a statement may touch a row once
	for _, doc := range docs {
		last[doc.Message] = doc
	}
	var account, message, conversation, tokens []string
	var at []int64
	// In the order of the key, so that two callers do not deadlock.
	for _, id := range slices.Sorted(maps.Keys(last)) {
		doc := last[id]
		account, message = append(account, string(doc.Account)), append(message, string(id))
		conversation, at = append(conversation, string(doc.Conversation)), append(at, desk.Micros(doc.At))
		tokens = append(tokens, literal(doc.Tokens))
	}
	if len(last) == 0 {
		return nil
	}
	_, err := x.d.writeDB.ExecContext(ctx, sqlIndexPut, account, message, conversation, at, tokens)
	if code(err) == codeDivision {
		return desk.E(desk.Conflict, op, "a message is another account's")
	}
	if err != nil {
		return failure(op, err)
	}
	return nil
}

// literal writes tokens as an array in text, because unnest would flatten an
// array of arrays.
func literal(tokens []uint64) string {
	text := []byte{'{'}
	for i, t := range tokensOf(tokens) {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, t, 10)
	}
	return string(append(text, '}'))
}

// Search reads one page of hits.
func (x index) Search(ctx context.Context, account desk.AccountID, tokens []uint64, before store.IndexCursor, limit int) ([]store.IndexHit, error) {
	const op, maxHits = "search index", 1000
	if len(tokens) == 0 {
		return nil, nil
	}
	if limit <= 0 || limit > maxHits {
		limit = maxHits
	}
	at := int64(math.MaxInt64)
	if !before.At.IsZero() {
		at = desk.Micros(before.At)
	}
	rows, err := x.d.readDB.QueryContext(ctx, sqlIndexSearch, string(account), tokensOf(tokens), at, string(before.Message), limit)
	if err != nil {
		return nil, failure(op, err)
	}
	defer rows.Close()
	var hits []store.IndexHit
	for rows.Next() {
		var message, conversation string
		var us int64
		if err := rows.Scan(&message, &conversation, &us); err != nil {
			return nil, failure(op, err)
		}
		hits = append(hits, store.IndexHit{
			Message: desk.MessageID(message), Conversation: desk.ConversationID(conversation), At: desk.FromMicros(us),
		})
	}
	if err := rows.Err(); err != nil {
		return nil, failure(op, err)
	}
	return hits, nil
}

// Delete removes documents.
func (x index) Delete(ctx context.Context, account desk.AccountID, ids []desk.MessageID) error {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = string(id)
	}
	if _, err := x.d.writeDB.ExecContext(ctx, sqlIndexDelete, string(account), text); err != nil {
		return failure("delete from index", err)
	}
	return nil
}

// Count counts the account's documents.
func (x index) Count(ctx context.Context, account desk.AccountID) (int64, error) {
	var n int64
	if err := x.d.readDB.QueryRowContext(ctx, sqlIndexCount, string(account)).Scan(&n); err != nil {
		return 0, failure("count index", err)
	}
	return n, nil
}

// tokensOf maps hashes to the signed numbers that PostgreSQL has, without
// repeats.
func tokensOf(tokens []uint64) []int64 {
	out := make([]int64, len(tokens))
	for i, t := range tokens {
		out[i] = int64(t) //nolint:gosec // the bits count, not the sign
	}
	slices.Sort(out)
	return slices.Compact(out)
}
