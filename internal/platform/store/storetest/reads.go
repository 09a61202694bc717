package storetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

func accountAndInbox(n *Tenant) {
	account, err := n.Store.Account(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, "Company", account.Name)
	require.Equal(n, desk.Chinese, account.Locale)
	account.Name = "Renamed"
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateAccount(ctx, account) })
	all, err := n.Store.Accounts(n.Ctx)
	require.NoError(n, err)
	require.Contains(n, all, account)

	for _, find := range []func() (store.Inbox, error){
		func() (store.Inbox, error) { return n.Store.InboxByKey(n.Ctx, n.Inbox.Key) },
		func() (store.Inbox, error) { return n.Store.Inbox(n.Ctx, n.ID, n.Inbox.ID) },
	} {
		in, err := find()
		require.NoError(n, err)
		require.Equal(n, n.Inbox, in)
	}
	second := n.Inbox
	second.ID = n.IDs.Inbox()
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutInbox(ctx, second)
	}))
	second.Key, second.Secrets = n.IDs.Other("chk"), nil
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutInbox(ctx, second) })
	second.Enabled, second.Settings.Greeting = false, "Closed"
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutInbox(ctx, second) })
	list, err := n.Store.Inboxes(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Len(n, list, 2)
	require.Equal(n, "Closed", list[1].Settings.Greeting)
	require.False(n, list[1].Enabled)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteInbox(ctx, n.ID, second.ID) })
	_, err = n.Store.InboxByKey(n.Ctx, second.Key)
	n.kind(desk.NotFound, err)
	_, err = n.Store.Inbox(n.Ctx, n.ID, second.ID)
	n.kind(desk.NotFound, err)
}

func agentsAndTeams(n *Tenant) {
	got, err := n.Store.AgentByEmailHash(n.Ctx, n.Agent.EmailHash)
	require.NoError(n, err)
	require.Equal(n, n.Agent, got)
	changed := n.Agent
	changed.Disabled, changed.Role, changed.PasswordHash = true, desk.Supervisor, "new"
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutAgent(ctx, changed) })
	got, err = n.Store.Agent(n.Ctx, n.ID, n.Agent.ID)
	require.NoError(n, err)
	require.Equal(n, changed, got)

	twin := n.Agent
	twin.ID = n.IDs.Agent()
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.PutAgent(ctx, twin) }))
	twin.EmailHash = n.IDs.Other("hash")
	team := n.Team
	team.Name, team.Members = "Service", []desk.AgentID{twin.ID}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.PutAgent(ctx, twin); err != nil {
			return err
		}
		seen, err := tx.Agents(ctx, n.ID) // a transaction sees its own writes
		require.Len(n, seen, 2)
		require.NoError(n, err)
		return tx.PutTeam(ctx, team)
	})
	list, err := n.Store.Agents(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []store.Agent{changed, twin}, list)
	teams, err := n.Store.Teams(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []desk.Team{team}, teams)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteTeam(ctx, n.ID, team.ID) })
	teams, err = n.Store.Teams(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Empty(n, teams)
}

