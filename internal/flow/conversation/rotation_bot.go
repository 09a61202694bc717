package conversation

import (
	"bytes"
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The values that flow/bot seals.

func (w *walker) botSessions(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.BotSessionPage(ctx, account, desk.ConversationID(after), limit)
	var items []seal.Item
	for _, row := range page {
		after = string(row.ConversationID)
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "bot_session", Row: after, Column: "state"}, Sealed: row.State})
	}
	return items, after, err
}

func (w *walker) botDecisions(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.BotDecisionPage(ctx, account, after, limit)
	var items []seal.Item
	for _, row := range page {
		after = row.ID
		items = append(items, seal.Item{
			Place: seal.Place{Owner: string(row.ConversationID), Table: "bot_decision", Row: after, Column: "body"}, Sealed: row.Body,
		})
	}
	return items, after, err
}

// replaceOfBot puts the newly sealed value where the old one still stands.
func replaceOfBot(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	if c.Place.Table == "bot_decision" {
		return tx.ResealBotDecision(ctx, account, c.Place.Row, c.New) // written once and never changed
	}
	session, err := tx.BotSession(ctx, account, desk.ConversationID(c.Place.Row))
	if err != nil || !bytes.Equal(session.State, c.Old) {
		return err
	}
	session.State = c.New
	return tx.PutBotSession(ctx, session)
}
