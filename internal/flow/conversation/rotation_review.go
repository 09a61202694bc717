package conversation

import (
	"bytes"
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The values that flow/review seals.

func (w *walker) proposals(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ReviewProposalPage(ctx, account, after, limit)
	return sealed(page, err, after, func(row store.ReviewProposal) seal.Item {
		return own("review_proposal", row.ID, "content", row.Content)
	})
}

// replaceOfReview puts the newly sealed value where the old one still stands.
func replaceOfReview(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	row, err := tx.ReviewProposal(ctx, account, c.Place.Row)
	if err != nil || !bytes.Equal(row.Content, c.Old) {
		return err
	}
	return tx.ResealReviewProposal(ctx, account, row.ID, c.New)
}
