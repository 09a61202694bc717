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
	// Team, Inbox, Label and Contact "" mean any.
	Team    desk.TeamID
	Inbox   desk.InboxID
	Label   desk.LabelID
	Contact desk.ContactID
	// Mentioned lists where this agent was named and has not looked yet.
	Mentioned desk.AgentID
	// Unread leaves out what the agents have read to its end.
	Unread bool
	// Waiting brings those first whose customers wait longest.
	Waiting bool
	// Sight hides what somebody may not see; nil hides nothing.
	Sight *desk.Sight
}

// Page is where a list goes on: after the item with this time and id. The
// zero value is the newest page.
type Page struct {
	BeforeAt time.Time
	BeforeID string
	// AfterRank is the place in the order of Waiting, with BeforeID.
	AfterRank int64
	// Limit is at most 1000; 0 means that.
	Limit int
}

// Counts are the numbers beside the views, each at most 1000. Mine and
// Unassigned count open conversations, Mentioned those where the agent was named.
type Counts struct {
	Mine, Unassigned, Open, Pending, Snoozed, Mentioned int64
}

// WaitingRank is the place of a conversation in the order of Waiting: smaller
// comes first. It is the same number as in the query.
func WaitingRank(c desk.Conversation) int64 {
	if !c.WaitingSince.IsZero() {
		return desk.Micros(c.WaitingSince)
	}
	return 9_000_000_000_000_000_000 - desk.Micros(c.LastMessageAt)
}

// fewIDs is up to how many conversations a list is made of their ids: a label
// or mentions. Those of a label with more are walked by time.
const fewIDs = 1000

// Conversations lists conversations of the account, the newest LastMessageAt
// first, ids descending among equals; or by Waiting.
func (r Reads) Conversations(ctx context.Context, account desk.AccountID, f ConversationFilter, p Page) ([]desk.Conversation, error) {
	const op, thing = "list conversations", "conversation"
	if len(f.Statuses) == 0 {
		f.Statuses = []desk.Status{desk.Pending, desk.Open, desk.Snoozed, desk.Resolved}
	}
	if f.Sight != nil && !knownReach(f.Sight.Reach) {
		return nil, nil
	}
	limit := bound(p.Limit)
	all, narrow, err := r.fewConversations(ctx, account, f)
	if err != nil {
		return nil, r.fail(op, thing, err)
	}
	if narrow {
		if all, err = r.narrow(ctx, account, f, p, all); err != nil {
			return nil, r.fail(op, thing, err)
		}
	} else {
		// One walk along an index per status, merged: an IN list would sort the
		// whole account.
		for _, way := range f.ways() {
			for _, status := range f.Statuses {
				rows, err := r.walk(ctx, account, way, status, p, limit)
				if err != nil {
					return nil, r.fail(op, thing, err)
				}
				for _, row := range rows {
					all = append(all, ConversationOf(row))
				}
			}
		}
	}
	slices.SortFunc(all, f.compare)
	all = slices.CompactFunc(all, func(a, b desk.Conversation) bool { return a.ID == b.ID }) // two ways may lead to one
	return all[:min(len(all), int(limit))], nil
}

func (f ConversationFilter) compare(a, b desk.Conversation) int {
	if f.Waiting {
		return cmp.Or(cmp.Compare(WaitingRank(a), WaitingRank(b)), cmp.Compare(a.ID, b.ID))
	}
	return cmp.Or(b.LastMessageAt.Compare(a.LastMessageAt), cmp.Compare(b.ID, a.ID))
}

// fewConversations finds the conversations of a filter that names only few:
// those of a contact, of a rare label, where somebody was named. false: it may
// name many.
func (r Reads) fewConversations(ctx context.Context, account desk.AccountID, f ConversationFilter) (all []desk.Conversation, few bool, err error) {
	var ids []desk.ConversationID
	switch {
	case f.Contact != "":
		rows, err := r.q.ConversationsByContact(ctx, query.ConversationsByContactParams{
			AccountID: string(account), ContactID: string(f.Contact), BeforeUs: math.MaxInt64, RowLimit: maxPage,
		})
		for _, row := range rows {
			all = append(all, ConversationOf(row))
		}
		return all, true, err
	case f.Mentioned != "":
		rows, err := r.q.MentionsOf(ctx, query.MentionsOfParams{AccountID: string(account), AgentID: string(f.Mentioned), RowLimit: fewIDs})
		if err != nil {
			return nil, false, err
		}
		for _, row := range rows {
			ids = append(ids, desk.ConversationID(row.ConversationID))
		}
	case f.Label != "":
		rows, err := r.q.ConversationsOfLabel(ctx, query.ConversationsOfLabelParams{
			AccountID: string(account), LabelID: string(f.Label), RowLimit: fewIDs + 1,
		})
		if err != nil || len(rows) > fewIDs {
			return nil, false, err
		}
		for _, id := range rows {
			ids = append(ids, desk.ConversationID(id))
		}
	default:
		return nil, false, nil
	}
	found, err := r.ConversationsByID(ctx, account, ids)
	for _, c := range found {
		all = append(all, c)
	}
	return all, true, err
}

