package store

import (
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// DraftKey names a draft: one per agent, conversation and kind.
type DraftKey struct {
	AccountID      desk.AccountID
	AgentID        desk.AgentID
	ConversationID desk.ConversationID
	// Kind is "reply" or "note".
	Kind string
}

// SavedDraft is something that an agent has begun to write.
type SavedDraft struct {
	DraftKey
	// Revision grows by one with each change.
	Revision  int64
	Body      desk.Sealed
	UpdatedAt time.Time
}

func draftOf(row query.Draft) SavedDraft {
	return SavedDraft{
		DraftKey: DraftKey{
			AccountID: desk.AccountID(row.AccountID), AgentID: desk.AgentID(row.AgentID),
			ConversationID: desk.ConversationID(row.ConversationID), Kind: row.Kind,
		},
		Revision: row.Revision, Body: row.Body, UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}
}

// Draft finds one.
func (r Reads) Draft(ctx context.Context, k DraftKey) (SavedDraft, error) {
	row, err := r.q.Draft(ctx, query.DraftParams{
		AccountID: string(k.AccountID), AgentID: string(k.AgentID), ConversationID: string(k.ConversationID), Kind: k.Kind,
	})
	if err != nil {
		return SavedDraft{}, r.fail("find draft", "draft", err)
	}
	return draftOf(row), nil
}

// Drafted tells in which of the conversations the agent has a draft.
func (r Reads) Drafted(ctx context.Context, account desk.AccountID, agent desk.AgentID, ids []desk.ConversationID) (map[desk.ConversationID]bool, error) {
	out := make(map[desk.ConversationID]bool)
	for chunk := range slices.Chunk(ids, pageChunk) {
		p := query.DraftedConversationsParams{AccountID: string(account), AgentID: string(agent)}
		fill(chunk,
			&p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8, &p.Id9, &p.Id10,
			&p.Id11, &p.Id12, &p.Id13, &p.Id14, &p.Id15, &p.Id16, &p.Id17, &p.Id18, &p.Id19, &p.Id20,
			&p.Id21, &p.Id22, &p.Id23, &p.Id24, &p.Id25, &p.Id26, &p.Id27, &p.Id28, &p.Id29, &p.Id30,
			&p.Id31, &p.Id32, &p.Id33, &p.Id34, &p.Id35, &p.Id36, &p.Id37, &p.Id38, &p.Id39, &p.Id40,
			&p.Id41, &p.Id42, &p.Id43, &p.Id44, &p.Id45, &p.Id46, &p.Id47, &p.Id48, &p.Id49, &p.Id50,
		)
		rows, err := r.q.DraftedConversations(ctx, p)
		if err != nil {
			return nil, r.fail("list drafts", "draft", err)
		}
		for _, id := range rows {
			out[desk.ConversationID(id)] = true
		}
	}
	return out, nil
}

// DraftPage walks the account's drafts in the order of their keys, for
// rebuilds; the zero key begins.
func (r Reads) DraftPage(ctx context.Context, account desk.AccountID, after DraftKey, limit int) ([]SavedDraft, error) {
	rows, err := r.q.DraftPage(ctx, query.DraftPageParams{
		AccountID: string(account), AfterAgent: string(after.AgentID), AfterConversation: string(after.ConversationID),
		AfterKind: after.Kind, RowLimit: bound(limit),
	})
	if err != nil {
		return nil, r.fail("list drafts", "draft", err)
	}
	out := make([]SavedDraft, len(rows))
	for i, row := range rows {
		out[i] = draftOf(row)
	}
	return out, nil
}

// OldDrafts lists drafts of all accounts that were not touched since.
func (r Reads) OldDrafts(ctx context.Context, since time.Time, limit int) ([]SavedDraft, error) {
	rows, err := r.q.OldDrafts(ctx, query.OldDraftsParams{BeforeUs: desk.Micros(since), RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail("list drafts", "draft", err)
	}
	out := make([]SavedDraft, len(rows))
	for i, row := range rows {
		out[i] = draftOf(row)
	}
	return out, nil
}

// PutDraft keeps a draft or replaces it.
func (t *Tx) PutDraft(ctx context.Context, d SavedDraft) error {
	const op = "keep draft"
	if err := t.own(op, d.AccountID); err != nil {
		return err
	}
	return t.fail(op, "draft", t.q.PutDraft(ctx, query.PutDraftParams{
		AccountID: string(d.AccountID), AgentID: string(d.AgentID), ConversationID: string(d.ConversationID), Kind: d.Kind,
		Revision: d.Revision, Body: blob(d.Body), UpdatedUs: desk.Micros(d.UpdatedAt),
	}))
}

// DeleteDraft drops a draft; NotFound if there is none.
func (t *Tx) DeleteDraft(ctx context.Context, k DraftKey) error {
	const op = "delete draft"
	if err := t.own(op, k.AccountID); err != nil {
		return err
	}
	n, err := t.q.DeleteDraft(ctx, query.DeleteDraftParams{
		AccountID: string(k.AccountID), AgentID: string(k.AgentID), ConversationID: string(k.ConversationID), Kind: k.Kind,
	})
	return t.changed(op, "draft", n, err)
}
