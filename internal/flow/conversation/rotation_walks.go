package conversation

import (
	"bytes"
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// sealed makes the items of a page of rows; the next page begins after the last
// row. A row without a value has no item.
func sealed[R any](page []R, err error, after string, item func(R) seal.Item) ([]seal.Item, string, error) {
	items := make([]seal.Item, 0, len(page))
	for _, row := range page {
		i := item(row)
		after = i.Place.Row
		if len(i.Sealed) > 0 {
			items = append(items, i)
		}
	}
	return items, after, err
}

// own is a value whose row is sealed for itself.
func own(table, row, column string, value desk.Sealed) seal.Item {
	return seal.Item{Place: seal.Place{Owner: row, Table: table, Row: row, Column: column}, Sealed: value}
}

// attachments returns what is known of files, with the keys of their blobs: so
// the blobs themselves are never written anew.
func (w *walker) attachments(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.AttachmentPage(ctx, account, desk.AttachmentID(after), limit)
	return sealed(page, err, after, func(a store.Attachment) seal.Item {
		return own("attachment", string(a.ID), "meta", a.Meta)
	})
}

func (w *walker) contactNotes(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ContactNotePage(ctx, account, after, limit)
	return sealed(page, err, after, func(n store.ContactNote) seal.Item {
		return own("contact_note", n.ID, "body", n.Body)
	})
}

func (w *walker) pageVisits(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.PageVisitPage(ctx, account, after, limit)
	return sealed(page, err, after, func(v store.PageVisit) seal.Item {
		return own("page_visit", v.ID, "body", v.Body)
	})
}

func (w *walker) merges(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.ContactMergePage(ctx, account, after, limit)
	return sealed(page, err, after, func(m store.ContactMerge) seal.Item {
		return own("contact_merge", m.ID, "moved", m.Moved)
	})
}

func (w *walker) mails(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.MailPage(ctx, account, after, limit)
	return sealed(page, err, after, func(m store.Mail) seal.Item {
		return own("mail", m.ID, "body", m.Body)
	})
}

func (w *walker) callbacks(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	page, err := w.store.CallbackPage(ctx, account, after, limit)
	return sealed(page, err, after, func(v store.Callback) seal.Item {
		return seal.Item{Place: seal.Place{Owner: string(v.ConversationID), Table: "callback", Row: v.ID, Column: "details"}, Sealed: v.Details}
	})
}

func (w *walker) robots(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, after, nil // they fit on one page
	}
	all, err := w.store.Robots(ctx, account)
	return sealed(all, err, after, func(v store.Robot) seal.Item {
		return own("robot", v.ID, "secret", v.Secret)
	})
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
