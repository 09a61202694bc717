package store

import (
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// LabelKey is the form of a label's name in which it is unique.
type LabelKey string

// Labels lists the account's labels by name.
func (r Reads) Labels(ctx context.Context, account desk.AccountID) ([]desk.Label, error) {
	rows, err := r.q.Labels(ctx, query.LabelsParams{AccountID: string(account), RowLimit: maxPage})
	if err != nil {
		return nil, r.fail("list labels", "label", err)
	}
	out := make([]desk.Label, len(rows))
	for i, row := range rows {
		out[i] = desk.Label{
			ID: desk.LabelID(row.ID), AccountID: desk.AccountID(row.AccountID), Name: row.Name, Color: row.Color,
			Description: row.Description, CreatedAt: desk.FromMicros(row.CreatedUs),
		}
	}
	return out, nil
}

// InsertLabel adds a label; Conflict if the account has one of that key.
func (t *Tx) InsertLabel(ctx context.Context, l desk.Label, key LabelKey) error {
	const op = "add label"
	if err := t.own(op, l.AccountID); err != nil {
		return err
	}
	return t.fail(op, "label", t.q.InsertLabel(ctx, query.InsertLabelParams{
		AccountID: string(l.AccountID), ID: string(l.ID), Name: l.Name, NameKey: string(key), Color: l.Color,
		Description: l.Description, CreatedUs: desk.Micros(l.CreatedAt),
	}))
}

// UpdateLabel changes a label; Conflict if another has the key.
func (t *Tx) UpdateLabel(ctx context.Context, l desk.Label, key LabelKey) error {
	const op = "change label"
	if err := t.own(op, l.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateLabel(ctx, query.UpdateLabelParams{
		Name: l.Name, NameKey: string(key), Color: l.Color, Description: l.Description,
		AccountID: string(l.AccountID), ID: string(l.ID),
	})
	return t.changed(op, "label", n, err)
}

// DeleteLabel removes a label and takes it off every conversation.
func (t *Tx) DeleteLabel(ctx context.Context, account desk.AccountID, id desk.LabelID) error {
	const op = "delete label"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteLabel(ctx, query.DeleteLabelParams{AccountID: string(account), ID: string(id)})
	if err := t.changed(op, "label", n, err); err != nil {
		return err
	}
	return t.fail(op, "label", t.q.DeleteLabelUses(ctx, query.DeleteLabelUsesParams{AccountID: string(account), LabelID: string(id)}))
}

// LabelsOf lists the labels of conversations; those without any are left out.
func (r Reads) LabelsOf(ctx context.Context, account desk.AccountID, ids []desk.ConversationID) (map[desk.ConversationID][]desk.LabelID, error) {
	out := make(map[desk.ConversationID][]desk.LabelID)
	for chunk := range slices.Chunk(ids, pageChunk) {
		p := query.LabelsOfConversationsParams{AccountID: string(account)}
		fill(chunk,
			&p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8, &p.Id9, &p.Id10,
			&p.Id11, &p.Id12, &p.Id13, &p.Id14, &p.Id15, &p.Id16, &p.Id17, &p.Id18, &p.Id19, &p.Id20,
			&p.Id21, &p.Id22, &p.Id23, &p.Id24, &p.Id25, &p.Id26, &p.Id27, &p.Id28, &p.Id29, &p.Id30,
			&p.Id31, &p.Id32, &p.Id33, &p.Id34, &p.Id35, &p.Id36, &p.Id37, &p.Id38, &p.Id39, &p.Id40,
			&p.Id41, &p.Id42, &p.Id43, &p.Id44, &p.Id45, &p.Id46, &p.Id47, &p.Id48, &p.Id49, &p.Id50,
		)
		rows, err := r.q.LabelsOfConversations(ctx, p)
		if err != nil {
			return nil, r.fail("list labels", "label", err)
		}
		for _, row := range rows {
			id := desk.ConversationID(row.ConversationID)
			out[id] = append(out[id], desk.LabelID(row.LabelID))
		}
	}
	return out, nil
}

// CannedReply is a canned reply as databases keep it.
type CannedReply struct {
	ID        desk.CannedReplyID
	AccountID desk.AccountID
	Scope     desk.CannedScope
	// OwnerID is an agent or a team, by Scope; empty for those of all.
	OwnerID string
	// Shortcut is unique for each owner.
	Shortcut string
	// Content holds title and parts.
	Content   desk.Sealed
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CannedReplies lists all canned replies of the account by shortcut.
func (r Reads) CannedReplies(ctx context.Context, account desk.AccountID) ([]CannedReply, error) {
	rows, err := r.q.CannedReplies(ctx, query.CannedRepliesParams{AccountID: string(account), RowLimit: 10 * maxPage})
	if err != nil {
		return nil, r.fail("list canned replies", "canned reply", err)
	}
	out := make([]CannedReply, len(rows))
	for i, row := range rows {
		out[i] = cannedOf(row)
	}
	return out, nil
}

// CannedReply finds one.
func (r Reads) CannedReply(ctx context.Context, account desk.AccountID, id desk.CannedReplyID) (CannedReply, error) {
	row, err := r.q.CannedReply(ctx, query.CannedReplyParams{AccountID: string(account), ID: string(id)})
	if err != nil {
		return CannedReply{}, r.fail("find canned reply", "canned reply", err)
	}
	return cannedOf(row), nil
}

func cannedOf(row query.CannedReply) CannedReply {
	return CannedReply{
		ID: desk.CannedReplyID(row.ID), AccountID: desk.AccountID(row.AccountID), Scope: desk.CannedScope(row.Scope),
		OwnerID: row.OwnerID, Shortcut: row.Shortcut, Content: row.Content,
		CreatedAt: desk.FromMicros(row.CreatedUs), UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}
}

// InsertCannedReply adds one; Conflict if its owner has the shortcut already.
func (t *Tx) InsertCannedReply(ctx context.Context, c CannedReply) error {
	const op = "add canned reply"
	if err := t.own(op, c.AccountID); err != nil {
		return err
	}
	return t.fail(op, "canned reply", t.q.InsertCannedReply(ctx, query.InsertCannedReplyParams{
		AccountID: string(c.AccountID), ID: string(c.ID), Scope: string(c.Scope), OwnerID: c.OwnerID, Shortcut: c.Shortcut,
		Content: blob(c.Content), CreatedUs: desk.Micros(c.CreatedAt), UpdatedUs: desk.Micros(c.UpdatedAt),
	}))
}

// UpdateCannedReply changes one; Conflict if its owner has another of the shortcut.
func (t *Tx) UpdateCannedReply(ctx context.Context, c CannedReply) error {
	const op = "change canned reply"
	if err := t.own(op, c.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateCannedReply(ctx, query.UpdateCannedReplyParams{
		Scope: string(c.Scope), OwnerID: c.OwnerID, Shortcut: c.Shortcut, Content: blob(c.Content),
		UpdatedUs: desk.Micros(c.UpdatedAt), AccountID: string(c.AccountID), ID: string(c.ID),
	})
	return t.changed(op, "canned reply", n, err)
}

// DeleteCannedReply removes one.
func (t *Tx) DeleteCannedReply(ctx context.Context, account desk.AccountID, id desk.CannedReplyID) error {
	const op = "delete canned reply"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteCannedReply(ctx, query.DeleteCannedReplyParams{AccountID: string(account), ID: string(id)})
	return t.changed(op, "canned reply", n, err)
}
