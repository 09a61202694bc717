package store

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store/query"
)

var _ seal.KeyStore = (*Store)(nil)

// LoadKeys returns every wrapped key of the account, retired ones too, by id.
func (s *Store) LoadKeys(ctx context.Context, account desk.AccountID) ([]seal.WrappedKey, error) {
	rows, err := s.q.AccountKeys(ctx, query.AccountKeysParams{AccountID: string(account)})
	if err != nil {
		return nil, s.fail("load keys", "key", err)
	}
	out := make([]seal.WrappedKey, len(rows))
	for i, row := range rows {
		out[i] = seal.WrappedKey{
			ID: uint32(row.ID), Purpose: row.Purpose, Wrapped: row.Wrapped, //nolint:gosec // ids are written by AddKey
			CreatedAt: desk.FromMicros(row.CreatedUs), Retired: row.Retired,
		}
	}
	return out, nil
}

// AddKey inserts a key durably; Conflict if the account has one with this id.
func (s *Store) AddKey(ctx context.Context, account desk.AccountID, key seal.WrappedKey) error {
	const op = "add key"
	return s.Write(ctx, account, func(ctx context.Context, tx *Tx) error {
		if err := tx.own(op, account); err != nil {
			return err
		}
		n, err := tx.q.InsertAccountKey(ctx, query.InsertAccountKeyParams{
			AccountID: string(account), Purpose: key.Purpose, ID: int64(key.ID), Wrapped: blob(key.Wrapped),
			CreatedUs: desk.Micros(key.CreatedAt), Retired: key.Retired,
		})
		if err == nil && n == 0 {
			return desk.E(desk.Conflict, op, "the account has a key with this id already")
		}
		return tx.fail(op, "key", err)
	})
}

// UpdateKey replaces Wrapped and Retired of the key with this id; NotFound if
// there is none.
func (s *Store) UpdateKey(ctx context.Context, account desk.AccountID, key seal.WrappedKey) error {
	const op = "update key"
	return s.Write(ctx, account, func(ctx context.Context, tx *Tx) error {
		if err := tx.own(op, account); err != nil {
			return err
		}
		n, err := tx.q.UpdateAccountKey(ctx, query.UpdateAccountKeyParams{
			AccountID: string(account), ID: int64(key.ID), Wrapped: blob(key.Wrapped), Retired: key.Retired,
		})
		return tx.changed(op, "key", n, err)
	})
}
