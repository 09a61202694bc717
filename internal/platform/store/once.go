package store

import (
	"context"
	"errors"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// FirstAnswer is the result of the command that used the idempotency key of
// the scope before; NotFound if none did.
func (r Reads) FirstAnswer(ctx context.Context, account desk.AccountID, scope, key string) (string, error) {
	row, err := r.q.Dedupe(ctx, query.DedupeParams{AccountID: string(account), Scope: scope, Key: key})
	return row.ResultID, r.fail("find first answer", "command", err)
}

// Once notes the idempotency key of a command that is a function, as a Command
// does for itself. If the key was used before, the function must change nothing
// more: first is the result of then. It is undone with the transaction.
func (t *Tx) Once(ctx context.Context, account desk.AccountID, scope, key, result string) (first string, repeated bool, err error) {
	const op = "note command"
	if err := t.own(op, account); err != nil {
		return "", false, err
	}
	if scope == "" || key == "" {
		return "", false, desk.E(desk.Internal, op, "scope and key must be set")
	}
	n, err := t.q.InsertDedupe(ctx, query.InsertDedupeParams{
		AccountID: string(account), Scope: scope, Key: key, ResultID: result, AtUs: desk.Micros(t.now),
	})
	if err != nil {
		return "", false, t.fail(op, "command", err)
	}
	if n == 1 {
		return result, false, nil
	}
	first, err = t.FirstAnswer(ctx, account, scope, key)
	if errors.Is(err, desk.NotFound) { // trimmed in this very moment: it is as good as new
		return result, false, nil
	}
	return first, true, err
}
