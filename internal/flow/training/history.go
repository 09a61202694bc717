package training

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Model is a trained model as people see it.
type Model struct {
	ID string
	// Number counts the trainings of the account.
	Number    int64
	Kind      string
	Seed      string
	Hash      string
	Size      int64
	CreatedAt time.Time
	Report    Report
	// Fresh is set if the intents have not changed since.
	Fresh bool
	// Serves is set for the one that serves.
	Serves bool
	// Missed is what was taken for what; only of a single model.
	Missed []Miss
}

// Overview is where an account's training stands.
type Overview struct {
	// Serving is nil while the built-in model serves.
	Serving *Model
	// Models are the newest first.
	Models []Model
	// Job is what waits or runs; nil if nothing does.
	Job *store.TrainingJob
	// Last is how the newest training that has ended came out; nil if there is none.
	Last *store.TrainingJob
}

// Overview tells where the account's training stands.
func (s *Service) Overview(ctx context.Context, account desk.AccountID) (o Overview, err error) {
	now, err := s.deps.Store.Training(ctx, account)
	if err != nil {
		return o, err
	}
	rows, err := s.deps.Store.IntentModels(ctx, account, s.config.Keep)
	if err != nil {
		return o, err
	}
	jobs, err := s.deps.Store.TrainingJobs(ctx, account, 20)
	if err != nil {
		return o, err
	}
	for _, row := range rows {
		m, err := shown(row, now)
		if err != nil {
			return o, err
		}
		o.Models = append(o.Models, m)
		if m.Serves {
			o.Serving = &m
		}
	}
	for _, j := range jobs {
		switch {
		case j.State == store.TrainingRunning, j.State == store.TrainingQueued && o.Job == nil:
			o.Job = &j
		case j.State != store.TrainingQueued && o.Last == nil:
			o.Last = &j
		}
	}
	return o, nil
}

func shown(row store.IntentModel, now store.Training) (Model, error) {
	m := Model{
		ID: row.ID, Number: row.Number, Kind: row.Kind, Seed: row.Seed, Hash: row.Hash, Size: row.Size, CreatedAt: row.CreatedAt,
		Fresh: row.Revision == now.Revision, Serves: row.ID == now.ModelID,
	}
	return m, desk.Wrap(desk.Internal, "read report", json.Unmarshal([]byte(row.Report), &m.Report))
}

// Model finds one model, with what was taken for what.
func (s *Service) Model(ctx context.Context, account desk.AccountID, id string) (Model, error) {
	now, err := s.deps.Store.Training(ctx, account)
	if err != nil {
		return Model{}, err
	}
	row, err := s.deps.Store.IntentModel(ctx, account, id)
	if err != nil {
		return Model{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Model{}, err
	}
	m, err := shown(row, now)
	if err != nil {
		return Model{}, err
	}
	var hidden secret
	if err := unseal(keys, ModelPlace(id), row.Secret, &hidden); err != nil {
		return Model{}, desk.Wrap(desk.Internal, "read model", err)
	}
	m.Missed = hidden.Missed
	return m, nil
}
