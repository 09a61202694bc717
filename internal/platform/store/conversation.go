package store

import (
	"context"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Conversation finds a conversation of the account.
func (r Reads) Conversation(ctx context.Context, account desk.AccountID, id desk.ConversationID) (desk.Conversation, error) {
	const op = "find conversation"
	shard, ok := id.Shard()
	if !ok {
		return desk.Conversation{}, desk.E(desk.NotFound, op, "there is no such conversation")
	}
	row, err := r.q.Conversation(ctx, query.ConversationParams{AccountID: string(account), Shard: int16(shard), ID: string(id)})
	if err != nil {
		return desk.Conversation{}, r.fail(op, "conversation", err)
	}
	return ConversationOf(row), nil
}

// pairSize is how many rows a query by pairs of shard and id takes.
const pairSize = 20

// ConversationsByID finds many conversations of the account; unknown ids are
// left out.
func (r Reads) ConversationsByID(ctx context.Context, account desk.AccountID, ids []desk.ConversationID) (map[desk.ConversationID]desk.Conversation, error) {
	out := make(map[desk.ConversationID]desk.Conversation, len(ids))
	for chunk := range slices.Chunk(ids, pairSize) {
		p := query.ConversationsByIDParams{AccountID: string(account)}
		shards := [pairSize]*int16{
			&p.Shard1, &p.Shard2, &p.Shard3, &p.Shard4, &p.Shard5, &p.Shard6, &p.Shard7, &p.Shard8, &p.Shard9,
			&p.Shard10, &p.Shard11, &p.Shard12, &p.Shard13, &p.Shard14, &p.Shard15, &p.Shard16, &p.Shard17, &p.Shard18,
			&p.Shard19, &p.Shard20,
		}
		texts := [pairSize]*string{
			&p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8, &p.Id9, &p.Id10, &p.Id11, &p.Id12, &p.Id13,
			&p.Id14, &p.Id15, &p.Id16, &p.Id17, &p.Id18, &p.Id19, &p.Id20,
		}
		for i, id := range chunk {
			if shard, ok := id.Shard(); ok {
				*shards[i], *texts[i] = int16(shard), string(id)
			}
		}
		rows, err := r.q.ConversationsByID(ctx, p)
		if err != nil {
			return nil, r.fail("find conversations", "conversation", err)
		}
		for _, row := range rows {
			out[desk.ConversationID(row.ID)] = ConversationOf(row)
		}
	}
	return out, nil
}

// ConversationPage walks all conversations of one shard of the account by id,
// from after on. Rebuilds use it.
func (r Reads) ConversationPage(ctx context.Context, account desk.AccountID, shard desk.Shard, after desk.ConversationID, limit int) ([]desk.Conversation, error) {
	rows, err := r.q.ConversationPage(ctx, query.ConversationPageParams{
		AccountID: string(account), Shard: int16(shard), AfterID: string(after), RowLimit: bound(limit),
	})
	if err != nil {
		return nil, r.fail("list conversations", "conversation", err)
	}
	out := make([]desk.Conversation, len(rows))
	for i, row := range rows {
		out[i] = ConversationOf(row)
	}
	return out, nil
}

// LiveConversation finds the conversation that a contact's next message in
// the thread goes to, which may be resolved; NotFound if there was none yet.
func (r Reads) LiveConversation(ctx context.Context, account desk.AccountID, contact desk.ContactID, thread string) (desk.ConversationID, error) {
	row, err := r.q.LiveConversation(ctx, query.LiveConversationParams{
		AccountID: string(account), ContactID: string(contact), Thread: thread,
	})
	if err != nil {
		return "", r.fail("find live conversation", "conversation", err)
	}
	return desk.ConversationID(row.ConversationID), nil
}

// ConversationOf turns a row into a conversation; for drivers.
func ConversationOf(row query.Conversation) desk.Conversation {
	return desk.Conversation{
		ID: desk.ConversationID(row.ID), AccountID: desk.AccountID(row.AccountID), ContactID: desk.ContactID(row.ContactID),
		InboxID: desk.InboxID(row.InboxID), Thread: row.Thread, Status: desk.Status(row.Status),
		AssigneeID: desk.AgentID(row.AssigneeID), TeamID: desk.TeamID(row.TeamID), Seq: row.Seq, Version: row.Version,
		ContactReadSeq: row.ContactReadSeq, AgentReadSeq: row.AgentReadSeq,
		CreatedAt: desk.FromMicros(row.CreatedUs), UpdatedAt: desk.FromMicros(row.UpdatedUs),
		LastMessageAt: desk.FromMicros(row.LastMessageUs), WaitingSince: desk.FromMicros(row.WaitingUs),
		SnoozedUntil: desk.FromMicros(row.SnoozedUntilUs), ResolvedAt: desk.FromMicros(row.ResolvedUs),
		Preview: row.Preview,
	}
}

// ConversationRow is the inverse of ConversationOf.
func ConversationRow(c desk.Conversation) query.Conversation {
	shard, _ := c.ID.Shard()
	return query.Conversation{
		Shard: int16(shard), ID: string(c.ID), AccountID: string(c.AccountID), ContactID: string(c.ContactID),
		InboxID: string(c.InboxID), Thread: c.Thread, Status: string(c.Status), AssigneeID: string(c.AssigneeID),
		TeamID: string(c.TeamID), Seq: c.Seq, Version: c.Version, ContactReadSeq: c.ContactReadSeq,
		AgentReadSeq: c.AgentReadSeq, CreatedUs: desk.Micros(c.CreatedAt), UpdatedUs: desk.Micros(c.UpdatedAt),
		LastMessageUs: desk.Micros(c.LastMessageAt), WaitingUs: desk.Micros(c.WaitingSince),
		SnoozedUntilUs: desk.Micros(c.SnoozedUntil), ResolvedUs: desk.Micros(c.ResolvedAt), Preview: blob(c.Preview),
	}
}
