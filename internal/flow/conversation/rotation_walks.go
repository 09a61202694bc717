package conversation

import (
	"bytes"
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// attachments returns what is known of files, with the keys of their blobs: so
// the blobs themselves are never written anew.
func (w *walker) attachments(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.AttachmentPage(ctx, account, desk.AttachmentID(after), limit)
	var items []seal.Item
	for _, a := range page {
		after = string(a.ID)
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "attachment", Row: after, Column: "meta"}, Sealed: a.Meta})
	}
	return items, after, err
}

func (w *walker) contactNotes(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ContactNotePage(ctx, account, after, limit)
	var items []seal.Item
	for _, n := range page {
		after = n.ID
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "contact_note", Row: after, Column: "body"}, Sealed: n.Body})
	}
	return items, after, err
}

func (w *walker) pageVisits(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.PageVisitPage(ctx, account, after, limit)
	var items []seal.Item
	for _, v := range page {
		after = v.ID
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "page_visit", Row: after, Column: "body"}, Sealed: v.Body})
	}
	return items, after, err
}

func (w *walker) merges(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ContactMergePage(ctx, account, after, limit)
	var items []seal.Item
	for _, m := range page {
		after = m.ID
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "contact_merge", Row: after, Column: "moved"}, Sealed: m.Moved})
	}
	return items, after, err
}

func (w *walker) mails(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.MailPage(ctx, account, after, limit)
	var items []seal.Item
	for _, m := range page {
		after = m.ID
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "mail", Row: after, Column: "body"}, Sealed: m.Body})
	}
	return items, after, err
}

func (w *walker) callbacks(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.CallbackPage(ctx, account, after, limit)
	var items []seal.Item
	for _, v := range page {
		after = v.ID
		items = append(items, seal.Item{Place: seal.Place{Owner: string(v.ConversationID), Table: "callback", Row: after, Column: "details"}, Sealed: v.Details})
	}
	return items, after, err
}

func (w *walker) robots(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, after, nil // they fit on one page
	}
	all, err := w.store.Robots(ctx, account)
	var items []seal.Item
	for _, v := range all {
		after = v.ID
		items = append(items, seal.Item{Place: seal.Place{Owner: after, Table: "robot", Row: after, Column: "secret"}, Sealed: v.Secret})
	}
	return items, after, err
}

// replaceQueue is replace for what belongs to the queue.
func replaceQueue(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	if c.Place.Table == "callback" {
		v, err := tx.Callback(ctx, account, c.Place.Row)
		if err != nil || !bytes.Equal(v.Details, c.Old) {
			return err
		}
		v.Details = c.New
		return tx.UpdateCallback(ctx, v)
	}
	v, err := tx.Robot(ctx, account, c.Place.Row)
	if err != nil || !bytes.Equal(v.Secret, c.Old) {
		return err
	}
	v.Secret = c.New
	return tx.PutRobot(ctx, v)
}
