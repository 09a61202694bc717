package conversation

import (
	"bytes"
	"context"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The values that flow/toolbox seals, and scheduled messages.

func cannedPlace(id desk.CannedReplyID) seal.Place {
	return seal.Place{Owner: string(id), Table: "canned_reply", Row: string(id), Column: "content"}
}

func draftPlace(k store.DraftKey) seal.Place {
	return seal.Place{
		Owner: string(k.ConversationID), Table: "draft", Row: string(k.AgentID) + ":" + string(k.ConversationID) + ":" + k.Kind, Column: "body",
	}
}

// cannedReplies returns all canned replies at once: they are few, and have no pages.
func (w *walker) cannedReplies(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, "", nil
	}
	rows, err := w.store.CannedReplies(ctx, account)
	items := make([]seal.Item, len(rows))
	for i, row := range rows {
		items[i] = seal.Item{Place: cannedPlace(row.ID), Sealed: row.Content}
	}
	return items, "all", err
}

func (w *walker) drafts(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.DraftPage(ctx, account, draftKey(account, after), limit)
	items := make([]seal.Item, len(page))
	for i, d := range page {
		items[i] = seal.Item{Place: draftPlace(d.DraftKey), Sealed: d.Body}
		after = draftPlace(d.DraftKey).Row
	}
	return items, after, err
}

// draftKey reads the row of a draft's place.
func draftKey(account desk.AccountID, row string) store.DraftKey {
	agent, rest, _ := strings.Cut(row, ":")
	conversation, kind, _ := strings.Cut(rest, ":")
	return store.DraftKey{AccountID: account, AgentID: desk.AgentID(agent), ConversationID: desk.ConversationID(conversation), Kind: kind}
}

func (w *walker) scheduled(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ScheduledPage(ctx, account, after, limit)
	return sealed(page, err, after, func(m store.Scheduled) seal.Item {
		return seal.Item{Place: SchedulePlace(m.ConversationID, m.ID), Sealed: m.Body}
	})
}

// replaceOfToolbox puts the newly sealed value where the old one still stands.
func replaceOfToolbox(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	row := c.Place.Row
	switch c.Place.Table {
	case "canned_reply":
		r, err := tx.CannedReply(ctx, account, desk.CannedReplyID(row))
		if err != nil || !bytes.Equal(r.Content, c.Old) {
			return err
		}
		r.Content = c.New
		return tx.UpdateCannedReply(ctx, r)
	case "draft":
		d, err := tx.Draft(ctx, draftKey(account, row))
		if err != nil || !bytes.Equal(d.Body, c.Old) {
			return err
		}
		d.Body = c.New
		return tx.PutDraft(ctx, d)
	default:
		m, err := tx.Scheduled(ctx, account, row)
		if err != nil || !bytes.Equal(m.Body, c.Old) {
			return err
		}
		return tx.ResealScheduled(ctx, account, m.ID, c.New)
	}
}
