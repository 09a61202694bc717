package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
	"yingda.dev/internal/platform/store/storetest"
)

// recorder notes the statements that a reader is asked.
type recorder struct {
	*Driver
	mu    sync.Mutex
	texts map[string][]any
}

type recording struct {
	query.DBTX
	to *recorder
}

func (r *recorder) Reader() query.DBTX { return recording{r.Driver.Reader(), r} }

func (r recording) note(text string, args []any) {
	r.to.mu.Lock()
	defer r.to.mu.Unlock()
	r.to.texts[text] = args
}

func (r recording) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	r.note(text, args)
	return r.DBTX.QueryContext(ctx, text, args...)
}

func (r recording) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	r.note(text, args)
	return r.DBTX.QueryRowContext(ctx, text, args...)
}

// TestReadsUseIndexes asks SQLite how it would run the reads of the hot pages:
// none may walk a whole table, and none of the lists may sort but a contact's.
func TestReadsUseIndexes(t *testing.T) {
	t.Parallel()
	r := &recorder{Driver: opened(t, storetest.NewClock(), Config{}), texts: make(map[string][]any)}
	s, ctx, account := store.New(r), t.Context(), desk.AccountID("acc_x")
	const conversation, message = desk.ConversationID("cnv_000000000000000000000000000"), desk.MessageID("msg_000000000000000000000000000")
	agent := desk.AgentID("agt_x")
	for _, f := range []store.ConversationFilter{
		{},
		{Assignee: &agent},
		{Team: "tem_x"},
		{Assignee: &agent, Team: "tem_x"},
		{Contact: "con_x"},
		{Waiting: true},
		{Label: "lbl_x"},
		{Mentioned: agent},
		{Sight: &desk.Sight{Reach: desk.ReachTeam, Agent: agent, Teams: []desk.TeamID{"tem_x"}}},
		{Sight: &desk.Sight{Reach: desk.ReachOwn, Agent: agent}},
	} {
		_, err := s.Conversations(ctx, account, f, store.Page{})
		require.NoError(t, err)
	}
	for _, m := range []store.MessageRange{{}, {PublicOnly: true}, {BeforeSeq: 9}, {BeforeSeq: 9, PublicOnly: true}} {
		_, err := s.Messages(ctx, account, conversation, m)
		require.NoError(t, err)
	}
	for _, ask := range []func() error{
		func() error { _, err := s.CountConversations(ctx, account, agent, desk.SeesAll()); return err },
		func() error {
			_, err := s.CountConversations(ctx, account, agent, desk.Sight{Reach: desk.ReachTeam, Agent: agent, Teams: []desk.TeamID{"tem_x"}})
			return err
		},
		func() error { _, err := s.FirstConversation(ctx, account, "inb_x"); return err },
		func() error {
			_, err := s.Acts(ctx, account, store.ActFilter{Actor: agent, Action: "role.changed"}, store.Page{})
			return err
		},
		func() error { _, err := s.Acts(ctx, account, store.ActFilter{}, store.Page{}); return err },
		func() error { _, err := s.ConversationPage(ctx, account, 0, "", 0); return err },
		func() error { _, err := s.MessagePage(ctx, account, 0, "", 0); return err },
		func() error { _, err := s.ContactPage(ctx, account, "", 0); return err },
		func() error { _, err := s.Contacts(ctx, account, []desk.ContactID{"con_x"}); return err },
		func() error {
			_, err := s.ConversationsByID(ctx, account, []desk.ConversationID{conversation})
			return err
		},
		func() error { _, err := s.MessagesByID(ctx, account, []desk.MessageID{message}); return err },
		func() error { _, err := s.AccountEvents(ctx, account, 0, 0); return err },
		func() error { _, err := s.Events(ctx, 0, 0); return err },
		func() error { _, err := s.Identities(ctx, account, "con_x"); return err },
		func() error { _, err := s.DeadLetters(ctx, account, store.Page{}); return err },
		func() error { _, err := s.DueReplays(ctx, "indexer", 0); return err },
		func() error { _, _, err := s.NextTimer(ctx); return err },
		func() error { _, _, err := s.NextOutbox(ctx); return err },
		func() error { _, err := s.RunningJobs(ctx, "rotation"); return err },
		func() error { _, err := s.Activity(ctx, account, conversation, "", 0); return err },
		func() error { _, err := s.LabelsOf(ctx, account, []desk.ConversationID{conversation}); return err },
	} {
		require.NoError(t, ask())
	}
	for _, ask := range []func() error{
		func() error { _, err := s.Conversation(ctx, account, conversation); return err },
		func() error { _, err := s.Message(ctx, account, message); return err },
		func() error { _, err := s.MessageByExternal(ctx, account, "inb_x", "external"); return err },
		func() error { _, err := s.LiveConversation(ctx, account, "con_x", ""); return err },
		func() error { _, err := s.ContactByIdentity(ctx, account, "user", "hash"); return err },
		func() error { _, err := s.Contact(ctx, account, "con_x"); return err },
		func() error { _, err := s.InboxByKey(ctx, "key"); return err },
		func() error { _, err := s.AgentByEmailHash(ctx, "hash"); return err },
		func() error { _, err := s.Session(ctx, "hash"); return err },
		func() error { _, err := s.APIToken(ctx, "hash"); return err },
	} {
		require.ErrorIs(t, ask(), desk.NotFound)
	}
	require.Greater(t, len(r.texts), 25)
	for text, args := range r.texts {
		plan := r.plan(t, text, args)
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "-- name: "), " ")
		for line := range strings.Lines(plan) {
			// The subquery is the rows counted, or the arguments; the first of an index is one row.
			fine := strings.Contains(line, "SCAN capped") || strings.Contains(line, "SCAN CONSTANT") || strings.Contains(line, "SCAN wanted") || name == "NextTimer" || name == "NextOutbox"
			require.False(t, strings.Contains(line, "SCAN") && !fine, "%s walks a table:\n%s", name, plan)
		}
		// A contact's and an installation's few, an agent's mentions, and who waits.
		if !slices.Contains([]string{"ConversationsByContact", "RunningJobs", "MentionsOf", "ConversationsWaiting"}, name) {
			require.NotContains(t, plan, "TEMP B-TREE", "%s sorts", name)
		}
	}
	for text, args := range r.texts { // not only some index: the one made for it
		for name, index := range map[string]string{
			"ConversationsByTeam": "conversation_team", "CountByTeamOfOthers": "conversation_team",
			"ConversationsByAssignee": "conversation_assignee", "FirstConversationByInbox": "conversation_inbox",
		} {
			if strings.HasPrefix(text, "-- name: "+name+" ") {
				require.Contains(t, r.plan(t, text, args), index, name)
			}
		}
	}
	lookUpPlan := r.plan(t, lookUp, []any{"a", "b", "c", "d", "e", "f"})
	require.Equal(t, 3, strings.Count(lookUpPlan, "SEARCH"), lookUpPlan)
}

func (r *recorder) plan(t *testing.T, text string, args []any) string {
	t.Helper()
	rows, err := r.readerDB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	require.NoError(t, err)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		lines = append(lines, detail)
	}
	require.NoError(t, rows.Err())
	return strings.Join(lines, "\n")
}
