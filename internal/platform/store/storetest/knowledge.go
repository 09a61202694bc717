package storetest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func (n *Tenant) knowledge() store.KnowledgeItem {
	n.Helper()
	k := store.KnowledgeItem{
		ID: n.IDs.Other("faq"), AccountID: n.ID, Kind: "faq", CategoryID: "kcat_1", Version: 1, Content: desk.Sealed("sealed faq"),
		CreatedAt: n.Clock.Now(), UpdatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgeItem(ctx, k) })
	return k
}

func (n *Tenant) history(k store.KnowledgeItem, version int64) store.KnowledgeVersion {
	n.Helper()
	v := store.KnowledgeVersion{
		AccountID: n.ID, ItemID: k.ID, Version: version, Act: "changed", AgentID: n.Agent.ID, Content: desk.Sealed("sealed before"), At: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgeVersion(ctx, v) })
	return v
}

func (n *Tenant) training() (store.KnowledgeIndex, store.KnowledgePart) {
	n.Helper()
	x := store.KnowledgeIndex{
		ID: n.IDs.Other("kix"), AccountID: n.ID, Revision: 3, Parts: 1, Report: json.RawMessage(`{"a":1}`), CreatedAt: n.Clock.Now(),
	}
	p := store.KnowledgePart{AccountID: n.ID, IndexID: x.ID, Part: 0, Body: desk.Sealed("sealed index")}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertKnowledgePart(ctx, p); err != nil {
			return err
		}
		return tx.InsertKnowledgeIndex(ctx, x)
	})
	return x, p
}

func knowledge(n *Tenant) {
	a := n.knowledge()
	b := a
	b.ID, b.UpdatedAt = n.IDs.Other("faq"), a.UpdatedAt.Add(time.Second)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgeItem(ctx, b) })
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgeItem(ctx, a) }))
	newest, err := n.Store.KnowledgeByAge(n.Ctx, n.ID, time.Time{}, "", 1)
	require.NoError(n, err)
	require.Equal(n, []store.KnowledgeItem{b}, newest)
	newest, err = n.Store.KnowledgeByAge(n.Ctx, n.ID, b.UpdatedAt, b.ID, 10)
	require.NoError(n, err)
	require.Equal(n, []store.KnowledgeItem{a}, newest)
	a.Version, a.CategoryID, a.Content, a.UpdatedAt = 2, "", desk.Sealed("changed"), b.UpdatedAt.Add(time.Second)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateKnowledgeItem(ctx, a) })
	all, err := n.Store.KnowledgeItems(n.Ctx, n.ID, "", 0)
	require.NoError(n, err)
	require.ElementsMatch(n, []store.KnowledgeItem{a, b}, all)
	one, err := n.Store.KnowledgeItem(n.Ctx, n.ID, a.ID)
	require.NoError(n, err)
	require.Equal(n, a, one)

	first, second := n.history(a, 1), n.history(a, 2)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.ResealKnowledgeVersion(ctx, n.ID, a.ID, 1, desk.Sealed("other key"))
	})
	first.Content = desk.Sealed("other key")
	past, err := n.Store.KnowledgeVersions(n.Ctx, n.ID, a.ID, 0)
	require.NoError(n, err)
	require.Equal(n, []store.KnowledgeVersion{second, first}, past)
	page, err := n.Store.KnowledgeVersionPage(n.Ctx, n.ID, a.ID, 1, 0)
	require.NoError(n, err)
	require.Equal(n, []store.KnowledgeVersion{second}, page)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.TrimKnowledgeVersions(ctx, n.ID, a.ID, 1) })
	_, err = n.Store.KnowledgeVersion(n.Ctx, n.ID, a.ID, 1)
	n.kind(desk.NotFound, err)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteKnowledgeItem(ctx, n.ID, a.ID) })
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteKnowledgeItem(ctx, n.ID, a.ID) }))
	past, err = n.Store.KnowledgeVersions(n.Ctx, n.ID, a.ID, 0)
	require.NoError(n, err)
	require.Empty(n, past, "the history goes with what it is of")
}

