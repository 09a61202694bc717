package library

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
)

// Version is what an item was after a save.
type Version struct {
	Version int64
	// Act says what was done: created, changed, moved, enabled, disabled,
	// imported, restored, or way_ and an origin.
	Act   string
	Agent desk.AgentID
	At    time.Time
	Body
}

// History lists an item's versions, the newest first, at most the last 50.
func (s *Service) History(ctx context.Context, account desk.AccountID, id string) ([]Version, error) {
	if _, err := s.deps.Store.KnowledgeItem(ctx, account, id); err != nil {
		return nil, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	rows, err := s.deps.Store.KnowledgeVersions(ctx, account, id, keptVersions)
	if err != nil {
		return nil, err
	}
	out := make([]Version, 0, len(rows))
	for _, row := range rows {
		b, err := openBody(keys, VersionPlace(id, row.Version), row.Content)
		if err != nil {
			return nil, err
		}
		out = append(out, Version{Version: row.Version, Act: row.Act, Agent: row.AgentID, At: row.At, Body: b})
	}
	return out, nil
}

// Restore makes an earlier version the newest again. expect is the version that
// the caller has seen; Conflict if it is not the newest.
func (s *Service) Restore(ctx context.Context, by desk.By, id string, version, expect int64) (Item, error) {
	const op = "restore knowledge"
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Item{}, err
	}
	err = s.command(ctx, by, op+":"+id, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		it, err := get(ctx, tx.Reads, keys, by.Account, id)
		if err != nil {
			return err
		}
		if it.Version != expect {
			return errChanged(op)
		}
		old, err := tx.KnowledgeVersion(ctx, by.Account, id, version)
		if err != nil {
			return err
		}
		if it.Body, err = openBody(keys, VersionPlace(id, version), old.Content); err != nil {
			return err
		}
		it.UpdatedBy = by.Agent
		return s.update(ctx, tx, by, pen, keys, it, "restored")
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, by.Account, id)
}
