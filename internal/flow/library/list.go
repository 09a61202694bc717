package library

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// The states that a list may be narrowed to.
const (
	StateLive     = "live"
	StateDisabled = "disabled"
	StateWaiting  = "waiting" // valid later
	StateExpired  = "expired"
)

// State tells what an item does at the time.
func (b Body) State(now time.Time) string {
	switch {
	case !b.Enabled:
		return StateDisabled
	case now.Before(b.ValidFrom):
		return StateWaiting
	case !b.ValidUntil.IsZero() && !now.Before(b.ValidUntil):
		return StateExpired
	}
	return StateLive
}

// Filter narrows a list; empty fields do not.
type Filter struct {
	Kind string
	// Categories are ids; "-" is those without one.
	Categories []string
	State      string
	Topic      string
	// Query is words that must all occur in title, ways, answers or text.
	Query string
}

// List lists items, the one changed last first, from a cursor that the page
// before gave. next is empty at the end.
func (s *Service) List(ctx context.Context, account desk.AccountID, f Filter, cursor string, limit int) (items []Item, next string, err error) {
	before, id, err := readCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, "", err
	}
	words, now := strings.Fields(text.Normalize(f.Query)), s.deps.Clock.Now()
	items = []Item{}
	for {
		rows, err := s.deps.Store.KnowledgeByAge(ctx, account, before, id, 500)
		if err != nil {
			return nil, "", err
		}
		for _, row := range rows {
			before, id = row.UpdatedAt, row.ID
			if !f.category(row.CategoryID) || f.Kind != "" && f.Kind != row.Kind {
				continue
			}
			it, err := openItem(keys, row)
			if err != nil {
				s.deps.Log.ErrorContext(ctx, "an entry of the knowledge cannot be opened", "id", row.ID, "error", err)
				continue
			}
			if f.State != "" && f.State != it.State(now) || f.Topic != "" && f.Topic != it.Topic || !it.matches(words) {
				continue
			}
			if len(items) == limit {
				last := items[limit-1]
				return items, writeCursor(last.UpdatedAt, last.ID), nil
			}
			items = append(items, it)
		}
		if len(rows) < 500 {
			return items, "", nil
		}
	}
}

func (f Filter) category(id string) bool {
	if len(f.Categories) == 0 {
		return true
	}
	for _, c := range f.Categories {
		if c == id || c == "-" && id == "" {
			return true
		}
	}
	return false
}

func (it *Item) matches(words []string) bool {
	if len(words) == 0 {
		return true
	}
	var b strings.Builder
	b.WriteString(it.Title + "\n" + strings.Join(it.Ways, "\n") + "\n" + it.Text)
	for _, a := range it.Answers {
		b.WriteString("\n" + a.Content.PlainText())
	}
	within := text.Normalize(b.String())
	for _, w := range words {
		if !strings.Contains(within, w) {
			return false
		}
	}
	return true
}

func writeCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d:%s", desk.Micros(at), id))
}

func readCursor(cursor string) (at time.Time, id string, err error) {
	if cursor == "" {
		return at, "", nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	us, id, ok := strings.Cut(string(plain), ":")
	n, err2 := strconv.ParseInt(us, 10, 64)
	if err != nil || err2 != nil || !ok || n <= 0 {
		return at, "", desk.InvalidField("list knowledge", "cursor", "this cursor is not one of ours")
	}
	return desk.FromMicros(n), id, nil
}

// all walks every item of the account.
func (s *Service) all(ctx context.Context, account desk.AccountID, each func(Item)) error {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return err
	}
	for after := ""; ; {
		rows, err := s.deps.Store.KnowledgeItems(ctx, account, after, 0)
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = row.ID
			it, err := openItem(keys, row)
			if err != nil {
				s.deps.Log.ErrorContext(ctx, "an entry of the knowledge cannot be opened", "id", row.ID, "error", err)
				continue
			}
			each(it)
		}
		if len(rows) == 0 {
			return nil
		}
	}
}

// The acts that can be done to many items at once.
const (
	BulkEnable  = "enable"
	BulkDisable = "disable"
	BulkMove    = "move"
	BulkDelete  = "delete"
)

// Bulk does one thing to many items, whatever their versions: all of them or,
// if something fails, none. Items that are gone are left out.
func (s *Service) Bulk(ctx context.Context, by desk.By, ids []string, act, category string) error {
	const op = "change many entries"
	if len(ids) == 0 || len(ids) > 500 {
		return desk.InvalidField(op, "ids", "choose one to 500 entries")
	}
	if act != BulkEnable && act != BulkDisable && act != BulkMove && act != BulkDelete {
		return desk.InvalidField(op, "action", "there is no such action")
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return err
	}
	return s.command(ctx, by, op, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		for _, id := range ids {
			it, err := get(ctx, tx.Reads, keys, by.Account, id)
			if desk.KindOf(err) == desk.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			it.UpdatedBy = by.Agent
			switch {
			case act == BulkDelete:
				err = remove(ctx, tx, by, pen, it)
			case act == BulkMove && it.Category != category:
				it.Category = category
				err = s.update(ctx, tx, by, pen, keys, it, "moved")
			case act != BulkMove && it.Enabled != (act == BulkEnable):
				it.Enabled = act == BulkEnable
				err = s.update(ctx, tx, by, pen, keys, it, act+"d")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