func sessionsAndTokens(n *Tenant) {
	now := n.Clock.Now()
	s := store.Session{
		Hash: n.IDs.Other("hash"), ID: n.IDs.Other("ses"), AccountID: n.ID, AgentID: n.Agent.ID, Meta: desk.Sealed("Firefox"),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour),
	}
	other := s
	other.Hash, other.ID = n.IDs.Other("hash"), n.IDs.Other("ses")
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		require.NoError(n, tx.InsertSession(ctx, other))
		return tx.InsertSession(ctx, s)
	})
	got, err := n.Store.Session(n.Ctx, s.Hash)
	require.NoError(n, err)
	require.Equal(n, s, got)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		s.SeenAt, s.ExpiresAt = tx.Now(), now.Add(2*time.Hour)
		return tx.TouchSession(ctx, n.ID, s.Hash, s.ExpiresAt)
	})
	got, err = n.Store.Session(n.Ctx, s.Hash)
	require.NoError(n, err)
	require.Equal(n, s, got)
	named, err := n.Store.SessionByID(n.Ctx, n.ID, s.ID)
	require.NoError(n, err)
	require.Equal(n, s, named)
	list, err := n.Store.Sessions(n.Ctx, n.ID, n.Agent.ID)
	require.NoError(n, err)
	require.Equal(n, []store.Session{s, other}, list)
	walked, err := n.Store.SessionPage(n.Ctx, n.ID, s.ID, 10)
	require.NoError(n, err)
	require.Equal(n, []store.Session{other}, walked)
	seen, err := n.Store.LastSeen(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, map[desk.AgentID]time.Time{n.Agent.ID: s.SeenAt}, seen)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		s.Meta = desk.Sealed("under another key")
		return tx.UpdateSessionMeta(ctx, n.ID, s.Hash, s.Meta)
	})
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteAgentSessions(ctx, n.ID, n.Agent.ID, s.Hash)
	})
	list, err = n.Store.Sessions(n.Ctx, n.ID, n.Agent.ID)
	require.NoError(n, err)
	require.Equal(n, []store.Session{s}, list, "all but one end")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, other) })
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSession(ctx, n.ID, s.Hash) })
	_, err = n.Store.Session(n.Ctx, s.Hash)
	n.kind(desk.NotFound, err)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteAgentSessions(ctx, n.ID, n.Agent.ID, "")
	})
	_, err = n.Store.Session(n.Ctx, other.Hash)
	n.kind(desk.NotFound, err)

	tok := store.APIToken{
		ID: n.IDs.Other("tok"), AccountID: n.ID, AgentID: n.Agent.ID, Name: "CRM", Hash: n.IDs.Other("hash"),
		Permissions: []string{"conversations.read"}, CreatedAt: now,
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertAPIToken(ctx, tok) })
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		tok.UsedAt = tx.Now()
		return tx.TouchAPIToken(ctx, n.ID, tok.ID)
	})
	found, err := n.Store.APIToken(n.Ctx, tok.Hash)
	require.NoError(n, err)
	require.Equal(n, tok, found)
	all, err := n.Store.APITokens(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []store.APIToken{tok}, all)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAPIToken(ctx, n.ID, tok.ID) })
	_, err = n.Store.APIToken(n.Ctx, tok.Hash)
	n.kind(desk.NotFound, err)
}

func keys(n *Tenant) {
	none, err := n.Store.LoadKeys(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Empty(n, none)
	data := seal.WrappedKey{ID: 1, Purpose: "data", Wrapped: []byte{1, 2}, CreatedAt: n.Clock.Now()}
	index := seal.WrappedKey{ID: 2, Purpose: "index", Wrapped: []byte{3}, CreatedAt: n.Clock.Now()}
	require.NoError(n, n.Store.AddKey(n.Ctx, n.ID, index))
	require.NoError(n, n.Store.AddKey(n.Ctx, n.ID, data))
	taken := index
	taken.ID = 1
	n.kind(desk.Conflict, n.Store.AddKey(n.Ctx, n.ID, data))
	n.kind(desk.Conflict, n.Store.AddKey(n.Ctx, n.ID, taken)) // ids are unique whatever the purpose
	data.Wrapped, data.Retired = []byte{9}, true
	require.NoError(n, n.Store.UpdateKey(n.Ctx, n.ID, data))
	got, err := n.Store.LoadKeys(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []seal.WrappedKey{data, index}, got)
	n.kind(desk.NotFound, n.Store.UpdateKey(n.Ctx, n.ID, seal.WrappedKey{ID: 7}))
}

func contactsAndIdentities(n *Tenant) {
	var ids []desk.ContactID
	for i := range 20 { // more than one chunk
		ids = append(ids, n.Do(n.Receive(fmt.Sprint("person", i), "", nil)).ContactID)
	}
	stranger := n.Tenant()
	foreign := stranger.Do(stranger.Receive("ada", "", nil)).ContactID
	found, err := n.Store.Contacts(n.Ctx, n.ID, append(slices.Clone(ids), foreign, "con_unknown"))
	require.NoError(n, err)
	require.Len(n, found, len(ids))
	for _, id := range ids {
		require.Equal(n, id, found[id].ID)
	}
	page, err := n.Store.ContactPage(n.Ctx, n.ID, ids[4], 3)
	require.NoError(n, err)
	require.Len(n, page, 3)
	require.Equal(n, ids[5], page[0].ID)

	c := found[ids[0]]
	c.Profile, c.Blocked = desk.Sealed("new"), true
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateContact(ctx, c) })
	got, err := n.Store.Contact(n.Ctx, n.ID, c.ID)
	require.NoError(n, err)
	require.Equal(n, c, got)

	identity := store.Identity{
		AccountID: n.ID, Scope: "mail", Hash: "h", ContactID: ids[0], InboxID: n.Inbox.ID,
		External: desk.Sealed("x"), CreatedAt: n.Clock.Now(),
	}
	add := func(ctx context.Context, tx *store.Tx) error { return tx.InsertIdentity(ctx, identity) }
	n.Write(add)
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, add))
	identity.ContactID, identity.Verified = ids[1], true
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIdentity(ctx, identity) })
	all, err := n.Store.Identities(n.Ctx, n.ID, ids[1])
	require.NoError(n, err)
	require.Len(n, all, 2)
	require.Contains(n, all, identity)
}

