package library

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// MaxImport is how many drafts one import takes.
const MaxImport = 5_000

// Draft is an item that is to be imported.
type Draft struct {
	// Item is what is to be there. With an ID that is known it replaces that
	// item, whatever its version.
	Item
	// Path names the category, the upper one first; missing ones are made. Empty
	// leaves Item.Category.
	Path []string
}

// Imported is what an import did.
type Imported struct{ Created, Changed int }

// Import stores all drafts or, if one of them is not valid or something fails,
// none. A repeat of the key changes nothing and tells the same.
func (s *Service) Import(ctx context.Context, by desk.By, drafts []Draft) (Imported, error) {
	const op = "import knowledge"
	if len(drafts) == 0 || len(drafts) > MaxImport {
		return Imported{}, desk.InvalidField(op, "rows", "an import has one to 5,000 entries")
	}
	seen := make(map[string]bool)
	for i := range drafts {
		d := &drafts[i]
		if err := d.check(); err != nil {
			return Imported{}, atRow(op, i, err)
		}
		if d.ID != "" && seen[d.ID] {
			return Imported{}, desk.InvalidField(op, fmt.Sprintf("rows[%d]", i), "two rows have the same id")
		}
		seen[d.ID] = true
		d.UpdatedBy = by.Agent
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Imported{}, err
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return Imported{}, err
	}
	var done Imported
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		done = Imported{}
		if by.Key != "" {
			created, changed := count(ctx, tx, by.Account, drafts)
			first, repeated, err := tx.Once(ctx, by.Account, "agent:"+string(by.Agent), op+":"+by.Key, fmt.Sprintf("%d %d", created, changed))
			if err != nil {
				return err
			}
			if repeated {
				_, err = fmt.Sscanf(first, "%d %d", &done.Created, &done.Changed)
				return desk.Wrap(desk.Internal, op, err)
			}
		}
		return s.importAll(ctx, tx, by, pen, keys, drafts, &done)
	})
	if err == nil {
		wake(s.wakeTrainer)
	}
	return done, err
}

func (s *Service) importAll(ctx context.Context, tx *store.Tx, by desk.By, pen audit.Pen, keys *seal.AccountKeys, drafts []Draft, done *Imported) error {
	if err := room(ctx, tx, by.Account, len(drafts)); err != nil {
		return err
	}
	if err := s.makeCategories(ctx, tx, by, drafts); err != nil {
		return err
	}
	for i := range drafts {
		it := drafts[i].Item
		row, err := tx.KnowledgeItem(ctx, by.Account, it.ID)
		switch {
		case it.ID != "" && err == nil:
			if row.Kind != it.Kind {
				return atRow("import knowledge", i, desk.InvalidField("import knowledge", "kind", "an FAQ does not become an article"))
			}
			it.Version = row.Version + 1
			if row.Content, err = sealBody(keys, ItemPlace(it.ID), it.Body); err != nil {
				return err
			}
			row.CategoryID, row.Version, row.UpdatedAt = it.Category, it.Version, tx.Now()
			err = tx.UpdateKnowledgeItem(ctx, row)
			done.Changed++
		case it.ID == "" || desk.KindOf(err) == desk.NotFound:
			it.Version = 1
			if it.ID == "" {
				it.ID = newID(by, s.deps.IDs, it.Kind, fmt.Sprint(i))
			}
			var content desk.Sealed
			if content, err = sealBody(keys, ItemPlace(it.ID), it.Body); err != nil {
				return err
			}
			err = tx.InsertKnowledgeItem(ctx, store.KnowledgeItem{
				ID: it.ID, AccountID: by.Account, Kind: it.Kind, CategoryID: it.Category, Version: 1, Content: content,
				CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
			})
			done.Created++
		}
		if err == nil {
			err = s.remember(ctx, tx, by, keys, it, "imported")
		}
		if err != nil {
			return err
		}
	}
	if err := pen.Write(ctx, tx, audit.Act{
		Action: "knowledge.imported", Target: audit.Target{Kind: "knowledge"}, Details: map[string]any{"created": done.Created, "changed": done.Changed},
	}); err != nil {
		return err
	}
	return touched(ctx, tx, by)
}

// count tells how many drafts are new and how many replace something.
func count(ctx context.Context, tx *store.Tx, account desk.AccountID, drafts []Draft) (created, changed int) {
	for _, d := range drafts {
		if d.ID != "" {
			if _, err := tx.KnowledgeItem(ctx, account, d.ID); err == nil {
				changed++
				continue
			}
		}
		created++
	}
	return created, changed
}

// makeCategories finds the drafts' categories by name and makes what is missing.
func (s *Service) makeCategories(ctx context.Context, tx *store.Tx, by desk.By, drafts []Draft) error {
	row, set, err := shelfOf(ctx, tx.Reads, by.Account)
	if err != nil {
		return err
	}
	known := make(map[string]string)
	key := func(parent, name string) string { return parent + "\x00" + text.Normalize(name) }
	for _, c := range set.Categories {
		known[key(c.Parent, c.Name)] = c.ID
	}
	before := len(set.Categories)
	for i := range drafts {
		parent := ""
		for level, name := range drafts[i].Path {
			if level > 1 || strings.TrimSpace(name) == "" {
				break
			}
			id, ok := known[key(parent, name)]
			if !ok {
				if len(set.Categories) >= maxCategories {
					return desk.E(desk.Limited, "import knowledge", "there are at most 300 categories")
				}
				part := by
				if by.Key != "" {
					part.Key = by.Key + "\x00category\x00" + key(parent, name)
				}
				id = part.ID("kcat", s.deps.IDs.Other("kcat"))
				set.Categories = append(set.Categories, Category{ID: id, Name: strings.TrimSpace(name), Parent: parent})
				known[key(parent, name)] = id
			}
			drafts[i].Category, parent = id, id
		}
	}
	if len(set.Categories) == before {
		return nil
	}
	set.CategoriesVersion++
	if row.Settings, err = json.Marshal(set); err != nil {
		return desk.Wrap(desk.Internal, "import knowledge", err)
	}
	return tx.PutKnowledgeShelf(ctx, row)
}

// atRow says which draft an error is about.
func atRow(op string, i int, err error) error {
	field := fmt.Sprintf("rows[%d]", i)
	var e *desk.Error
	if asError(err, &e) && e.Field != "" {
		field += "." + e.Field
	}
	return &desk.Error{Kind: desk.KindOf(err), Op: op, Field: field, Msg: messageOf(err), Err: err}
}
