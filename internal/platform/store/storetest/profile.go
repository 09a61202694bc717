package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func profiles(n *Tenant) {
	a, b := n.Do(n.Receive("ada", "", nil)).ContactID, n.Do(n.Receive("bob", "", nil)).ContactID
	rev, err := n.Store.ContactRevision(n.Ctx, n.ID, a)
	require.NoError(n, err)
	require.Zero(n, rev, "never changed")
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.PutContactRevision(ctx, n.ID, a, store.ContactRevision{Version: 1}),
			tx.PutContactRevision(ctx, n.ID, a, store.ContactRevision{Version: 2, MergedInto: b}),
			tx.SetContactTokens(ctx, n.ID, a, []uint64{1, 2, 1<<63 + 5}),
			tx.SetContactTokens(ctx, n.ID, b, []uint64{9}),
			tx.SetContactTokens(ctx, n.ID, b, []uint64{2, 3, 3}),
		)
	})
	revisions, err := n.Store.ContactRevisions(n.Ctx, n.ID, []desk.ContactID{a, b})
	require.NoError(n, err)
	require.Equal(n, map[desk.ContactID]store.ContactRevision{a: {Version: 2, MergedInto: b}}, revisions)
	for _, tc := range []struct {
		tokens []uint64
		before desk.ContactID
		want   []desk.ContactID
	}{
		{[]uint64{2}, "", []desk.ContactID{b, a}},
		{[]uint64{2}, b, []desk.ContactID{a}},
		{[]uint64{2, 3}, "", []desk.ContactID{b}},
		{[]uint64{1<<63 + 5, 2, 1}, "", []desk.ContactID{a}},
		{[]uint64{9}, "", []desk.ContactID{}},
		{nil, "", nil},
	} {
		got, err := n.Store.ContactsByTokens(n.Ctx, n.ID, tc.tokens, tc.before, 10)
		require.NoError(n, err)
		require.Equal(n, tc.want, got)
	}
	list, err := n.Store.ContactsBefore(n.Ctx, n.ID, "", 10)
	require.NoError(n, err)
	require.Equal(n, []desk.ContactID{b, a}, []desk.ContactID{list[0].ID, list[1].ID})
	list, err = n.Store.ContactsBefore(n.Ctx, n.ID, b, 10)
	require.NoError(n, err)
	require.Len(n, list, 1)

	var notes []store.ContactNote
	for i := range 3 {
		note := store.ContactNote{
			ID: n.IDs.Other("nte"), AccountID: n.ID, ContactID: a, AgentID: n.Agent.ID, Body: desk.Sealed{byte(i)}, CreatedAt: n.Clock.Now(),
		}
		notes = append(notes, note)
		n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertContactNote(ctx, note) })
	}
	got, err := n.Store.ContactNotes(n.Ctx, n.ID, a, "", 2)
	require.NoError(n, err)
	require.Equal(n, []store.ContactNote{notes[2], notes[1]}, got)
	got, err = n.Store.ContactNotes(n.Ctx, n.ID, a, notes[1].ID, 2)
	require.NoError(n, err)
	require.Equal(n, notes[:1], got)
	notes[0].ContactID, notes[0].Body = b, desk.Sealed("anew")
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.UpdateContactNote(ctx, notes[0]), tx.DeleteContactNote(ctx, n.ID, notes[1].ID))
	})
	got, err = n.Store.ContactNotePage(n.Ctx, n.ID, "", 10)
	require.NoError(n, err)
	require.Equal(n, []store.ContactNote{notes[0], notes[2]}, got)
	one, err := n.Store.ContactNote(n.Ctx, n.ID, notes[0].ID)
	require.NoError(n, err)
	require.Equal(n, notes[0], one)

	merge := store.ContactMerge{ID: n.IDs.Other("mrg"), AccountID: n.ID, Keep: b, Lose: a, AgentID: n.Agent.ID, Moved: desk.Sealed("m"), CreatedAt: n.Clock.Now()}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertContactMerge(ctx, merge) })
	merge.UndoneAt, merge.Moved = n.Clock.Now(), desk.Sealed("anew")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateContactMerge(ctx, merge) })
	for _, contact := range []desk.ContactID{a, b} {
		merges, err := n.Store.ContactMerges(n.Ctx, n.ID, contact, 5)
		require.NoError(n, err)
		require.Equal(n, []store.ContactMerge{merge}, merges)
	}
	merges, err := n.Store.ContactMergePage(n.Ctx, n.ID, "", 5)
	require.NoError(n, err)
	require.Equal(n, []store.ContactMerge{merge}, merges)
	found, err := n.Store.ContactMerge(n.Ctx, n.ID, merge.ID)
	require.NoError(n, err)
	require.Equal(n, merge, found)
}