func conversationLists(n *Tenant) {
	const count = 30
	for i := range count {
		in := n.Do(n.Receive(fmt.Sprint("person", i), "", nil))
		id := in.Conversation.ID
		switch i % 4 {
		case 1:
			n.Do(n.Reply(id, "", nil)) // assigns
		case 2:
			n.Do(n.change(id, func(c desk.Conversation, now time.Time) (desk.Transition, error) { return c.Resolve(now) }))
		case 3:
			n.Do(n.change(id, func(c desk.Conversation, now time.Time) (desk.Transition, error) {
				return c.Assign(n.Agent.ID, n.Team.ID, now)
			}))
		}
	}
	whole, err := n.Store.Conversations(n.Ctx, n.ID, store.ConversationFilter{}, store.Page{})
	require.NoError(n, err)
	require.Len(n, whole, count)
	ids := []desk.ConversationID{"cnv_unknown", "", whole[0].ID}
	for _, c := range whole {
		ids = append(ids, c.ID)
	}
	byID, err := n.Store.ConversationsByID(n.Ctx, n.ID, ids)
	require.NoError(n, err)
	require.Len(n, byID, count)
	for _, c := range whole {
		require.Equal(n, c, byID[c.ID])
	}
	newest := func(a, b desk.Conversation) int { return b.LastMessageAt.Compare(a.LastMessageAt) }
	require.True(n, slices.IsSortedFunc(whole, newest))

	nobody := desk.AgentID("")
	for name, f := range map[string]store.ConversationFilter{
		"all":                {},
		"open":               {Statuses: []desk.Status{desk.Open}},
		"open or resolved":   {Statuses: []desk.Status{desk.Open, desk.Resolved}},
		"snoozed":            {Statuses: []desk.Status{desk.Snoozed}},
		"mine":               {Assignee: &n.Agent.ID},
		"unassigned":         {Assignee: &nobody, Statuses: []desk.Status{desk.Open}},
		"team":               {Team: n.Team.ID},
		"mine in team":       {Assignee: &n.Agent.ID, Team: n.Team.ID},
		"contact":            {Contact: whole[3].ContactID},
		"contact's resolved": {Contact: whole[3].ContactID, Statuses: []desk.Status{desk.Resolved}},
		"contact's and mine": {Contact: whole[3].ContactID, Assignee: &n.Agent.ID, Team: n.Team.ID},
	} {
		var want []desk.Conversation
		for _, c := range whole {
			if (f.Statuses == nil || slices.Contains(f.Statuses, c.Status)) && (f.Assignee == nil || c.AssigneeID == *f.Assignee) &&
				(f.Team == "" || c.TeamID == f.Team) && (f.Contact == "" || c.ContactID == f.Contact) {
				want = append(want, c)
			}
		}
		var got []desk.Conversation
		for page := (store.Page{Limit: 4}); ; {
			items, err := n.Store.Conversations(n.Ctx, n.ID, f, page)
			require.NoError(n, err, name)
			if got = append(got, items...); len(items) < page.Limit {
				break
			}
			last := items[len(items)-1]
			page.BeforeAt, page.BeforeID = last.LastMessageAt, string(last.ID)
		}
		require.Equal(n, want, got, name)
	}

	counts, err := n.Store.CountConversations(n.Ctx, n.ID, n.Agent.ID, desk.SeesAll())
	require.NoError(n, err)
	require.Equal(n, store.Counts{Mine: 15, Unassigned: 8, Open: 23}, counts)

	seen := 0
	for shard := range desk.Shard(desk.Shards) {
		for after := desk.ConversationID(""); ; {
			page, err := n.Store.ConversationPage(n.Ctx, n.ID, shard, after, 2)
			require.NoError(n, err)
			seen += len(page)
			if len(page) < 2 {
				break
			}
			after = page[1].ID
		}
	}
	require.Equal(n, count, seen)
}

