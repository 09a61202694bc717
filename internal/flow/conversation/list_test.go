package conversation_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func TestListsPageThroughEverythingOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		const customers = 23
		for i := range customers {
			a := c.says(fmt.Sprint("u", i), "k", fmt.Sprint("问题 ", i))
			switch {
			case i < 5:
				_, err := c.Claim(t.Context(), c.order(a.ConversationID, ""))
				require.NoError(t, err)
			case i < 8:
				_, err := c.Resolve(t.Context(), c.order(a.ConversationID, ""))
				require.NoError(t, err)
			case i < 9:
				_, err := c.Snooze(t.Context(), c.order(a.ConversationID, ""), c.Clock.Now().Add(time.Hour))
				require.NoError(t, err)
			}
		}
		me := c.agents[0].Agent
		for box, want := range map[conversation.Box]int{
			conversation.Mine: 5, conversation.Unassigned: 14, conversation.OpenBox: 19, conversation.Pending: 0,
			conversation.Snoozed: 1, conversation.Resolved: 3, conversation.All: customers,
		} {
			seen := make(map[desk.ConversationID]bool)
			cursor, last := "", time.Time{}
			for pages := 0; ; pages++ {
				require.Less(t, pages, 20)
				views, next, err := c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Agent: me, Box: box, Cursor: cursor, Limit: 4})
				require.NoError(t, err)
				for _, v := range views {
					require.False(t, seen[v.Conversation.ID], "%s: twice", box)
					require.True(t, last.IsZero() || !v.Conversation.LastMessageAt.After(last), "newest first")
					require.NotEmpty(t, v.Contact.Profile.Name)
					require.True(t, strings.HasPrefix(v.Preview, "问题 "))
					seen[v.Conversation.ID], last = true, v.Conversation.LastMessageAt
				}
				if cursor = next; cursor == "" {
					break
				}
			}
			require.Len(t, seen, want, box)
		}
		counts, err := c.Counts(t.Context(), c.id, me, desk.SeesAll())
		require.NoError(t, err)
		require.Equal(t, store.Counts{Mine: 5, Unassigned: 14, Open: 19, Snoozed: 1}, counts)
	})
}

func TestMessagesPageBothWays(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k0", "0")
		for i := 1; i < 10; i++ {
			c.says("u1", fmt.Sprint("k", i), fmt.Sprint(i))
		}
		_, err := c.Note(t.Context(), conversation.NoteCommand{Actor: c.agents[0], ConversationID: a.ConversationID, Text: "note"})
		require.NoError(t, err)
		read := func(r store.MessageRange) (seqs []int64, more bool) {
			messages, more, err := c.Messages(t.Context(), c.id, a.ConversationID, r)
			require.NoError(t, err)
			for _, m := range messages {
				seqs = append(seqs, m.Seq)
			}
			return seqs, more
		}
		for _, x := range []struct {
			name string
			r    store.MessageRange
			want []int64
			more bool
		}{
			{"oldest", store.MessageRange{Limit: 3}, []int64{1, 2, 3}, true},
			{"after", store.MessageRange{AfterSeq: 8, Limit: 3}, []int64{9, 10, 11}, false},
			{"newest", store.MessageRange{BeforeSeq: store.NewestFirst, Limit: 2}, []int64{10, 11}, true},
			{"newest for the visitor", store.MessageRange{BeforeSeq: store.NewestFirst, Limit: 2, PublicOnly: true}, []int64{9, 10}, true},
			{"before", store.MessageRange{BeforeSeq: 3, Limit: 5}, []int64{1, 2}, false},
		} {
			seqs, more := read(x.r)
			require.Equal(t, x.want, seqs, x.name)
			require.Equal(t, x.more, more, x.name)
		}
		require.NoError(t, c.ReadByContact(t.Context(), c.id, a.ConversationID, a.ContactID, 4))
		got, err := c.MarkRead(t.Context(), c.order(a.ConversationID, ""), 99)
		require.NoError(t, err)
		require.EqualValues(t, 11, got.AgentReadSeq)
		require.EqualValues(t, 10, got.ContactReadSeq, "writing is reading")
	})
}