func pageVisits(n *Tenant) {
	a := n.Do(n.Receive("ada", "", nil)).ContactID
	other := n.Do(n.Receive("bob", "", nil)).ContactID
	visit := func(i int) store.PageVisit {
		return store.PageVisit{ID: n.IDs.Other("pgv"), AccountID: n.ID, ContactID: a, Body: desk.Sealed{byte(i)}, At: n.Clock.Now()}
	}
	var all []store.PageVisit
	for i := range 7 {
		all = append(all, visit(i))
	}
	foreign := visit(9)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertPageVisits(ctx, n.ID, other, []store.PageVisit{foreign}, 5),
			tx.InsertPageVisits(ctx, n.ID, a, all[:4], 5), tx.InsertPageVisits(ctx, n.ID, a, all[4:], 5),
		)
	})
	got, err := n.Store.PageVisits(n.Ctx, n.ID, a, "", 10)
	require.NoError(n, err)
	require.Equal(n, []store.PageVisit{all[6], all[5], all[4], all[3], all[2]}, got, "the newest five")
	got, err = n.Store.PageVisits(n.Ctx, n.ID, a, all[4].ID, 1)
	require.NoError(n, err)
	require.Equal(n, []store.PageVisit{all[3]}, got)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdatePageVisit(ctx, n.ID, all[6].ID, desk.Sealed("anew"))
	})
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		gone, err := tx.DeleteOldPageVisits(ctx, all[6].At)
		require.EqualValues(n, 4, gone)
		return err
	}))
	got, err = n.Store.PageVisitPage(n.Ctx, n.ID, "", 10)
	require.NoError(n, err)
	require.Len(n, got, 2)
	require.Equal(n, desk.Sealed("anew"), got[0].Body)
}

// movePeople gives everything of one contact to another, as a merge does.
func (n *Tenant) movePeople(ctx context.Context, tx *store.Tx, from, to desk.ContactID) error {
	identities, err := tx.Identities(ctx, n.ID, from)
	if err != nil {
		return err
	}
	for _, i := range identities {
		if _, err := tx.MoveIdentity(ctx, i, to, desk.Sealed("sealed anew")); err != nil {
			return err
		}
	}
	live, err := tx.LiveConversations(ctx, n.ID, from)
	if err != nil {
		return err
	}
	for _, l := range live {
		if err := tx.DeleteLiveConversation(ctx, l); err != nil {
			return err
		}
		l.ContactID = to
		if err := tx.PutLiveConversation(ctx, l); err != nil {
			return err
		}
	}
	all, err := tx.AllConversations(ctx, n.ID, from)
	for _, c := range all {
		if _, err := tx.MoveConversation(ctx, n.ID, c.ID, from, to); err != nil {
			return err
		}
	}
	return err
}

// peopleMove gives a contact's identities and conversations to another and
// back, while both write on all nodes: each message is in a conversation of
// whoever the identity belongs to at the end, and none is lost.
func peopleMove(n *Tenant) {
	a, b := n.Do(n.Receive("ada", "", nil)).ContactID, n.Do(n.Receive("bob", "", nil)).ContactID
	const writers, each, merges = 4, 25, 12
	var writing sync.WaitGroup
	var sent atomic.Int64
	for w := range writers {
		writing.Go(func() {
			door := []*store.Store{n.Store, n.Peer}[w%2]
			for i := range each {
				_, err := door.Do(n.Ctx, n.Receive([]string{"ada", "bob", "new"}[i%3], fmt.Sprint(w, "-", i), []byte("x")))
				if err != nil {
					n.Errorf("a message was refused: %v", err)
				}
				sent.Add(1)
			}
		})
	}
	from, to := a, b
	for i := range merges {
		door := []*store.Store{n.Store, n.Peer}[i%2]
		require.NoError(n, door.WriteAlone(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return n.movePeople(ctx, tx, from, to) }))
		from, to = to, from
	}
	writing.Wait()
	total := int64(0)
	contacts, err := n.Store.ContactPage(n.Ctx, n.ID, "", 100)
	require.NoError(n, err)
	require.Len(n, contacts, 3)
	for _, c := range contacts {
		all, err := n.Store.AllConversations(n.Ctx, n.ID, c.ID)
		require.NoError(n, err)
		for _, conversation := range all {
			total += conversation.Seq
		}
		identities, err := n.Store.Identities(n.Ctx, n.ID, c.ID)
		require.NoError(n, err)
		if len(identities) == 0 {
			require.Empty(n, all, "nothing stays with a contact that nobody is")
			live, err := n.Store.LiveConversations(n.Ctx, n.ID, c.ID)
			require.NoError(n, err)
			require.Empty(n, live)
		}
	}
	require.Equal(n, sent.Load()+2, total)
	events, err := n.Store.AccountEvents(n.Ctx, n.ID, 0, 1000)
	require.NoError(n, err)
	received := int64(0)
	for _, e := range events {
		if _, ok := e.Fact.(desk.MessageReceived); ok {
			received++
		}
	}
	require.Equal(n, total, received)
}
