package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// The states of proposals.
const (
	ProposalOpen     = "open"
	ProposalAccepted = "accepted"
	ProposalRefused  = "refused"
	// ProposalSettled ones need no decision any more.
	ProposalSettled = "settled"
)

// ReviewProposal is something to be learned, for a person to decide.
type ReviewProposal struct {
	ID        string
	AccountID desk.AccountID
	Kind      string
	State     string
	// Size is how many questions stand behind it.
	Size int64
	// Version counts its changes, from 1.
	Version int64
	Content desk.Sealed
	// Result is the knowledge that came of it.
	Result    string
	DecidedBy desk.AgentID
	CreatedAt time.Time
	UpdatedAt time.Time
	DecidedAt time.Time
}

// ReviewProposal finds one.
func (r Reads) ReviewProposal(ctx context.Context, account desk.AccountID, id string) (ReviewProposal, error) {
	row, err := r.q.ReviewProposal(ctx, query.ReviewProposalParams{AccountID: string(account), ID: id})
	if err != nil {
		return ReviewProposal{}, r.fail("find proposal", "proposal", err)
	}
	return reviewProposalOf(row), nil
}

// ReviewProposals lists those of a state, the newest first, below the id before
// if that is not empty.
func (r Reads) ReviewProposals(ctx context.Context, account desk.AccountID, state, before string, limit int) ([]ReviewProposal, error) {
	if before == "" {
		before = "~" // behind every id
	}
	rows, err := r.q.ReviewProposals(ctx, query.ReviewProposalsParams{
		AccountID: string(account), State: state, BeforeID: before, RowLimit: bound(limit),
	})
	return reviewProposalsOf(rows), r.fail("list proposals", "proposal", err)
}

// ReviewProposalPage walks all proposals by id.
func (r Reads) ReviewProposalPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]ReviewProposal, error) {
	rows, err := r.q.ReviewProposalPage(ctx, query.ReviewProposalPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return reviewProposalsOf(rows), r.fail("list proposals", "proposal", err)
}

// PutReviewProposal adds a proposal, with version 1, or changes one, with the
// next version. Conflict if that is not the next.
func (t *Tx) PutReviewProposal(ctx context.Context, p ReviewProposal) error {
	const op = "save proposal"
	if err := t.own(op, p.AccountID); err != nil {
		return err
	}
	n, err := t.q.PutReviewProposal(ctx, query.PutReviewProposalParams{
		AccountID: string(p.AccountID), ID: p.ID, Kind: p.Kind, State: p.State, Size: p.Size, Version: p.Version, Content: blob(p.Content),
		Result: p.Result, DecidedBy: string(p.DecidedBy), CreatedUs: desk.Micros(p.CreatedAt), UpdatedUs: desk.Micros(p.UpdatedAt),
		DecidedUs: desk.Micros(p.DecidedAt),
	})
	if err == nil && n == 0 {
		return desk.E(desk.Conflict, op, "somebody has decided or changed this in the meantime")
	}
	return t.fail(op, "proposal", err)
}

// ResealReviewProposal changes how the content is sealed.
func (t *Tx) ResealReviewProposal(ctx context.Context, account desk.AccountID, id string, content desk.Sealed) error {
	const op = "seal proposal"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.ResealReviewProposal(ctx, query.ResealReviewProposalParams{AccountID: string(account), ID: id, Content: blob(content)})
	return t.changed(op, "proposal", n, err)
}

// TrimReviewProposals forgets those that were decided before then.
func (t *Tx) TrimReviewProposals(ctx context.Context, account desk.AccountID, before time.Time) (int64, error) {
	const op = "trim proposals"
	if err := t.own(op, account); err != nil {
		return 0, err
	}
	n, err := t.q.TrimReviewProposals(ctx, query.TrimReviewProposalsParams{AccountID: string(account), BeforeUs: desk.Micros(before)})
	return n, t.fail(op, "proposal", err)
}

func reviewProposalsOf(rows []query.ReviewProposal) []ReviewProposal {
	out := make([]ReviewProposal, len(rows))
	for i, row := range rows {
		out[i] = reviewProposalOf(row)
	}
	return out
}

func reviewProposalOf(row query.ReviewProposal) ReviewProposal {
	return ReviewProposal{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Kind: row.Kind, State: row.State, Size: row.Size, Version: row.Version,
		Content: row.Content, Result: row.Result, DecidedBy: desk.AgentID(row.DecidedBy), CreatedAt: desk.FromMicros(row.CreatedUs),
		UpdatedAt: desk.FromMicros(row.UpdatedUs), DecidedAt: desk.FromMicros(row.DecidedUs),
	}
}
