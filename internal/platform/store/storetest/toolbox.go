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
func toolboxReads(n *Tenant, v *victim, empty func(any, error), missing func(any, error)) map[string]func() {
	v.label("theirs")
	canned := v.canned("agt_1", "theirs")
	return map[string]func(){
		"Labels":        func() { empty(n.Store.Labels(n.Ctx, n.ID)) },
		"LabelsOf":      func() { empty(n.Store.LabelsOf(n.Ctx, n.ID, []desk.ConversationID{v.in.Conversation.ID})) },
		"CannedReplies": func() { empty(n.Store.CannedReplies(n.Ctx, n.ID)) },
		"CannedReply":   func() { missing(n.Store.CannedReply(n.Ctx, n.ID, canned.ID)) },
	}
}

type unit = func(context.Context, *store.Tx) error

type unitOf = func(context.Context, *store.Tx, desk.AccountID) error

// toolboxWrites are the same for a transaction's methods.
func toolboxWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	label, canned := v.label("theirs too"), v.canned("agt_1", "theirs too")
	return map[string]func(){
		"InsertLabel": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertLabel(ctx, label, "k") }),
		"UpdateLabel": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			l := label
			l.AccountID = a
			return tx.UpdateLabel(ctx, l, "k")
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
