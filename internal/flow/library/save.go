package library

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// keptVersions is how many versions of an item are kept.
const keptVersions = 50

func asError(err error, into **desk.Error) bool { return errors.As(err, into) }

func sealBody(keys *seal.AccountKeys, p seal.Place, b Body) (desk.Sealed, error) {
	plain, err := json.Marshal(b)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "encode knowledge", err)
	}
	return keys.Seal(p, plain), nil
}

func openBody(keys *seal.AccountKeys, p seal.Place, sealed desk.Sealed) (b Body, err error) {
	plain, err := keys.Open(p, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &b)
	}
	return b, desk.Wrap(desk.Internal, "open knowledge", err)
}

func openItem(keys *seal.AccountKeys, row store.KnowledgeItem) (Item, error) {
	b, err := openBody(keys, ItemPlace(row.ID), row.Content)
	return Item{
		ID: row.ID, Kind: row.Kind, Category: row.CategoryID, Version: row.Version, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt, Body: b,
	}, err
}

// Get finds an item.
func (s *Service) Get(ctx context.Context, account desk.AccountID, id string) (Item, error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Item{}, err
	}
	return get(ctx, s.deps.Store.Reads, keys, account, id)
}

func get(ctx context.Context, r store.Reads, keys *seal.AccountKeys, account desk.AccountID, id string) (Item, error) {
	row, err := r.KnowledgeItem(ctx, account, id)
	if err != nil {
		return Item{}, err
	}
	return openItem(keys, row)
}

// errChanged is told to whom saves on an old version.
func errChanged(op string) error {
	return desk.E(desk.Conflict, op, "somebody has changed this entry in the meantime; look at the newest version and save again")
}

// Save adds an item (ID "") or changes one. Conflict if it was changed by
// somebody else since the version it is made on.
func (s *Service) Save(ctx context.Context, by desk.By, it Item) (Item, error) {
	const op = "save knowledge"
	if err := it.check(); err != nil {
		return Item{}, err
	}
	created := it.ID == ""
	if created {
		it.ID = newID(by, s.deps.IDs, it.Kind, "")
	}
	it.UpdatedBy = by.Agent
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Item{}, err
	}
	act := "created"
	err = s.command(ctx, by, op+":"+it.ID, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		if created {
			if err := room(ctx, tx, by.Account, 1); err != nil {
				return err
			}
			return s.insert(ctx, tx, by, pen, keys, it, act)
		}
		return s.update(ctx, tx, by, pen, keys, it, "changed")
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, by.Account, it.ID)
}

func newID(by desk.By, ids *desk.IDs, kind, part string) string {
	prefix := "faq"
	if kind == Article {
		prefix = "art"
	}
	by.Key = strings.TrimSuffix(by.Key+"\x00"+part, "\x00")
	return by.ID(prefix, ids.Other(prefix))
}

// room refuses what would make too many.
func room(ctx context.Context, tx *store.Tx, account desk.AccountID, more int) error {
	n, after := 0, ""
	for {
		page, err := tx.KnowledgeItems(ctx, account, after, 0)
		if err != nil {
			return err
		}
		n += len(page)
		if len(page) == 0 || n+more > MaxItems {
			break
		}
		after = page[len(page)-1].ID
	}
	if n+more > MaxItems {
		return desk.E(desk.Limited, "save knowledge", "there are 20,000 entries already; delete some first")
	}
	return nil
}