// narrow applies a filter to few conversations.
func (r Reads) narrow(ctx context.Context, account desk.AccountID, f ConversationFilter, p Page, all []desk.Conversation) ([]desk.Conversation, error) {
	var labels map[desk.ConversationID][]desk.LabelID
	if f.Label != "" && (f.Contact != "" || f.Mentioned != "") {
		ids := make([]desk.ConversationID, len(all))
		for i, c := range all {
			ids[i] = c.ID
		}
		var err error
		if labels, err = r.LabelsOf(ctx, account, ids); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(all, func(c desk.Conversation) bool {
		return !f.matches(c, p) || labels != nil && !slices.Contains(labels[c.ID], f.Label)
	}), nil
}

func (f ConversationFilter) matches(c desk.Conversation, p Page) bool {
	switch {
	case !slices.Contains(f.Statuses, c.Status),
		f.Assignee != nil && *f.Assignee != c.AssigneeID,
		f.Team != "" && f.Team != c.TeamID,
		f.Inbox != "" && f.Inbox != c.InboxID,
		f.Unread && c.Seq <= c.AgentReadSeq,
		f.Sight != nil && !f.Sight.SeesConversation(c):
		return false
	}
	if f.Waiting {
		rank := WaitingRank(c)
		return rank > p.AfterRank || rank == p.AfterRank && string(c.ID) > p.BeforeID
	}
	return p.BeforeAt.IsZero() || c.LastMessageAt.Before(p.BeforeAt) || c.LastMessageAt.Equal(p.BeforeAt) && string(c.ID) < p.BeforeID
}

// walk reads one status along its index, or sorts it by wait.
func (r Reads) walk(ctx context.Context, account desk.AccountID, f ConversationFilter, status desk.Status, p Page, limit int64) ([]query.Conversation, error) {
	before := int64(math.MaxInt64)
	if !p.BeforeAt.IsZero() {
		before = desk.Micros(p.BeforeAt)
	}
	sight, viewer := hiding(f.Sight)
	var assignee string
	if f.Assignee != nil {
		assignee = string(*f.Assignee)
	}
	switch {
	case f.Waiting:
		return r.q.ConversationsWaiting(ctx, query.ConversationsWaitingParams{
			AccountID: string(account), Status: string(status), AnyAssignee: f.Assignee == nil, AssigneeID: assignee,
			TeamID: string(f.Team), InboxID: string(f.Inbox), Unread: f.Unread, LabelID: string(f.Label),
			Sight: sight, Viewer: viewer, AfterRank: p.AfterRank, AfterID: p.BeforeID, RowLimit: limit,
		})
	case f.Assignee == nil && f.Team != "":
		return r.q.ConversationsByTeam(ctx, query.ConversationsByTeamParams{
			AccountID: string(account), TeamID: string(f.Team), Status: string(status), BeforeUs: before, BeforeID: p.BeforeID,
			InboxID: string(f.Inbox), Unread: f.Unread, LabelID: string(f.Label),
			Sight: sight, Viewer: viewer, RowLimit: limit,
		})
	case f.Assignee != nil:
		return r.q.ConversationsByAssignee(ctx, query.ConversationsByAssigneeParams{
			AccountID: string(account), AssigneeID: assignee, Status: string(status), BeforeUs: before, BeforeID: p.BeforeID,
			TeamID: string(f.Team), InboxID: string(f.Inbox), Unread: f.Unread, LabelID: string(f.Label),
			Sight: sight, Viewer: viewer, RowLimit: limit,
		})
	default:
		return r.q.ConversationsByStatus(ctx, query.ConversationsByStatusParams{
			AccountID: string(account), Status: string(status), BeforeUs: before, BeforeID: p.BeforeID,
			TeamID: string(f.Team), InboxID: string(f.Inbox), Unread: f.Unread, LabelID: string(f.Label),
			Sight: sight, Viewer: viewer, RowLimit: limit,
		})
	}
}

// maxCount is where counting stops.
const maxCount = 1000

// CountConversations counts for the views of an agent, of what they may see.
func (r Reads) CountConversations(ctx context.Context, account desk.AccountID, agent desk.AgentID, by desk.Sight) (Counts, error) {
	var c Counts
	if !knownReach(by.Reach) {
		return c, nil
	}
	if by.Everything() {
		n, err := r.q.CountViews(ctx, query.CountViewsParams{AccountID: string(account), AgentID: string(agent), RowLimit: maxCount})
		return Counts(n), r.fail("count conversations", "conversation", err)
	}
	sight, viewer := hiding(&by)
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
		switch {
		case x.assigned:
			*x.into, err = r.q.CountByAssignee(ctx, query.CountByAssigneeParams{
				AccountID: string(account), AssigneeID: string(x.to), Status: string(x.status),
				Sight: sight, Viewer: viewer, RowLimit: maxCount,
			})
		case len(by.Teams) <= maxWays:
			*x.into, err = r.countSeen(ctx, account, by, x.status)
		default:
			*x.into, err = r.q.CountByStatus(ctx, query.CountByStatusParams{
				AccountID: string(account), Status: string(x.status), Sight: sight, Viewer: viewer, RowLimit: maxCount,
			})
		}
		if err != nil {
			return Counts{}, r.fail("count conversations", "conversation", err)
		}
	}
	// Where the agent was named and may not look any more does not count.
	named, err := r.Conversations(ctx, account, ConversationFilter{Mentioned: agent, Sight: &by}, Page{})
	c.Mentioned = int64(len(named))
	return c, err
}

func knownReach(r desk.Reach) bool {
	return r == desk.ReachAll || r == desk.ReachTeam || r == desk.ReachOwn
}

// hiding is a sight as the queries take it: "" hides nothing.
func hiding(s *desk.Sight) (sight, viewer string) {
	if s == nil || s.Everything() {
		return "", ""
	}
	return string(s.Reach), string(s.Agent)
}
