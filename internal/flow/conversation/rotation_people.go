package conversation

import (
	"bytes"
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The walks through what is sealed of people and their administration. Lists
// that have no pages are short; they come at once.

func (w *walker) sessions(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.SessionPage(ctx, account, after, limit)
	var items []seal.Item
	for _, s := range page {
		after = s.ID
		if len(s.Meta) > 0 {
			items = append(items, seal.Item{Place: seal.Place{Owner: s.Hash, Table: "session", Row: s.Hash, Column: "meta"}, Sealed: s.Meta})
		}
	}
	return items, after, err
}

func (w *walker) invitations(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, after, nil
	}
	list, err := w.store.Invitations(ctx, account)
	return sealed(list, err, after, func(i store.Invitation) seal.Item {
		return own("invitation", i.ID, "profile", i.Profile)
	})
}

func (w *walker) factors(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, after, nil
	}
	list, err := w.store.SecondFactors(ctx, account)
	return sealed(list, err, after, func(f store.SecondFactor) seal.Item {
		return own("second_factor", string(f.AgentID), "secret", f.Secret)
	})
}

func (w *walker) acts(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ActsAfter(ctx, account, after, limit)
	return sealed(page, err, after, func(a store.Act) seal.Item { return seal.Item{Place: audit.Place(a.ID), Sealed: a.Details} })
}

// replaceOfPeople puts the newly sealed value where the old one still stands.
func replaceOfPeople(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	row := c.Place.Row
	switch c.Place.Table {
	case "session":
		s, err := tx.Session(ctx, row)
		if err != nil || s.AccountID != account || !bytes.Equal(s.Meta, c.Old) {
			return err
		}
		return tx.UpdateSessionMeta(ctx, account, row, c.New)
	case "invitation":
		return tx.UpdateInvitationProfile(ctx, account, row, c.New) // nobody else changes one
	case "second_factor":
		f, err := tx.SecondFactor(ctx, account, desk.AgentID(row))
		if err != nil || !bytes.Equal(f.Secret, c.Old) {
			return err
		}
		f.Secret = c.New
		return tx.PutSecondFactor(ctx, f)
	default:
		return tx.ResealAct(ctx, account, row, c.New) // nobody ever changes one
	}
}
