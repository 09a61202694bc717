package store

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// KnowledgeIndex is a training and what it was worth.
type KnowledgeIndex struct {
	ID        string
	AccountID desk.AccountID
	// Revision is the shelf's that was learned.
	Revision int64
	// Parts is in how many parts its index lies.
	Parts     int
	Report    json.RawMessage
	CreatedAt time.Time
}

// KnowledgePart is a part of a stored index.
type KnowledgePart struct {
	AccountID desk.AccountID
	IndexID   string
	Part      int
	Body      desk.Sealed
}

// KnowledgeIndexes lists trainings, the newest first.
func (r Reads) KnowledgeIndexes(ctx context.Context, account desk.AccountID, limit int) ([]KnowledgeIndex, error) {
	rows, err := r.q.KnowledgeIndexes(ctx, query.KnowledgeIndexesParams{AccountID: string(account), RowLimit: bound(limit)})
	return mapped(rows, func(row query.KnowledgeIndex) KnowledgeIndex {
		return KnowledgeIndex{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), Revision: row.Revision, Parts: int(row.Parts),
			Report: json.RawMessage(row.Report), CreatedAt: desk.FromMicros(row.CreatedUs),
		}
	}), r.fail("list trainings", "training", err)
}

// KnowledgePart finds a part of an index.
func (r Reads) KnowledgePart(ctx context.Context, account desk.AccountID, index string, part int) (KnowledgePart, error) {
	row, err := r.q.KnowledgePart(ctx, query.KnowledgePartParams{AccountID: string(account), IndexID: index, Part: int64(part)})
	if err != nil {
		return KnowledgePart{}, r.fail("find index", "index", err)
	}
	return knowledgePartOf(row), nil
}

// KnowledgePartPage walks all parts, from behind the given one on.
func (r Reads) KnowledgePartPage(ctx context.Context, account desk.AccountID, index string, part, limit int) ([]KnowledgePart, error) {
	rows, err := r.q.KnowledgePartPage(ctx, query.KnowledgePartPageParams{
		AccountID: string(account), AfterIndex: index, AfterPart: int64(part), RowLimit: bound(limit),
	})
	return mapped(rows, knowledgePartOf), r.fail("list index", "index", err)
}

func knowledgePartOf(row query.KnowledgePart) KnowledgePart {
	return KnowledgePart{AccountID: desk.AccountID(row.AccountID), IndexID: row.IndexID, Part: int(row.Part), Body: row.Body}
}

// KnowledgeIndexNames lists the trainings of which parts are stored, also of
// those that were broken off.
func (r Reads) KnowledgeIndexNames(ctx context.Context, account desk.AccountID) ([]string, error) {
	rows, err := r.q.KnowledgeIndexNames(ctx, query.KnowledgeIndexNamesParams{AccountID: string(account), RowLimit: maxPage})
	return rows, r.fail("list trainings", "training", err)
}

// InsertKnowledgeIndex adds a training whose parts are stored.
func (t *Tx) InsertKnowledgeIndex(ctx context.Context, x KnowledgeIndex) error {
	const op = "add training"
	if err := t.own(op, x.AccountID); err != nil {
		return err
	}
	return t.fail(op, "training", t.q.InsertKnowledgeIndex(ctx, query.InsertKnowledgeIndexParams{
		AccountID: string(x.AccountID), ID: x.ID, Revision: x.Revision, Parts: int64(x.Parts), Report: string(x.Report),
		CreatedUs: desk.Micros(x.CreatedAt),
	}))
}

// DeleteKnowledgeIndex removes a training and its parts.
func (t *Tx) DeleteKnowledgeIndex(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete training"
	if err := t.own(op, account); err != nil {
		return err
	}
	if err := t.q.DeleteKnowledgeIndex(ctx, query.DeleteKnowledgeIndexParams{AccountID: string(account), ID: id}); err != nil {
		return t.fail(op, "training", err)
	}
	return t.fail(op, "training", t.q.DeleteKnowledgeParts(ctx, query.DeleteKnowledgePartsParams{AccountID: string(account), IndexID: id}))
}

// InsertKnowledgePart adds a part of an index.
func (t *Tx) InsertKnowledgePart(ctx context.Context, p KnowledgePart) error {
	const op = "add index"
	if err := t.own(op, p.AccountID); err != nil {
		return err
	}
	return t.fail(op, "index", t.q.InsertKnowledgePart(ctx, query.InsertKnowledgePartParams{
		AccountID: string(p.AccountID), IndexID: p.IndexID, Part: int64(p.Part), Body: blob(p.Body),
	}))
}

// ResealKnowledgePart replaces the sealed body of a part.
func (t *Tx) ResealKnowledgePart(ctx context.Context, p KnowledgePart) error {
	const op = "reseal index"
	if err := t.own(op, p.AccountID); err != nil {
		return err
	}
	return t.fail(op, "index", t.q.ResealKnowledgePart(ctx, query.ResealKnowledgePartParams{
		Body: blob(p.Body), AccountID: string(p.AccountID), IndexID: p.IndexID, Part: int64(p.Part),
	}))
}