// Every filter agrees with looking at each conversation, in both orders, page by page.
func TestListsAreFiltered(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		l := c.labels(1)
		me, team := c.agents[0].Agent, c.team
		var all []desk.Conversation
		for i := range 40 {
			id := c.says(fmt.Sprint("u", i), "k", "你好").ConversationID
			o := c.order(id, "")
			if i%2 == 0 {
				_, err := c.Assign(t.Context(), o, "", team)
				require.NoError(t, err)
			}
			if i%3 == 0 {
				c.reply(id, "r", "在的")
			}
			if i%5 == 0 {
				_, err := c.Label(t.Context(), o, l, nil)
				require.NoError(t, err)
			}
			if i%7 == 0 {
				_, err := c.Resolve(t.Context(), o)
				require.NoError(t, err)
			}
			now, err := c.Conversation(t.Context(), c.id, id)
			require.NoError(t, err)
			all = append(all, now)
		}
		labelled := func(x desk.Conversation) bool {
			return slices.IndexFunc(all, func(y desk.Conversation) bool { return y.ID == x.ID })%5 == 0
		}
		is := func(s ...desk.Status) func(desk.Conversation) bool {
			return func(x desk.Conversation) bool { return slices.Contains(s, x.Status) }
		}
		for name, test := range map[string]struct {
			query conversation.ListQuery
			want  func(desk.Conversation) bool
		}{
			"team":     {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.OpenBox, Team: team}, func(x desk.Conversation) bool { return is(desk.Open)(x) && x.TeamID == team }},
			"inbox":    {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.All, Inbox: c.inbox.ID}, func(desk.Conversation) bool { return true }},
			"no inbox": {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.All, Inbox: "inb_x"}, func(desk.Conversation) bool { return false }},
			"label":    {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.OpenBox, Label: l[0]}, func(x desk.Conversation) bool { return is(desk.Open)(x) && labelled(x) }},
			"assignee": {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.All, Assignee: me}, func(x desk.Conversation) bool { return x.AssigneeID == me }},
			"unread":   {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.All, Unread: true}, func(x desk.Conversation) bool { return x.Unread() > 0 }},
			"waiting":  {conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.OpenBox, Waiting: true}, is(desk.Open)},
			"waiting of a team": {
				conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.OpenBox, Waiting: true, Team: team, Unread: true},
				func(x desk.Conversation) bool { return is(desk.Open)(x) && x.TeamID == team && x.Unread() > 0 },
			},
			"waiting with label": {
				conversation.ListQuery{Sight: desk.SeesAll(), Box: conversation.OpenBox, Waiting: true, Label: l[0]},
				func(x desk.Conversation) bool { return is(desk.Open)(x) && labelled(x) },
			},
			"own sight": {
				conversation.ListQuery{Box: conversation.All, Sight: desk.Sight{Agent: me, Reach: desk.ReachOwn}},
				func(x desk.Conversation) bool { return x.AssigneeID == me || x.AssigneeID == "" && x.TeamID == "" },
			},
			"team sight of a stranger": {
				conversation.ListQuery{Box: conversation.All, Label: l[0], Sight: desk.Sight{Agent: c.agents[1].Agent, Reach: desk.ReachTeam}},
				func(x desk.Conversation) bool { return labelled(x) && x.AssigneeID == "" && x.TeamID == "" },
			},
		} {
			var want []desk.Conversation
			for _, x := range all {
				if test.want(x) {
					want = append(want, x)
				}
			}
			slices.SortFunc(want, func(a, b desk.Conversation) int {
				if test.query.Waiting {
					return cmp.Or(cmp.Compare(store.WaitingRank(a), store.WaitingRank(b)), cmp.Compare(a.ID, b.ID))
				}
				return cmp.Or(b.LastMessageAt.Compare(a.LastMessageAt), cmp.Compare(b.ID, a.ID))
			})
			var got []desk.ConversationID
			q := test.query
			q.Account, q.Agent, q.Limit = c.id, me, 7
			for {
				views, next, err := c.List(t.Context(), q)
				require.NoError(t, err, name)
				for _, v := range views {
					got = append(got, v.Conversation.ID)
				}
				if q.Cursor = next; next == "" {
					break
				}
			}
			var ids []desk.ConversationID
			for _, x := range want {
				ids = append(ids, x.ID)
			}
			require.Equal(t, ids, got, name)
		}
		for _, bad := range []conversation.ListQuery{
			{Box: conversation.Mine, Assignee: me}, {Box: conversation.Resolved, Waiting: true}, {Box: "none"}, {Box: conversation.OpenBox, Cursor: "x"},
		} {
			bad.Account = c.id
			_, _, err := c.List(t.Context(), bad)
			require.ErrorIs(t, err, desk.Invalid)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("bTlkMmJlOGNxby5jbnZfMDFrajZteHByMDAwMDAwMDAwMDAwMDAwYTc")
	f.Add("dzJrYmU4Y3FvLmNudl8wMWtqNm14cHIwMDAwMDAwMDAwMDAwMDBhNw")
	f.Fuzz(func(t *testing.T, cursor string) {
		if p, err := conversation.ReadCursor(cursor, true); err == nil && cursor != "" {
			again, err := conversation.ReadCursor(conversation.WriteCursor(desk.Conversation{
				ID: desk.ConversationID(p.BeforeID), WaitingSince: desk.FromMicros(p.AfterRank),
			}, true), true)
			require.NoError(t, err)
			require.Equal(t, p, again)
		}
		p, err := conversation.ReadCursor(cursor, false)
		if err != nil {
			require.ErrorIs(t, err, desk.Invalid)
			return
		}
		if cursor == "" {
			return
		}
		again, err := conversation.ReadCursor(conversation.WriteCursor(desk.Conversation{ID: desk.ConversationID(p.BeforeID), LastMessageAt: p.BeforeAt}, false), false)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}
