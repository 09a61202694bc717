package conversation

import (
	"bytes"
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The values that flow/training seals.

func (w *walker) intents(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.IntentPage(ctx, account, after, limit)
	return sealed(page, err, after, func(row store.Intent) seal.Item {
		return own("intent", row.ID, "content", row.Content)
	})
}

// intentModels returns what is sealed of all models at once: they are few.
func (w *walker) intentModels(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, "", nil
	}
	models, err := w.store.IntentModels(ctx, account, 0)
	items := make([]seal.Item, len(models))
	for i, m := range models {
		items[i] = seal.Item{Place: seal.Place{Owner: m.ID, Table: "intent_model", Row: m.ID, Column: "secret"}, Sealed: m.Secret}
	}
	return items, "all", err
}

// replaceOfTraining puts the newly sealed value where the old one still stands.
func replaceOfTraining(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	if c.Place.Table == "intent_model" {
		return tx.UpdateIntentModelSecret(ctx, account, c.Place.Row, c.New) // written once and never changed
	}
	row, err := tx.Intent(ctx, account, c.Place.Row)
	if err != nil || !bytes.Equal(row.Content, c.Old) {
		return err
	}
	return tx.UpdateIntentContent(ctx, account, row.ID, c.New)
}
