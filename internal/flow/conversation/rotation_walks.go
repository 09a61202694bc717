package conversation

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
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
