package store

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// KnowledgeItem is an FAQ or an article as databases keep it.
type KnowledgeItem struct {
	ID         string
	AccountID  desk.AccountID
	Kind       string
	CategoryID string
	// Version counts the item's saves, from 1.
	Version   int64
	Content   desk.Sealed
	CreatedAt time.Time
	UpdatedAt time.Time
}

// KnowledgeItem finds one.
func (r Reads) KnowledgeItem(ctx context.Context, account desk.AccountID, id string) (KnowledgeItem, error) {
	row, err := r.q.KnowledgeItem(ctx, query.KnowledgeItemParams{AccountID: string(account), ID: id})
	if err != nil {
		return KnowledgeItem{}, r.fail("find knowledge", "entry", err)
	}
	return knowledgeItemOf(row), nil
}

// KnowledgeItems walks all items by id, from after on.
func (r Reads) KnowledgeItems(ctx context.Context, account desk.AccountID, after string, limit int) ([]KnowledgeItem, error) {
	rows, err := r.q.KnowledgeItemsByID(ctx, query.KnowledgeItemsByIDParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return mapped(rows, knowledgeItemOf), r.fail("list knowledge", "entry", err)
}

// KnowledgeByAge walks all items, the one changed last first. The first page
// begins before a zero time.
func (r Reads) KnowledgeByAge(ctx context.Context, account desk.AccountID, before time.Time, id string, limit int) ([]KnowledgeItem, error) {
	at := int64(math.MaxInt64)
	if !before.IsZero() {
		at = desk.Micros(before)
	}
	rows, err := r.q.KnowledgeItemsByAge(ctx, query.KnowledgeItemsByAgeParams{AccountID: string(account), BeforeUs: at, BeforeID: id, RowLimit: bound(limit)})
	return mapped(rows, knowledgeItemOf), r.fail("list knowledge", "entry", err)
}

func knowledgeItemOf(row query.KnowledgeItem) KnowledgeItem {
	return KnowledgeItem{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Kind: row.Kind, CategoryID: row.CategoryID, Version: row.Version,
		Content: row.Content, CreatedAt: desk.FromMicros(row.CreatedUs), UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}
}

func mapped[A, B any](rows []A, f func(A) B) []B {
	out := make([]B, len(rows))
	for i, row := range rows {
		out[i] = f(row)
	}
	return out
}

// InsertKnowledgeItem adds one; Conflict if there is one of the id.
func (t *Tx) InsertKnowledgeItem(ctx context.Context, k KnowledgeItem) error {
	const op = "add knowledge"
	if err := t.own(op, k.AccountID); err != nil {
		return err
	}
	return t.fail(op, "entry", t.q.InsertKnowledgeItem(ctx, query.InsertKnowledgeItemParams{
		AccountID: string(k.AccountID), ID: k.ID, Kind: k.Kind, CategoryID: k.CategoryID, Version: k.Version,
		Content: blob(k.Content), CreatedUs: desk.Micros(k.CreatedAt), UpdatedUs: desk.Micros(k.UpdatedAt),
	}))
}

// UpdateKnowledgeItem changes all but kind and time of creation.
func (t *Tx) UpdateKnowledgeItem(ctx context.Context, k KnowledgeItem) error {
	const op = "change knowledge"
	if err := t.own(op, k.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateKnowledgeItem(ctx, query.UpdateKnowledgeItemParams{
		AccountID: string(k.AccountID), ID: k.ID, CategoryID: k.CategoryID, Version: k.Version, Content: blob(k.Content),
		UpdatedUs: desk.Micros(k.UpdatedAt),
	})
	return t.changed(op, "entry", n, err)
}

// DeleteKnowledgeItem removes an item and its history.
func (t *Tx) DeleteKnowledgeItem(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete knowledge"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteKnowledgeItem(ctx, query.DeleteKnowledgeItemParams{AccountID: string(account), ID: id})
	if err := t.changed(op, "entry", n, err); err != nil {
		return err
	}
	return t.TrimKnowledgeVersions(ctx, account, id, math.MaxInt64)
}

// KnowledgeVersion is what an item was after a save.
type KnowledgeVersion struct {
	AccountID desk.AccountID
	ItemID    string
	Version   int64
	// Act says what was done: created, changed, restored, imported and so on.
	Act     string
	AgentID desk.AgentID
	Content desk.Sealed
	At      time.Time
}

// KnowledgeVersions lists an item's history, the newest first.
func (r Reads) KnowledgeVersions(ctx context.Context, account desk.AccountID, item string, limit int) ([]KnowledgeVersion, error) {
	rows, err := r.q.KnowledgeVersions(ctx, query.KnowledgeVersionsParams{AccountID: string(account), ItemID: item, RowLimit: bound(limit)})
	return mapped(rows, knowledgeVersionOf), r.fail("list versions", "version", err)
}

// KnowledgeVersion finds one version of an item.
func (r Reads) KnowledgeVersion(ctx context.Context, account desk.AccountID, item string, version int64) (KnowledgeVersion, error) {
	row, err := r.q.KnowledgeVersion(ctx, query.KnowledgeVersionParams{AccountID: string(account), ItemID: item, Version: version})
	if err != nil {
		return KnowledgeVersion{}, r.fail("find version", "version", err)
	}
	return knowledgeVersionOf(row), nil
}

// KnowledgeVersionPage walks the history of all items, from behind the given version on.
func (r Reads) KnowledgeVersionPage(ctx context.Context, account desk.AccountID, item string, version int64, limit int) ([]KnowledgeVersion, error) {
	rows, err := r.q.KnowledgeVersionPage(ctx, query.KnowledgeVersionPageParams{
		AccountID: string(account), AfterItem: item, AfterVersion: version, RowLimit: bound(limit),
	})
	return mapped(rows, knowledgeVersionOf), r.fail("list versions", "version", err)
}

func knowledgeVersionOf(row query.KnowledgeVersion) KnowledgeVersion {
	return KnowledgeVersion{
		AccountID: desk.AccountID(row.AccountID), ItemID: row.ItemID, Version: row.Version, Act: row.Act,
		AgentID: desk.AgentID(row.AgentID), Content: row.Content, At: desk.FromMicros(row.AtUs),
	}
}

// InsertKnowledgeVersion adds to an item's history.
func (t *Tx) InsertKnowledgeVersion(ctx context.Context, v KnowledgeVersion) error {
	const op = "keep version"
	if err := t.own(op, v.AccountID); err != nil {
		return err
	}
	return t.fail(op, "version", t.q.InsertKnowledgeVersion(ctx, query.InsertKnowledgeVersionParams{
		AccountID: string(v.AccountID), ItemID: v.ItemID, Version: v.Version, Act: v.Act, AgentID: string(v.AgentID),
		Content: blob(v.Content), AtUs: desk.Micros(v.At),
	}))
}

// ResealKnowledgeVersion replaces the sealed content of a version.
func (t *Tx) ResealKnowledgeVersion(ctx context.Context, account desk.AccountID, item string, version int64, content desk.Sealed) error {
	const op = "reseal version"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "version", t.q.ResealKnowledgeVersion(ctx, query.ResealKnowledgeVersionParams{
		Content: blob(content), AccountID: string(account), ItemID: item, Version: version,
	}))
}

// TrimKnowledgeVersions forgets an item's versions up to the given one.
func (t *Tx) TrimKnowledgeVersions(ctx context.Context, account desk.AccountID, item string, upto int64) error {
	const op = "trim versions"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "version", t.q.DeleteKnowledgeVersions(ctx, query.DeleteKnowledgeVersionsParams{AccountID: string(account), ItemID: item, Upto: upto}))
}

