package library

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Category is a drawer for items. There are two levels of them.
type Category struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Parent is another category's id; empty for the upper level.
	Parent string `json:"parent_id,omitempty"`
}

// The bounds of what belongs to all items.
const (
	maxCategories = 300
	maxGroups     = 2_000
	maxGroup      = 50
	maxWord       = 32
)

// Categories are the account's, in their order, and the version of the list.
func (s *Service) Categories(ctx context.Context, account desk.AccountID) ([]Category, int64, error) {
	_, set, err := shelfOf(ctx, s.deps.Store.Reads, account)
	return set.Categories, set.CategoriesVersion, err
}

// SaveCategories replaces the list, which was read at the given version. New
// categories have no id, or one that begins with "new" and that others of the
// list name as their parent. Items of a category that is gone have none.
func (s *Service) SaveCategories(ctx context.Context, by desk.By, list []Category, version int64) ([]Category, int64, error) {
	const op = "save categories"
	list, err := s.checkCategories(op, by, list)
	if err != nil {
		return nil, 0, err
	}
	err = s.saveSettings(ctx, by, op, "knowledge.categories_changed", func(set *settings) error {
		if set.CategoriesVersion != version {
			return desk.E(desk.Conflict, op, "somebody has changed the categories in the meantime")
		}
		set.Categories, set.CategoriesVersion = list, version+1
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return s.Categories(ctx, by.Account)
}

func (s *Service) checkCategories(op string, by desk.By, list []Category) ([]Category, error) {
	if len(list) > maxCategories {
		return nil, desk.InvalidField(op, "categories", "there are at most 300 categories")
	}
	list = slices.Clone(list)
	renamed, names, upper := make(map[string]string), make(map[string]bool), make(map[string]bool)
	for i := range list {
		c := &list[i]
		var err error
		if c.Name, err = line(op, fmt.Sprintf("categories[%d]", i), c.Name, 60); err != nil {
			return nil, err
		}
		if c.Name == "" {
			return nil, desk.InvalidField(op, fmt.Sprintf("categories[%d]", i), "a category needs a name")
		}
		if c.ID == "" || strings.HasPrefix(c.ID, "new") {
			part := by
			part.Key = strings.TrimSuffix(by.Key+fmt.Sprintf("\x00%d", i), "\x00")
			if by.Key == "" {
				part.Key = ""
			}
			id := part.ID("kcat", s.deps.IDs.Other("kcat"))
			if c.ID != "" {
				renamed[c.ID] = id
			}
			c.ID = id
		}
		if len(c.ID) > 60 {
			return nil, desk.InvalidField(op, "categories", "there is no such category")
		}
	}
	seen := make(map[string]bool)
	for i := range list {
		c := &list[i]
		if id, ok := renamed[c.Parent]; ok {
			c.Parent = id
		}
		if c.Parent == "" {
			upper[c.ID] = true
		}
		name := c.Parent + "\x00" + text.Normalize(c.Name)
		if seen[c.ID] || names[name] {
			return nil, desk.E(desk.Conflict, op, "two categories have the same name: "+c.Name)
		}
		seen[c.ID], names[name] = true, true
	}
	for _, c := range list {
		if c.Parent != "" && !upper[c.Parent] {
			return nil, desk.InvalidField(op, "categories", "a category lies in one of the upper level")
		}
	}
	return list, nil
}

// Synonyms are groups of words that mean the same, and the version of the list.
func (s *Service) Synonyms(ctx context.Context, account desk.AccountID) ([][]string, int64, error) {
	_, set, err := shelfOf(ctx, s.deps.Store.Reads, account)
	return set.Synonyms, set.SynonymsVersion, err
}

// SaveSynonyms replaces the groups, which were read at the given version.
func (s *Service) SaveSynonyms(ctx context.Context, by desk.By, groups [][]string, version int64) ([][]string, int64, error) {
	const op = "save synonyms"
	if len(groups) > maxGroups {
		return nil, 0, desk.InvalidField(op, "groups", "there are at most 2,000 groups of synonyms")
	}
	clean, where := make([][]string, 0, len(groups)), make(map[string]int)
	for i, g := range groups {
		var words []string
		for _, w := range g {
			w, err := line(op, fmt.Sprintf("groups[%d]", i), w, maxWord)
			if err != nil {
				return nil, 0, err
			}
			n := text.Normalize(w)
			if n == "" {
				continue
			}
			if at, ok := where[n]; ok && at != i {
				return nil, 0, desk.InvalidField(op, fmt.Sprintf("groups[%d]", i), "“"+w+"” is in two groups; join them")
			} else if ok {
				continue
			}
			where[n] = i
			words = append(words, w)
		}
		if len(words) == 0 {
			continue
		}
		if len(words) < 2 || len(words) > maxGroup {
			return nil, 0, desk.InvalidField(op, fmt.Sprintf("groups[%d]", i), "a group has two to 50 words")
		}
		clean = append(clean, words)
	}
	err := s.saveSettings(ctx, by, op, "knowledge.synonyms_changed", func(set *settings) error {
		if set.SynonymsVersion != version {
			return desk.E(desk.Conflict, op, "somebody has changed the synonyms in the meantime")
		}
		set.Synonyms, set.SynonymsVersion = clean, version+1
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return s.Synonyms(ctx, by.Account)
}

func (s *Service) saveSettings(ctx context.Context, by desk.By, op, action string, change func(*settings) error) error {
	return s.command(ctx, by, op, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		row, set, err := shelfOf(ctx, tx.Reads, by.Account)
		if err != nil {
			return err
		}
		if err := change(&set); err != nil {
			return err
		}
		if row.Settings, err = json.Marshal(set); err != nil {
			return desk.Wrap(desk.Internal, op, err)
		}
		row.UpdatedAt = tx.Now()
		if err := tx.PutKnowledgeShelf(ctx, row); err != nil {
			return err
		}
		if err := pen.Write(ctx, tx, audit.Act{Action: action, Target: audit.Target{Kind: "knowledge"}}); err != nil {
			return err
		}
		return touched(ctx, tx, by)
	})
}