func messageRanges(n *Tenant) {
	in := n.Do(n.Receive("ada", "", []byte{1}))
	id := in.Conversation.ID
	ids := []desk.MessageID{desk.MessageID(in.ResultID)}
	for i := 2; i <= 9; i++ {
		c := n.Reply(id, "", []byte{byte(i)})
		if i%3 == 0 {
			decide := c.Decide
			c.Decide = func(s store.Situation) (store.Effects, error) {
				e, err := decide(s)
				e.Messages[0].Visibility, e.Outbox = desk.Note, nil
				return e, err
			}
		}
		ids = append(ids, desk.MessageID(n.Do(c).ResultID))
	}
	for name, x := range map[string]struct {
		r    store.MessageRange
		want []int64
	}{
		"all":               {store.MessageRange{}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"oldest":            {store.MessageRange{Limit: 2}, []int64{1, 2}},
		"after":             {store.MessageRange{AfterSeq: 4, Limit: 3}, []int64{5, 6, 7}},
		"newest":            {store.MessageRange{BeforeSeq: store.NewestFirst, Limit: 2}, []int64{8, 9}},
		"before":            {store.MessageRange{BeforeSeq: 5, Limit: 2}, []int64{3, 4}},
		"between":           {store.MessageRange{AfterSeq: 2, BeforeSeq: 5}, []int64{3, 4}},
		"public":            {store.MessageRange{PublicOnly: true}, []int64{1, 2, 4, 5, 7, 8}},
		"newest public":     {store.MessageRange{PublicOnly: true, BeforeSeq: store.NewestFirst, Limit: 3}, []int64{5, 7, 8}},
		"none beyond":       {store.MessageRange{AfterSeq: 9}, nil},
		"public, few after": {store.MessageRange{PublicOnly: true, AfterSeq: 2, Limit: 2}, []int64{4, 5}},
	} {
		list, err := n.Store.Messages(n.Ctx, n.ID, id, x.r)
		require.NoError(n, err, name)
		var seqs []int64
		for _, m := range list {
			seqs = append(seqs, m.Seq)
			require.Equal(n, ids[m.Seq-1], m.ID, name)
		}
		require.Equal(n, x.want, seqs, name)
	}
	byID, err := n.Store.MessagesByID(n.Ctx, n.ID, append(slices.Clone(ids), "msg_unknown"))
	require.NoError(n, err)
	require.Len(n, byID, 9)
	require.Equal(n, desk.Sealed{9}, byID[ids[8]].Body)

	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateMessageBody(ctx, n.ID, ids[0], desk.Sealed("rekeyed"))
	})
	m, err := n.Store.Message(n.Ctx, n.ID, ids[0])
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("rekeyed"), m.Body)
	shard, _ := id.Shard()
	page, err := n.Store.MessagePage(n.Ctx, n.ID, shard, ids[2], 3)
	require.NoError(n, err)
	require.Len(n, page, 3)
	require.Equal(n, ids[3], page[0].ID)
}

