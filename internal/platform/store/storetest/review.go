package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func (n *Tenant) proposal() store.ReviewProposal {
	n.Helper()
	p := store.ReviewProposal{
		ID: n.IDs.Other("rvw"), AccountID: n.ID, Kind: "question", State: store.ProposalOpen, Size: 3, Version: 1,
		Content: desk.Sealed("sealed questions"), CreatedAt: n.Clock.Now(), UpdatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutReviewProposal(ctx, p) })
	return p
}

func proposals(n *Tenant) {
	a, b := n.proposal(), n.proposal()
	open, err := n.Store.ReviewProposals(n.Ctx, n.ID, store.ProposalOpen, "", 0)
	require.NoError(n, err)
	require.Equal(n, []store.ReviewProposal{b, a}, open)
	open, err = n.Store.ReviewProposals(n.Ctx, n.ID, store.ProposalOpen, b.ID, 1)
	require.NoError(n, err)
	require.Equal(n, []store.ReviewProposal{a}, open)

	late := a
	a.Version, a.State, a.DecidedBy, a.DecidedAt, a.Result = 2, store.ProposalAccepted, n.Agent.ID, n.Clock.Now(), "faq_1"
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutReviewProposal(ctx, a) })
	late.Version, late.State = 2, store.ProposalRefused
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.PutReviewProposal(ctx, late) }))
	one, err := n.Store.ReviewProposal(n.Ctx, n.ID, a.ID)
	require.NoError(n, err)
	require.Equal(n, a, one)

	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.ResealReviewProposal(ctx, n.ID, b.ID, desk.Sealed("other key"))
	})
	b.Content = desk.Sealed("other key")
	page, err := n.Store.ReviewProposalPage(n.Ctx, n.ID, a.ID, 0)
	require.NoError(n, err)
	require.Equal(n, []store.ReviewProposal{b}, page)

	n.Write(func(ctx context.Context, tx *store.Tx) error {
		gone, err := tx.TrimReviewProposals(ctx, n.ID, a.DecidedAt.Add(time.Second))
		require.EqualValues(n, 1, gone, "open ones stay")
		return err
	})
	_, err = n.Store.ReviewProposal(n.Ctx, n.ID, a.ID)
	n.kind(desk.NotFound, err)
}

// reviewReads calls the reading methods with the other's ids and the own account.
func reviewReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	p := v.proposal()
	return map[string]func(){
		"ReviewProposal":     func() { missing(n.Store.ReviewProposal(n.Ctx, n.ID, p.ID)) },
		"ReviewProposals":    func() { empty(n.Store.ReviewProposals(n.Ctx, n.ID, store.ProposalOpen, "", 0)) },
		"ReviewProposalPage": func() { empty(n.Store.ReviewProposalPage(n.Ctx, n.ID, "", 0)) },
	}
}

// reviewWrites are the same for a transaction's methods.
func reviewWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	p := v.proposal()
	return map[string]func(){
		"PutReviewProposal": denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutReviewProposal(ctx, p) }),
		"ResealReviewProposal": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.ResealReviewProposal(ctx, a, p.ID, desk.Sealed("intruder"))
		}),
		"TrimReviewProposals": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TrimReviewProposals(ctx, v.ID, v.Clock.Now())
			return err
		}),
	}
}
