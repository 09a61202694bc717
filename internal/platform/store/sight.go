package store

import (
	"context"
	"math"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// ConversationsOfContact lists a contact's conversations, the newest first, at
// most 1,000 of them.
func (r Reads) ConversationsOfContact(ctx context.Context, account desk.AccountID, contact desk.ContactID) ([]desk.Conversation, error) {
	rows, err := r.q.ConversationsByContact(ctx, query.ConversationsByContactParams{
		AccountID: string(account), ContactID: string(contact), BeforeUs: math.MaxInt64, RowLimit: maxPage,
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

// maxWays is with how many teams a narrow sight is walked team by team. With
// more, all conversations are walked and those out of sight passed over.
const maxWays = 12

// ways are the walks along indexes that together find what a narrow sight
// shows: the viewer's own, what nobody has, and each team's. One walk through
// everything would pass over a million conversations of others to find three.
func (f ConversationFilter) ways() []ConversationFilter {
	s := f.Sight
	if s == nil || s.Everything() || f.Assignee != nil || f.Waiting || len(s.Teams) > maxWays {
		return []ConversationFilter{f}
	}
	own, free, nobody := f, f, desk.AgentID("")
	own.Assignee, free.Assignee = &s.Agent, &nobody
	ways := []ConversationFilter{own, free}
	if s.Reach != desk.ReachTeam {
		return ways
	}
	if f.Team != "" {
		if slices.Contains(s.Teams, f.Team) {
			return []ConversationFilter{f}
		}
		return ways
	}
	for _, t := range s.Teams {
		way := f
		way.Team = t
		ways = append(ways, way)
	}
	return ways
}

// countSeen counts what a narrow sight shows of one status, up to maxCount:
// the viewer's own, what nobody has, and what colleagues have of the viewer's teams.
func (r Reads) countSeen(ctx context.Context, account desk.AccountID, s desk.Sight, status desk.Status) (int64, error) {
	sight, viewer := hiding(&s)
	var sum int64
	for _, assignee := range []string{viewer, ""} {
		n, err := r.q.CountByAssignee(ctx, query.CountByAssigneeParams{
			AccountID: string(account), AssigneeID: assignee, Status: string(status), Sight: sight, Viewer: viewer, RowLimit: maxCount,
		})
		if err != nil {
			return 0, err
		}
		sum += n
	}
	if s.Reach == desk.ReachTeam {
		for _, t := range s.Teams {
			n, err := r.q.CountByTeamOfOthers(ctx, query.CountByTeamOfOthersParams{
				AccountID: string(account), TeamID: string(t), Status: string(status), Viewer: viewer, RowLimit: maxCount,
			})
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return min(sum, maxCount), nil
}
