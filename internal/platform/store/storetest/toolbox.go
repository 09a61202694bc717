package storetest

import (
	"context"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func (n *Tenant) label(name string) desk.Label {
	n.Helper()
	l := desk.Label{
		ID: desk.LabelID(n.IDs.Other("lbl")), AccountID: n.ID, Name: name, Color: "red", Description: "about", CreatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertLabel(ctx, l, store.LabelKey(name)) })
	return l
}

func (n *Tenant) canned(owner, shortcut string) store.CannedReply {
	n.Helper()
	c := store.CannedReply{
		ID: desk.CannedReplyID(n.IDs.Other("cnd")), AccountID: n.ID, Scope: desk.CannedPersonal, OwnerID: owner, Shortcut: shortcut,
		Content: desk.Sealed("sealed content"), CreatedAt: n.Clock.Now(), UpdatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertCannedReply(ctx, c) })
	return c
}

func (n *Tenant) draft() store.SavedDraft {
	n.Helper()
	d := store.SavedDraft{
		DraftKey: store.DraftKey{AccountID: n.ID, AgentID: n.Agent.ID, ConversationID: n.IDs.Conversation(), Kind: "note"},
		Revision: 1, Body: desk.Sealed("sealed draft"), UpdatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutDraft(ctx, d) })
	return d
}

// scheduled adds a scheduled message to a conversation of its own.
func (v *victim) scheduled() string {
	v.Helper()
	row := store.Scheduled{
		ID: v.IDs.Other("sch"), AccountID: v.ID, ConversationID: v.in.Conversation.ID, AgentID: v.Agent.ID, State: desk.SchedulePending,
		Due: v.Clock.Now(), CancelOnReply: true, AfterSeq: 2, Body: desk.Sealed("sealed message"), CreatedAt: v.Clock.Now(), UpdatedAt: v.Clock.Now(),
	}
	v.Do(store.Command{
		Account: v.ID, Target: store.Target{Conversation: row.ConversationID},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{Extras: []store.Extra{store.AddScheduled(row)}}, nil
		},
	})
	got, err := v.Store.Scheduled(v.Ctx, v.ID, row.ID)
	require.NoError(v, err)
	require.Equal(v, row, got)
	return row.ID
}

func drafts(n *Tenant) {
	d := n.draft()
	got, err := n.Store.Draft(n.Ctx, d.DraftKey)
	require.NoError(n, err)
	require.Equal(n, d, got)
	d.Revision, d.Body = 2, desk.Sealed("newer")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutDraft(ctx, d) })
	other := n.draft()
	page, err := n.Store.DraftPage(n.Ctx, n.ID, store.DraftKey{}, 1)
	require.NoError(n, err)
	require.Len(n, page, 1)
	rest, err := n.Store.DraftPage(n.Ctx, n.ID, page[0].DraftKey, 10)
	require.NoError(n, err)
	require.ElementsMatch(n, []store.SavedDraft{d, other}, append(page, rest...))
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDraft(ctx, d.DraftKey) })
	_, err = n.Store.Draft(n.Ctx, d.DraftKey)
	n.kind(desk.NotFound, err)
	in, err := n.Store.Drafted(n.Ctx, n.ID, n.Agent.ID, []desk.ConversationID{d.ConversationID, other.ConversationID})
	require.NoError(n, err)
	require.Equal(n, map[desk.ConversationID]bool{other.ConversationID: true}, in)
}

func labels(n *Tenant) {
	b, a := n.label("b"), n.label("a")
	got, err := n.Store.Labels(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []desk.Label{a, b}, got)
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertLabel(ctx, desk.Label{ID: "lbl_x", AccountID: n.ID, Name: "A"}, "a")
	}))
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateLabel(ctx, b, "a") }))
	a.Name, a.Color = "c", "blue"
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateLabel(ctx, a, "c") })
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteLabel(ctx, n.ID, b.ID) })
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteLabel(ctx, n.ID, b.ID) }))
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateLabel(ctx, b, "b") }))
	got, err = n.Store.Labels(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []desk.Label{a}, got)
}

