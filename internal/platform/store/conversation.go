package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// ConversationFilter narrows a list. The zero value is all conversations of
// the account.
type ConversationFilter struct {
	// Statuses are those wanted; none means all.
	Statuses []desk.Status
	// Assignee nil means anybody's; a pointer to "" means nobody's.
	Assignee *desk.AgentID
	// Team "" means any.
	Team desk.TeamID
	// Contact "" means any.
	Contact desk.ContactID
}

// Page is where a list goes on: after the item with this time and id. The
// zero value is the newest page.
type Page struct {
	BeforeAt time.Time
	BeforeID string
	// Limit is at most 1000; 0 means that.
	Limit int
}

// Counts are the numbers beside the views, each at most 1000. Mine and
// Unassigned count open conversations.
type Counts struct {
	Mine, Unassigned, Open, Pending, Snoozed int64
}

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

// Conversations lists conversations of the account, the newest LastMessageAt
// first, ids descending among equals.
func (r Reads) Conversations(ctx context.Context, account desk.AccountID, f ConversationFilter, p Page) ([]desk.Conversation, error) {
	before, limit := int64(math.MaxInt64), bound(p.Limit)
	if !p.BeforeAt.IsZero() {
		before = desk.Micros(p.BeforeAt)
	}
	statuses := f.Statuses
	if len(statuses) == 0 {
		statuses = []desk.Status{desk.Pending, desk.Open, desk.Snoozed, desk.Resolved}
	}
	var all []query.Conversation
	// One walk along an index per status, merged: an IN list would sort the
	// whole account.
	for _, status := range statuses {
		rows, err := r.conversations(ctx, account, f, status, before, p.BeforeID, limit)
		if err != nil {
			return nil, r.fail("list conversations", "conversation", err)
		}
		all = append(all, rows...)
		if f.Contact != "" {
			break // the contact's list comes with every status at once
		}
	}
	slices.SortFunc(all, func(a, b query.Conversation) int {
		return cmp.Or(cmp.Compare(b.LastMessageUs, a.LastMessageUs), cmp.Compare(b.ID, a.ID))
	})
	out := make([]desk.Conversation, 0, min(len(all), int(limit)))
	for _, row := range all {
		if len(out) < int(limit) && f.matches(row, statuses) {
			out = append(out, ConversationOf(row))
		}
	}
	return out, nil
}

func (r Reads) conversations(ctx context.Context, account desk.AccountID, f ConversationFilter, status desk.Status, before int64, id string, limit int64) ([]query.Conversation, error) {
	switch {
	case f.Contact != "":
		return r.q.ConversationsByContact(ctx, query.ConversationsByContactParams{
			AccountID: string(account), ContactID: string(f.Contact), BeforeUs: before, BeforeID: id, RowLimit: maxPage,
		})
	case f.Assignee != nil && f.Team != "":
		return r.q.ConversationsByAssigneeAndTeam(ctx, query.ConversationsByAssigneeAndTeamParams{
			AccountID: string(account), AssigneeID: string(*f.Assignee), TeamID: string(f.Team), Status: string(status),
			BeforeUs: before, BeforeID: id, RowLimit: limit,
		})
	case f.Assignee != nil:
		return r.q.ConversationsByAssignee(ctx, query.ConversationsByAssigneeParams{
			AccountID: string(account), AssigneeID: string(*f.Assignee), Status: string(status),
			BeforeUs: before, BeforeID: id, RowLimit: limit,
		})
	case f.Team != "":
		return r.q.ConversationsByTeam(ctx, query.ConversationsByTeamParams{
			AccountID: string(account), TeamID: string(f.Team), Status: string(status),
			BeforeUs: before, BeforeID: id, RowLimit: limit,
		})
	default:
		return r.q.ConversationsByStatus(ctx, query.ConversationsByStatusParams{
			AccountID: string(account), Status: string(status), BeforeUs: before, BeforeID: id, RowLimit: limit,
		})
	}
}

// matches filters a contact's conversations, which are few, after the query.
func (f ConversationFilter) matches(row query.Conversation, statuses []desk.Status) bool {
	return slices.Contains(statuses, desk.Status(row.Status)) &&
		(f.Assignee == nil || string(*f.Assignee) == row.AssigneeID) &&
		(f.Team == "" || string(f.Team) == row.TeamID)
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

// maxCount is where counting stops.
const maxCount = 1000

// CountConversations counts for the views of an agent.
func (r Reads) CountConversations(ctx context.Context, account desk.AccountID, agent desk.AgentID) (Counts, error) {
	var c Counts
	for _, x := range []struct {
		into     *int64
		assigned bool
		to       desk.AgentID
		status   desk.Status
	}{
		{&c.Mine, true, agent, desk.Open},
		{&c.Unassigned, true, "", desk.Open},
		{&c.Open, false, "", desk.Open},
		{&c.Pending, false, "", desk.Pending},
		{&c.Snoozed, false, "", desk.Snoozed},
	} {
		var err error
		if x.assigned {
			*x.into, err = r.q.CountByAssignee(ctx, query.CountByAssigneeParams{
				AccountID: string(account), AssigneeID: string(x.to), Status: string(x.status), RowLimit: maxCount,
			})
		} else {
			*x.into, err = r.q.CountByStatus(ctx, query.CountByStatusParams{
				AccountID: string(account), Status: string(x.status), RowLimit: maxCount,
			})
		}
		if err != nil {
			return Counts{}, r.fail("count conversations", "conversation", err)
		}
	}
	return c, nil
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
