package conversation

import (
	"bytes"
	"context"
	"fmt"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The values that flow/scenario seals. They are few: all come at once.

func (w *walker) scenarios(ctx context.Context, account desk.AccountID, after string, _ int) ([]seal.Item, string, error) {
	if after != "" {
		return nil, "", nil
	}
	rows, err := w.store.Scenarios(ctx, account)
	if err != nil {
		return nil, "", err
	}
	var items []seal.Item
	for _, row := range rows {
		items = append(items, seal.Item{Place: seal.Place{Owner: row.ID, Table: "scenario", Row: row.ID, Column: "draft"}, Sealed: row.Draft})
		versions, err := w.store.ScenarioVersions(ctx, account, row.ID)
		if err != nil {
			return nil, "", err
		}
		for _, v := range versions {
			items = append(items, seal.Item{Place: seal.Place{Owner: v.ScenarioID, Table: "scenario_version", Row: fmt.Sprintf("%s:%d", v.ScenarioID, v.N), Column: "source"}, Sealed: v.Source})
		}
	}
	secrets, err := w.store.ScenarioSecrets(ctx, account)
	for _, s := range secrets {
		items = append(items, seal.Item{Place: seal.Place{Owner: "scenario_secret", Table: "scenario_secret", Row: s.Name, Column: "value"}, Sealed: s.Value})
	}
	return items, "all", err
}

// replaceOfScenario puts the newly sealed value where the old one still stands.
func replaceOfScenario(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	switch c.Place.Table {
	case "scenario":
		row, err := tx.Scenario(ctx, account, c.Place.Row)
		if err != nil || !bytes.Equal(row.Draft, c.Old) {
			return err
		}
		row.Draft = c.New
		return tx.UpdateScenario(ctx, row)
	case "scenario_version":
		id, n := numbered(c.Place.Row, 0)
		row, err := tx.ScenarioVersion(ctx, account, id, n)
		if err != nil || !bytes.Equal(row.Source, c.Old) {
			return err
		}
		row.Source = c.New
		return tx.PutScenarioVersion(ctx, row)
	default:
		rows, err := tx.ScenarioSecrets(ctx, account)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Name == c.Place.Row && bytes.Equal(row.Value, c.Old) {
				row.Value = c.New
				return tx.PutScenarioSecret(ctx, row)
			}
		}
		return nil
	}
}
