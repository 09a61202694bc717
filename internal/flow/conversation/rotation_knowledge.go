package conversation

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The values that flow/library seals.

func (w *walker) knowledgeItems(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	rows, err := w.store.KnowledgeItems(ctx, account, after, limit)
	return sealed(rows, err, after, func(row store.KnowledgeItem) seal.Item {
		return own("knowledge_item", row.ID, "content", row.Content)
	})
}

func (w *walker) knowledgeVersions(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	item, version := numbered(after, 0)
	rows, err := w.store.KnowledgeVersionPage(ctx, account, item, version, limit)
	return sealed(rows, err, after, func(row store.KnowledgeVersion) seal.Item {
		return seal.Item{Place: seal.Place{Owner: row.ItemID, Table: "knowledge_version", Row: fmt.Sprintf("%s:%d", row.ItemID, row.Version), Column: "content"}, Sealed: row.Content}
	})
}

// knowledgeParts are few and large: they come some at a time.
func (w *walker) knowledgeParts(ctx context.Context, account desk.AccountID, after string, limit int) ([]seal.Item, string, error) {
	index, part := numbered(after, -1)
	rows, err := w.store.KnowledgePartPage(ctx, account, index, int(part), min(limit, 4))
	return sealed(rows, err, after, func(row store.KnowledgePart) seal.Item {
		return seal.Item{Place: seal.Place{Owner: row.IndexID, Table: "knowledge_part", Row: fmt.Sprintf("%s:%d", row.IndexID, row.Part), Column: "body"}, Sealed: row.Body}
	})
}

// numbered reads a row's name with a number behind a colon.
func numbered(row string, none int64) (name string, n int64) {
	name, number, ok := strings.Cut(row, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return name, none
	}
	return name, n
}

// replaceOfKnowledge puts the newly sealed value where the old one still stands.
func replaceOfKnowledge(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	name, n := numbered(c.Place.Row, 0)
	switch c.Place.Table {
	case "knowledge_item":
		row, err := tx.KnowledgeItem(ctx, account, c.Place.Row)
		if err != nil || !bytes.Equal(row.Content, c.Old) {
			return err
		}
		row.Content = c.New
		return tx.UpdateKnowledgeItem(ctx, row)
	case "knowledge_version":
		row, err := tx.KnowledgeVersion(ctx, account, name, n)
		if err != nil || !bytes.Equal(row.Content, c.Old) {
			return err
		}
		return tx.ResealKnowledgeVersion(ctx, account, name, n, c.New)
	default:
		row, err := tx.KnowledgePart(ctx, account, name, int(n))
		if err != nil || !bytes.Equal(row.Body, c.Old) {
			return err
		}
		row.Body = c.New
		return tx.ResealKnowledgePart(ctx, row)
	}
}