// extras: what a command writes besides the usual rows is written with it, in
// order, and only for its own conversation.
func extras(n *Tenant) {
	in := n.Do(n.Receive("ada", "k", nil))
	l := n.label("x")
	id := in.Conversation.ID
	do := func(e store.Effects) error {
		_, err := n.Store.Do(n.Ctx, store.Command{
			Account: n.ID, Target: store.Target{Conversation: id}, Decide: func(store.Situation) (store.Effects, error) { return e, nil },
		})
		return err
	}
	labelled := func() []desk.LabelID {
		of, err := n.Store.LabelsOf(n.Ctx, n.ID, []desk.ConversationID{id})
		require.NoError(n, err)
		return of[id]
	}
	facts := []desk.Fact{desk.ConversationLabelled{Added: []desk.LabelID{l.ID}}, desk.MessagesRead{Seq: 1}}
	require.NoError(n, do(store.Effects{Facts: facts, Extras: []store.Extra{store.AddLabel(n.ID, id, l.ID), store.AddLabel(n.ID, id, l.ID)}}))
	require.Equal(n, []desk.LabelID{l.ID}, labelled())
	trail, err := n.Store.Activity(n.Ctx, n.ID, id, "", 0)
	require.NoError(n, err)
	require.Len(n, trail, 1, "reading is not an act")
	require.JSONEq(n, `{"added":["`+string(l.ID)+`"]}`, string(trail[0].Details))
	require.NoError(n, do(store.Effects{Extras: []store.Extra{store.AddLabel(n.ID, id, l.ID), store.RemoveLabel(n.ID, id, l.ID)}}))
	require.Empty(n, labelled())
	other := n.Env.Tenant()
	far := other.Do(other.Receive("bob", "k", nil)).Conversation.ID
	for _, x := range []store.Extra{store.AddLabel(n.ID, far, l.ID), store.AddLabel(other.ID, id, l.ID), {}} {
		n.kind(desk.Internal, do(store.Effects{Extras: []store.Extra{x}}))
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.Trail(ctx, desk.Event{AccountID: n.ID, ConversationID: id, Fact: desk.ConversationRated{Score: 5}})
	})
	trail, err = n.Store.Activity(n.Ctx, n.ID, id, "", 0)
	require.NoError(n, err)
	require.Len(n, trail, 2)
	older, err := n.Store.Activity(n.Ctx, n.ID, id, trail[0].ID, 0)
	require.NoError(n, err)
	require.Equal(n, trail[1:], older)
	m, err := n.Store.Messages(n.Ctx, n.ID, id, store.MessageRange{})
	require.NoError(n, err)
	told, err := n.Store.Told(n.Ctx, m[0])
	require.NoError(n, err)
	require.NotZero(n, told.Pos)
	erase, err := store.EraseMessage(m[0], desk.Sealed("nothing"), &told)
	require.NoError(n, err)
	require.NoError(n, do(store.Effects{Extras: erase}))
	gone, err := n.Store.Message(n.Ctx, n.ID, m[0].ID)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("nothing"), gone.Body)
	told, err = n.Store.Told(n.Ctx, m[0])
	require.NoError(n, err)
	f, _ := desk.MessageOf(told.Fact)
	require.Equal(n, desk.Sealed("nothing"), f.Body)
}

func cannedReplies(n *Tenant) {
	second, first := n.canned("agt_1", "b"), n.canned("agt_1", "a")
	other := n.canned("agt_2", "b")
	got, err := n.Store.CannedReplies(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Len(n, got, 3)
	require.Equal(n, first, got[0])
	one, err := n.Store.CannedReply(n.Ctx, n.ID, second.ID)
	require.NoError(n, err)
	require.Equal(n, second, one)
	twin := first
	twin.ID = "cnd_x"
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.InsertCannedReply(ctx, twin) }))
	moved := other
	moved.OwnerID = "agt_1"
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateCannedReply(ctx, moved) }))
	moved.Scope, moved.OwnerID, moved.Content = desk.CannedAll, "", desk.Sealed("new")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateCannedReply(ctx, moved) })
	one, err = n.Store.CannedReply(n.Ctx, n.ID, moved.ID)
	require.NoError(n, err)
	require.Equal(n, moved, one)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCannedReply(ctx, n.ID, moved.ID) })
	_, err = n.Store.CannedReply(n.Ctx, n.ID, moved.ID)
	n.kind(desk.NotFound, err)
}