// insert writes a new item, its first version and what hangs on it.
func (s *Service) insert(ctx context.Context, tx *store.Tx, by desk.By, pen audit.Pen, keys *seal.AccountKeys, it Item, act string) error {
	content, err := sealBody(keys, ItemPlace(it.ID), it.Body)
	if err != nil {
		return err
	}
	row := store.KnowledgeItem{
		ID: it.ID, AccountID: by.Account, Kind: it.Kind, CategoryID: it.Category, Version: 1, Content: content,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := tx.InsertKnowledgeItem(ctx, row); err != nil {
		return err
	}
	it.Version = 1
	if err := s.remember(ctx, tx, by, keys, it, act); err != nil {
		return err
	}
	return record(ctx, tx, pen, by, it, act)
}

// update writes a changed item if it is made on the newest version.
func (s *Service) update(ctx context.Context, tx *store.Tx, by desk.By, pen audit.Pen, keys *seal.AccountKeys, it Item, act string) error {
	row, err := tx.KnowledgeItem(ctx, by.Account, it.ID)
	if err != nil {
		return err
	}
	if row.Version != it.Version {
		return errChanged("save knowledge")
	}
	if row.Kind != it.Kind {
		return desk.InvalidField("save knowledge", "kind", "an FAQ does not become an article")
	}
	it.Version++
	if row.Content, err = sealBody(keys, ItemPlace(it.ID), it.Body); err != nil {
		return err
	}
	row.CategoryID, row.Version, row.UpdatedAt = it.Category, it.Version, tx.Now()
	if err := tx.UpdateKnowledgeItem(ctx, row); err != nil {
		return err
	}
	if err := s.remember(ctx, tx, by, keys, it, act); err != nil {
		return err
	}
	return record(ctx, tx, pen, by, it, act)
}

// remember adds the item to its history and keeps its files.
func (s *Service) remember(ctx context.Context, tx *store.Tx, by desk.By, keys *seal.AccountKeys, it Item, act string) error {
	content, err := sealBody(keys, VersionPlace(it.ID, it.Version), it.Body)
	if err != nil {
		return err
	}
	if err := tx.InsertKnowledgeVersion(ctx, store.KnowledgeVersion{
		AccountID: by.Account, ItemID: it.ID, Version: it.Version, Act: act, AgentID: by.Agent, Content: content, At: tx.Now(),
	}); err != nil {
		return err
	}
	if it.Version > keptVersions {
		if err := tx.TrimKnowledgeVersions(ctx, by.Account, it.ID, it.Version-keptVersions); err != nil {
			return err
		}
	}
	files := it.files()
	if it.Version == 1 && len(files) == 0 {
		return nil // an import of thousands asks for none
	}
	return keepFiles(ctx, tx, by.Account, it.ID, files)
}

// keepFiles keeps the files of answers as long as the item is there.
func keepFiles(ctx context.Context, tx *store.Tx, account desk.AccountID, id string, files []desk.AttachmentID) error {
	keeper := "knowledge:" + id
	if err := tx.ReleaseAttachments(ctx, account, keeper); err != nil {
		return err
	}
	for _, f := range files {
		err := tx.KeepAttachment(ctx, account, keeper, f)
		if errors.Is(err, desk.NotFound) {
			return desk.InvalidField("keep files", "answers", "there is no such file; upload it again")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// record tells the audit log and everybody of a change of one item.
func record(ctx context.Context, tx *store.Tx, pen audit.Pen, by desk.By, it Item, act string) error {
	if err := pen.Write(ctx, tx, audit.Act{
		Action: "knowledge." + act, Target: audit.Target{Kind: it.Kind, ID: it.ID, Name: it.Title}, Details: map[string]any{"version": it.Version},
	}); err != nil {
		return err
	}
	return touched(ctx, tx, by)
}

// Delete removes an item with its history.
func (s *Service) Delete(ctx context.Context, by desk.By, id string) error {
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return err
	}
	return s.command(ctx, by, "delete knowledge:"+id, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		it, err := get(ctx, tx.Reads, keys, by.Account, id)
		if err != nil {
			return err
		}
		return remove(ctx, tx, by, pen, it)
	})
}

func remove(ctx context.Context, tx *store.Tx, by desk.By, pen audit.Pen, it Item) error {
	if err := keepFiles(ctx, tx, by.Account, it.ID, nil); err != nil {
		return err
	}
	if err := tx.DeleteKnowledgeItem(ctx, by.Account, it.ID); err != nil {
		return err
	}
	return record(ctx, tx, pen, by, it, "deleted")
}

// AddWay adds a way of asking to an FAQ, whatever its version. origin says
// where it comes from, for the history. One that is there already is fine.
func (s *Service) AddWay(ctx context.Context, by desk.By, id, way, origin string) (Item, error) {
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Item{}, err
	}
	err = s.command(ctx, by, "add way:"+id, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		it, err := get(ctx, tx.Reads, keys, by.Account, id)
		if err != nil {
			return err
		}
		if it.Kind != FAQ {
			return desk.InvalidField("add way", "id", "only FAQs have ways of asking")
		}
		same := func(w string) bool { return text.Normalize(w) == text.Normalize(way) }
		if same(it.Title) || slices.ContainsFunc(it.Ways, same) {
			return nil
		}
		if strings.TrimSpace(way) == "" {
			return desk.InvalidField("add way", "text", "a way of asking is needed")
		}
		it.Ways = append(it.Ways, way)
		it.UpdatedBy = by.Agent
		if err := it.check(); err != nil {
			return err
		}
		return s.update(ctx, tx, by, pen, keys, it, "way_"+originName(origin))
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, by.Account, id)
}

func originName(origin string) string {
	if channelName.MatchString(origin) && origin != "" {
		return origin
	}
	return "desk"
}
