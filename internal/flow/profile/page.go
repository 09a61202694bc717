package profile

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// visit is a page as it is sealed.
type visit struct {
	Kind  desk.VisitKind    `json:"kind"`
	URL   string            `json:"url,omitempty"`
	Title string            `json:"title,omitempty"`
	Name  string            `json:"name,omitempty"`
	Props map[string]string `json:"props,omitempty"`
	Dwell time.Duration     `json:"dwell,omitempty"`
	At    time.Time         `json:"at"`
}

// RecordPages keeps what a contact did on pages, in the order given. The
// newest MaxPages are kept, for PageLife. Callers have checked the visits.
func (s *Service) RecordPages(ctx context.Context, account desk.AccountID, contact desk.ContactID, visits []desk.PageVisit) error {
	keys, err := s.keys(ctx, account)
	if err != nil {
		return err
	}
	rows := make([]store.PageVisit, 0, len(visits))
	for _, v := range visits {
		row := store.PageVisit{ID: s.deps.IDs.Other("pgv"), AccountID: account, ContactID: contact, At: v.At}
		if row.Body, err = sealJSON(keys, visitPlace(row.ID), visit(v)); err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Contact(ctx, account, contact); err != nil {
			return err
		}
		return tx.InsertPageVisits(ctx, account, contact, rows, MaxPages)
	})
}

// Pages lists what a contact did on pages, the newest first, below the cursor.
func (s *Service) Pages(ctx context.Context, by By, id desk.ContactID, cursor string) (visits []desk.PageVisit, next string, err error) {
	const page = 50
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return nil, "", err
	}
	if _, err := s.contact(ctx, s.deps.Store.Reads, by, id); err != nil {
		return nil, "", err
	}
	stored, err := s.deps.Store.PageVisits(ctx, by.Account, id, cursor, page+1)
	if err != nil {
		return nil, "", err
	}
	if len(stored) > page {
		stored = stored[:page]
		next = stored[page-1].ID
	}
	for _, row := range stored {
		var v visit
		if err := openJSON(keys, visitPlace(row.ID), row.Body, &v); err != nil {
			s.deps.Log.ErrorContext(ctx, "a page cannot be opened", "contact_id", id, "error", err)
			continue
		}
		visits = append(visits, desk.PageVisit(v))
	}
	return visits, next, nil
}