// toolboxReads are the checks of isolation for this file's methods.
func toolboxReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	label := v.label("theirs")
	v.Do(store.Command{
		Account: v.ID, Target: store.Target{Conversation: v.in.Conversation.ID},
		Decide: func(s store.Situation) (store.Effects, error) {
			return store.Effects{
				Facts: []desk.Fact{desk.ConversationLabelled{Added: []desk.LabelID{label.ID}}},
				Extras: []store.Extra{
					store.AddLabel(v.ID, s.Conversation.ID, label.ID), store.AddMention(v.ID, s.Conversation.ID, v.Agent.ID, 1, s.Now),
				},
			}, nil
		},
	})
	named, err := v.Store.Mentioned(v.Ctx, v.ID, v.Agent.ID, v.in.Conversation.ID)
	require.NoError(n, err)
	require.True(n, named)
	canned := v.canned("agt_1", "theirs")
	return map[string]func(){
		"Labels":        func() { empty(n.Store.Labels(n.Ctx, n.ID)) },
		"LabelsOf":      func() { empty(n.Store.LabelsOf(n.Ctx, n.ID, []desk.ConversationID{v.in.Conversation.ID})) },
		"CannedReplies": func() { empty(n.Store.CannedReplies(n.Ctx, n.ID)) },
		"Draft": func() {
			k := v.draft().DraftKey
			k.AccountID = n.ID
			missing(n.Store.Draft(n.Ctx, k))
		},
		"Drafted": func() {
			d := v.draft()
			empty(n.Store.Drafted(n.Ctx, n.ID, d.AgentID, []desk.ConversationID{d.ConversationID}))
		},
		"DraftPage":     func() { empty(n.Store.DraftPage(n.Ctx, n.ID, store.DraftKey{}, 0)) },
		"Scheduled":     func() { missing(n.Store.Scheduled(n.Ctx, n.ID, v.scheduled())) },
		"ScheduledOf":   func() { empty(n.Store.ScheduledOf(n.Ctx, n.ID, v.in.Conversation.ID)) },
		"ScheduledPage": func() { empty(n.Store.ScheduledPage(n.Ctx, n.ID, "", 0)) },
		"Activity":      func() { empty(n.Store.Activity(n.Ctx, n.ID, v.in.Conversation.ID, "", 0)) },
		"Mentioned": func() {
			found, err := n.Store.Mentioned(n.Ctx, n.ID, v.Agent.ID, v.in.Conversation.ID)
			require.NoError(n, err)
			require.False(n, found)
		},
		"Told": func() {
			m, err := n.Store.Message(n.Ctx, v.ID, v.message)
			require.NoError(n, err)
			m.AccountID = n.ID
			_, err = n.Store.Told(n.Ctx, m)
			n.kind(desk.NotFound, err)
		},
		"CannedReply": func() { missing(n.Store.CannedReply(n.Ctx, n.ID, canned.ID)) },
	}
}

type unit = func(context.Context, *store.Tx) error

type unitOf = func(context.Context, *store.Tx, desk.AccountID) error

// toolboxWrites are the same for a transaction's methods.
func toolboxWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	label, canned := v.label("theirs too"), v.canned("agt_1", "theirs too")
	d, scheduled := v.draft(), v.scheduled()
	return map[string]func(){
		"InsertLabel": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertLabel(ctx, label, "k") }),
		"UpdateLabel": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			l := label
			l.AccountID = a
			return tx.UpdateLabel(ctx, l, "k")
		}),
		"PutDraft": denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutDraft(ctx, d) }),
		"DeleteDraft": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			k := d.DraftKey
			k.AccountID = a
			return tx.DeleteDraft(ctx, k)
		}),
		"ResealScheduled": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.ResealScheduled(ctx, a, scheduled, desk.Sealed("intruder"))
		}),
		"Trail": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.Trail(ctx, desk.Event{AccountID: v.ID, Fact: desk.MentionsRead{}})
		}),
		"DeleteLabel": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteLabel(ctx, a, label.ID)
		}),
		"InsertCannedReply": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertCannedReply(ctx, canned) }),
		"UpdateCannedReply": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			c := canned
			c.AccountID = a
			return tx.UpdateCannedReply(ctx, c)
		}),
		"DeleteCannedReply": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteCannedReply(ctx, a, canned.ID)
		}),
	}
}