func learnings(n *Tenant) {
	_, err := n.Store.KnowledgeShelf(n.Ctx, n.ID)
	n.kind(desk.NotFound, err)
	shelf := store.KnowledgeShelf{AccountID: n.ID, Revision: 2, Trained: 1, Serving: "kix_1", Settings: json.RawMessage(`{}`), UpdatedAt: n.Clock.Now()}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutKnowledgeShelf(ctx, shelf) })
	waiting, err := n.Store.UntrainedKnowledge(n.Ctx, 0)
	require.NoError(n, err)
	require.Contains(n, waiting, n.ID)
	shelf.Trained, shelf.Pinned = 2, "kix_1"
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutKnowledgeShelf(ctx, shelf) })
	got, err := n.Store.KnowledgeShelf(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, shelf, got)
	waiting, err = n.Store.UntrainedKnowledge(n.Ctx, 0)
	require.NoError(n, err)
	require.NotContains(n, waiting, n.ID)

	x, p := n.training()
	p.Body = desk.Sealed("other key")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.ResealKnowledgePart(ctx, p) })
	list, err := n.Store.KnowledgeIndexes(n.Ctx, n.ID, 0)
	require.NoError(n, err)
	require.Equal(n, []store.KnowledgeIndex{x}, list)
	part, err := n.Store.KnowledgePart(n.Ctx, n.ID, x.ID, 0)
	require.NoError(n, err)
	require.Equal(n, p, part)
	parts, err := n.Store.KnowledgePartPage(n.Ctx, n.ID, "", 0, 0)
	require.NoError(n, err)
	require.Equal(n, []store.KnowledgePart{p}, parts)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteKnowledgeIndex(ctx, n.ID, x.ID) })
	names, err := n.Store.KnowledgeIndexNames(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Empty(n, names)
}

// knowledgeReads are the checks of isolation for this file's methods.
func knowledgeReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	k := v.knowledge()
	v.history(k, 1)
	x, _ := v.training()
	v.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutKnowledgeShelf(ctx, store.KnowledgeShelf{AccountID: v.ID, Settings: json.RawMessage(`{}`), UpdatedAt: v.Clock.Now()})
	})
	return map[string]func(){
		"KnowledgeItem":        func() { missing(n.Store.KnowledgeItem(n.Ctx, n.ID, k.ID)) },
		"KnowledgeItems":       func() { empty(n.Store.KnowledgeItems(n.Ctx, n.ID, "", 0)) },
		"KnowledgeByAge":       func() { empty(n.Store.KnowledgeByAge(n.Ctx, n.ID, time.Time{}, "", 0)) },
		"KnowledgeVersions":    func() { empty(n.Store.KnowledgeVersions(n.Ctx, n.ID, k.ID, 0)) },
		"KnowledgeVersion":     func() { missing(n.Store.KnowledgeVersion(n.Ctx, n.ID, k.ID, 1)) },
		"KnowledgeVersionPage": func() { empty(n.Store.KnowledgeVersionPage(n.Ctx, n.ID, "", 0, 0)) },
		"KnowledgeShelf": func() {
			_, err := n.Store.KnowledgeShelf(n.Ctx, n.ID)
			n.kind(desk.NotFound, err)
		},
		"KnowledgeIndexes":    func() { empty(n.Store.KnowledgeIndexes(n.Ctx, n.ID, 0)) },
		"KnowledgePart":       func() { missing(n.Store.KnowledgePart(n.Ctx, n.ID, x.ID, 0)) },
		"KnowledgePartPage":   func() { empty(n.Store.KnowledgePartPage(n.Ctx, n.ID, "", 0, 0)) },
		"KnowledgeIndexNames": func() { empty(n.Store.KnowledgeIndexNames(n.Ctx, n.ID)) },
	}
}

// knowledgeWrites are the same for a transaction's methods.
func knowledgeWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	k := v.knowledge()
	x, p := v.training()
	return map[string]func(){
		"InsertKnowledgeItem": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgeItem(ctx, k) }),
		"UpdateKnowledgeItem": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			other := k
			other.AccountID = a
			return tx.UpdateKnowledgeItem(ctx, other)
		}),
		"DeleteKnowledgeItem": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteKnowledgeItem(ctx, a, k.ID)
		}),
		"InsertKnowledgeVersion": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertKnowledgeVersion(ctx, store.KnowledgeVersion{AccountID: v.ID, ItemID: k.ID, Version: 9})
		}),
		"ResealKnowledgeVersion": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.ResealKnowledgeVersion(ctx, v.ID, k.ID, 1, desk.Sealed("x"))
		}),
		"TrimKnowledgeVersions": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.TrimKnowledgeVersions(ctx, v.ID, k.ID, 9)
		}),
		"PutKnowledgeShelf": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutKnowledgeShelf(ctx, store.KnowledgeShelf{AccountID: v.ID})
		}),
		"InsertKnowledgeIndex": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgeIndex(ctx, x) }),
		"DeleteKnowledgeIndex": denied(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteKnowledgeIndex(ctx, v.ID, x.ID) }),
		"InsertKnowledgePart":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgePart(ctx, p) }),
		"ResealKnowledgePart":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.ResealKnowledgePart(ctx, p) }),
	}
}
