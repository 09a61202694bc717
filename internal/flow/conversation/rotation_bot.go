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
	return sealed(page, err, after, func(row store.BotSession) seal.Item {
		return own("bot_session", string(row.ConversationID), "state", row.State)
	})
}

func (w *walker) botDecisions(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.BotDecisionPage(ctx, account, after, limit)
	return sealed(page, err, after, func(row store.BotDecision) seal.Item {
		return seal.Item{Place: seal.Place{Owner: string(row.ConversationID), Table: "bot_decision", Row: row.ID, Column: "body"}, Sealed: row.Body}
	})
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