// KnowledgeShelf is what belongs to all items of an account.
type KnowledgeShelf struct {
	AccountID desk.AccountID
	// Revision counts changes of what is to be learned; Trained is the one that
	// the newest training has learned.
	Revision, Trained int64
	// Serving is the id of the training that answers; empty if there is none.
	Serving string
	// Pinned is the one that an operator chose to keep serving; may be empty.
	Pinned string
	// Settings are categories and synonyms.
	Settings  json.RawMessage
	UpdatedAt time.Time
}

// KnowledgeShelf is the account's; NotFound if nothing was ever saved.
func (r Reads) KnowledgeShelf(ctx context.Context, account desk.AccountID) (KnowledgeShelf, error) {
	row, err := r.q.KnowledgeShelf(ctx, query.KnowledgeShelfParams{AccountID: string(account)})
	if err != nil {
		return KnowledgeShelf{}, r.fail("find knowledge", "knowledge", err)
	}
	return KnowledgeShelf{
		AccountID: account, Revision: row.Revision, Trained: row.Trained, Serving: row.Serving, Pinned: row.Pinned,
		Settings: json.RawMessage(row.Settings), UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}, nil
}

// UntrainedKnowledge lists accounts whose knowledge is to be learned, those
// that wait longest first.
func (r Reads) UntrainedKnowledge(ctx context.Context, limit int) ([]desk.AccountID, error) {
	rows, err := r.q.UntrainedKnowledge(ctx, query.UntrainedKnowledgeParams{RowLimit: bound(limit)})
	return mapped(rows, func(id string) desk.AccountID { return desk.AccountID(id) }), r.fail("list knowledge", "knowledge", err)
}

// PutKnowledgeShelf writes the account's.
func (t *Tx) PutKnowledgeShelf(ctx context.Context, s KnowledgeShelf) error {
	const op = "change knowledge"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "knowledge", t.q.PutKnowledgeShelf(ctx, query.PutKnowledgeShelfParams{
		AccountID: string(s.AccountID), Revision: s.Revision, Trained: s.Trained, Serving: s.Serving, Pinned: s.Pinned,
		Settings: string(s.Settings), UpdatedUs: desk.Micros(s.UpdatedAt),
	}))
}