func jobs(n *Tenant) {
	kind := n.IDs.Other("kind")
	j := store.Job{ID: n.IDs.Other("job"), AccountID: n.ID, Kind: kind, State: store.JobRunning, Total: 10}
	save := func(ctx context.Context, tx *store.Tx) error {
		j.UpdatedAt = tx.Now()
		if j.CreatedAt.IsZero() {
			j.CreatedAt = tx.Now()
		}
		return tx.SaveJob(ctx, j)
	}
	n.Write(save)
	j.Cursor, j.Done = "msg_5", 5
	n.Write(save)
	got, err := n.Store.Job(n.Ctx, n.ID, kind)
	require.NoError(n, err)
	require.Equal(n, j, got)
	running, err := n.Store.RunningJobs(n.Ctx, kind)
	require.NoError(n, err)
	require.Equal(n, []store.Job{j}, running)
	j.State, j.Error = store.JobFailed, "key missing"
	n.Write(save)
	running, err = n.Store.RunningJobs(n.Ctx, kind)
	require.NoError(n, err)
	require.Empty(n, running)
	n.kind(desk.Denied, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.SaveJob(ctx, store.Job{ID: n.IDs.Other("job"), Kind: kind, State: store.JobRunning})
	}))
}

func searchIndex(n *Tenant) {
	index, stranger := n.Store.Index(), n.Tenant()
	base := n.Clock.Now()
	cnv := n.IDs.Conversation()
	shard, _ := cnv.Shard()
	var docs []store.IndexDoc
	for i := range 12 {
		docs = append(docs, store.IndexDoc{
			Account: n.ID, Message: n.IDs.Message(shard), Conversation: cnv, At: base.Add(time.Duration(i/2) * time.Second), // two at a time
			Tokens: []uint64{1, 1 << 63, uint64(i % 3), 100 + uint64(i)},
		})
	}
	require.NoError(n, index.Put(n.Ctx, docs))
	require.NoError(n, index.Put(n.Ctx, docs[:3])) // again
	require.NoError(n, index.Put(n.Ctx, nil))
	foreign := store.IndexDoc{Account: stranger.ID, Message: stranger.IDs.Message(shard), Conversation: cnv, At: base, Tokens: []uint64{1}}
	require.NoError(n, index.Put(n.Ctx, []store.IndexDoc{foreign}))
	theft := foreign
	theft.Account = n.ID
	n.kind(desk.Conflict, index.Put(n.Ctx, []store.IndexDoc{docs[0], theft}))
	count, err := index.Count(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, int64(12), count)

	search := func(limit int, tokens ...uint64) (found []desk.MessageID) {
		var cursor store.IndexCursor
		for {
			hits, err := index.Search(n.Ctx, n.ID, tokens, cursor, limit)
			require.NoError(n, err)
			for _, h := range hits {
				require.Equal(n, cnv, h.Conversation)
				found = append(found, h.Message)
			}
			if len(hits) < limit {
				return found
			}
			cursor = store.IndexCursor{At: hits[limit-1].At, Message: hits[limit-1].Message}
		}
	}
	all := search(5, 1, 1<<63)
	require.Len(n, all, 12)
	at := make(map[desk.MessageID]time.Time)
	for _, d := range docs {
		at[d.Message] = d.At
	}
	require.True(n, slices.IsSortedFunc(all, func(a, b desk.MessageID) int { return at[b].Compare(at[a]) }))
	require.Len(n, slices.Compact(slices.Sorted(slices.Values(all))), 12)
	require.Equal(n, []desk.MessageID{docs[4].Message}, search(5, 104, 1))
	require.Empty(n, search(5, 104, 105))
	require.Empty(n, search(5))

	changed := docs[4]
	changed.Tokens = []uint64{7777}
	require.NoError(n, index.Put(n.Ctx, []store.IndexDoc{changed}))
	require.Empty(n, search(5, 104))
	require.Equal(n, []desk.MessageID{changed.Message}, search(5, 7777))
	require.NoError(n, index.Delete(n.Ctx, stranger.ID, []desk.MessageID{changed.Message})) // not theirs
	require.Len(n, search(5, 7777), 1)
	require.NoError(n, index.Delete(n.Ctx, n.ID, []desk.MessageID{changed.Message, "msg_unknown"}))
	require.Empty(n, search(5, 7777))
	require.Len(n, search(5, 1), 11)
}
