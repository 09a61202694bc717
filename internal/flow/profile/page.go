package profile

import (
	"context"
	"slices"
	"strings"
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

// Pages lists what a contact did on pages, the newest first, below the cursor;
// also what was done by those who were merged into it.
func (s *Service) Pages(ctx context.Context, by By, id desk.ContactID, cursor string) (visits []desk.PageVisit, next string, err error) {
	const page = 50
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return nil, "", err
	}
	if _, err := s.contact(ctx, s.deps.Store.Reads, by, id); err != nil {
		return nil, "", err
	}
	everybody, err := s.mergedInto(ctx, by.Account, id)
	if err != nil {
		return nil, "", err
	}
	var stored []store.PageVisit
	for _, one := range everybody {
		rows, err := s.deps.Store.PageVisits(ctx, by.Account, one, cursor, page+1)
		if err != nil {
			return nil, "", err
		}
		stored = append(stored, rows...)
	}
	slices.SortFunc(stored, func(a, b store.PageVisit) int { return strings.Compare(b.ID, a.ID) })
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

// maxMerged bounds whose pages are read together.
const maxMerged = 20

// mergedInto is a contact with all that were merged into it and still are.
func (s *Service) mergedInto(ctx context.Context, account desk.AccountID, id desk.ContactID) ([]desk.ContactID, error) {
	all := []desk.ContactID{id}
	for i := 0; i < len(all) && len(all) < maxMerged; i++ {
		merges, err := s.deps.Store.ContactMerges(ctx, account, all[i], maxMerged)
		if err != nil {
			return nil, err
		}
		for _, m := range merges {
			if m.Keep == all[i] && m.UndoneAt.IsZero() && !slices.Contains(all, m.Lose) {
				all = append(all, m.Lose)
			}
		}
	}
	return all, nil
}
