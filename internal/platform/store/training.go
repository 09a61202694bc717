package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// maxIntents bounds what Intents answers.
const maxIntents = 10 * maxPage

// Intent is something that visitors may want, as databases keep it.
type Intent struct {
	ID        string
	AccountID desk.AccountID
	// Name is unique in the account.
	Name    string
	Topic   string
	Enabled bool
	// Content holds title, examples and actions.
	Content   desk.Sealed
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Training is where an account stands.
type Training struct {
	AccountID desk.AccountID
	// ModelID is the model that serves; "" if none was trained yet.
	ModelID string
	// Revision counts the changes of intents, Number the trainings.
	Revision, Number int64
}

// IntentModel is a trained model; its bytes are in a blob of its id.
type IntentModel struct {
	ID        string
	AccountID desk.AccountID
	JobID     string
	Number    int64
	Kind      string
	Seed      string
	Hash      string
	Size      int64
	// Revision is that of the intents it was trained on.
	Revision int64
	// Report is JSON without content, Secret what is sealed of it.
	Report    string
	Secret    desk.Sealed
	CreatedAt time.Time
}

// TrainingState is where a TrainingJob stands.
type TrainingState string

// The states of a TrainingJob. All but the first two are final.
const (
	TrainingQueued    TrainingState = "queued"
	TrainingRunning   TrainingState = "running"
	TrainingDone      TrainingState = "done"
	TrainingFailed    TrainingState = "failed"
	TrainingCancelled TrainingState = "cancelled"
)

// TrainingJob is a training to be done, at work, or ended.
type TrainingJob struct {
	ID        string
	AccountID desk.AccountID
	Origin    string
	AgentID   desk.AgentID
	Seed      string
	State     TrainingState
	// Stage, Done, Total and Left are its progress.
	Stage       string
	Done, Total int64
	Left        time.Duration
	// Error is why it did not end well, a short code.
	Error    string
	Attempts int64
	Due      time.Time
	// Holder is who was handed the job.
	Holder    string
	CreatedAt time.Time
	StartedAt time.Time
	EndedAt   time.Time
}

// Intents lists the account's stored intents by name.
func (r Reads) Intents(ctx context.Context, account desk.AccountID) ([]Intent, error) {
	rows, err := r.q.Intents(ctx, query.IntentsParams{AccountID: string(account), RowLimit: maxIntents})
	return intentsOf(rows), r.fail("list intents", "intent", err)
}

// Intent finds one.
func (r Reads) Intent(ctx context.Context, account desk.AccountID, id string) (Intent, error) {
	row, err := r.q.Intent(ctx, query.IntentParams{AccountID: string(account), ID: id})
	if err != nil {
		return Intent{}, r.fail("find intent", "intent", err)
	}
	return intentsOf([]query.Intent{row})[0], nil
}

// IntentPage walks all intents of the account by id, from after on.
func (r Reads) IntentPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]Intent, error) {
	rows, err := r.q.IntentPage(ctx, query.IntentPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return intentsOf(rows), r.fail("list intents", "intent", err)
}

func intentsOf(rows []query.Intent) []Intent {
	out := make([]Intent, len(rows))
	for i, row := range rows {
		out[i] = Intent{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), Name: row.Name, Topic: row.Topic, Enabled: row.Enabled, Content: row.Content,
			Version: row.Version, CreatedAt: desk.FromMicros(row.CreatedUs), UpdatedAt: desk.FromMicros(row.UpdatedUs),
		}
	}
	return out
}

// InsertIntent adds an intent; Conflict if the account has one of that name.
func (t *Tx) InsertIntent(ctx context.Context, i Intent) error {
	const op = "add intent"
	if err := t.own(op, i.AccountID); err != nil {
		return err
	}
	return t.fail(op, "intent", t.q.InsertIntent(ctx, query.InsertIntentParams{
		AccountID: string(i.AccountID), ID: i.ID, Name: i.Name, Topic: i.Topic, Enabled: i.Enabled, Content: blob(i.Content), Version: i.Version,
		CreatedUs: desk.Micros(i.CreatedAt), UpdatedUs: desk.Micros(i.UpdatedAt),
	}))
}

// UpdateIntent changes the intent that has the version before; NotFound if it
// has another by now. Conflict if another intent has the name.
func (t *Tx) UpdateIntent(ctx context.Context, i Intent, before int64) error {
	const op = "change intent"
	if err := t.own(op, i.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateIntent(ctx, query.UpdateIntentParams{
		AccountID: string(i.AccountID), ID: i.ID, Name: i.Name, Topic: i.Topic, Enabled: i.Enabled, Content: blob(i.Content), Version: i.Version,
		UpdatedUs: desk.Micros(i.UpdatedAt), Before: before,
	})
	return t.changed(op, "intent", n, err)
}

// UpdateIntentContent replaces the sealed content, for a change of keys.
func (t *Tx) UpdateIntentContent(ctx context.Context, account desk.AccountID, id string, content desk.Sealed) error {
	const op = "change intent"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.UpdateIntentContent(ctx, query.UpdateIntentContentParams{AccountID: string(account), ID: id, Content: blob(content)})
	return t.changed(op, "intent", n, err)
}

// DeleteIntent removes an intent.
func (t *Tx) DeleteIntent(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete intent"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteIntent(ctx, query.DeleteIntentParams{AccountID: string(account), ID: id})
	return t.changed(op, "intent", n, err)
}

// Training is where the account stands; zero if nothing was ever changed.
func (r Reads) Training(ctx context.Context, account desk.AccountID) (Training, error) {
	row, err := r.q.Training(ctx, query.TrainingParams{AccountID: string(account)})
	if errors.Is(err, sql.ErrNoRows) {
		return Training{}, nil
	}
	return trainingOf(row), r.fail("find training", "training", err)
}

func trainingOf(row query.Training) Training {
	return Training{AccountID: desk.AccountID(row.AccountID), ModelID: row.ModelID, Revision: row.Revision, Number: row.Number}
}

// TouchTraining counts changes of intents or trainings and returns the new counts.
func (t *Tx) TouchTraining(ctx context.Context, account desk.AccountID, revisions, numbers int64) (Training, error) {
	const op = "count training"
	if err := t.own(op, account); err != nil {
		return Training{}, err
	}
	row, err := t.q.TouchTraining(ctx, query.TouchTrainingParams{AccountID: string(account), Revisions: revisions, Numbers: numbers})
	return trainingOf(row), t.fail(op, "training", err)
}

// ServeModel notes which model serves. NotFound if the account was never counted.
func (t *Tx) ServeModel(ctx context.Context, account desk.AccountID, id string) error {
	const op = "serve model"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.ServeModel(ctx, query.ServeModelParams{AccountID: string(account), ModelID: id})
	return t.changed(op, "training", n, err)
}

// InsertIntentModel adds a model whose blob is stored.
func (t *Tx) InsertIntentModel(ctx context.Context, m IntentModel) error {
	const op = "add model"
	if err := t.own(op, m.AccountID); err != nil {
		return err
	}
	return t.fail(op, "model", t.q.InsertIntentModel(ctx, query.InsertIntentModelParams{
		AccountID: string(m.AccountID), ID: m.ID, JobID: m.JobID, Number: m.Number, Kind: m.Kind, Seed: m.Seed, Hash: m.Hash, Size: m.Size,
		Revision: m.Revision, Report: m.Report, Secret: blob(m.Secret), CreatedUs: desk.Micros(m.CreatedAt),
	}))
}

// IntentModel finds a model.
func (r Reads) IntentModel(ctx context.Context, account desk.AccountID, id string) (IntentModel, error) {
	row, err := r.q.IntentModel(ctx, query.IntentModelParams{AccountID: string(account), ID: id})
	if err != nil {
		return IntentModel{}, r.fail("find model", "model", err)
	}
	return modelsOf([]query.IntentModel{row})[0], nil
}

// IntentModels lists the account's models, the newest first.
func (r Reads) IntentModels(ctx context.Context, account desk.AccountID, limit int) ([]IntentModel, error) {
	rows, err := r.q.IntentModels(ctx, query.IntentModelsParams{AccountID: string(account), RowLimit: bound(limit)})
	return modelsOf(rows), r.fail("list models", "model", err)
}

func modelsOf(rows []query.IntentModel) []IntentModel {
	out := make([]IntentModel, len(rows))
	for i, row := range rows {
		out[i] = IntentModel{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), JobID: row.JobID, Number: row.Number, Kind: row.Kind, Seed: row.Seed, Hash: row.Hash,
			Size: row.Size, Revision: row.Revision, Report: row.Report, Secret: row.Secret, CreatedAt: desk.FromMicros(row.CreatedUs),
		}
	}
	return out
}

// UpdateIntentModelSecret replaces what is sealed, for a change of keys.
func (t *Tx) UpdateIntentModelSecret(ctx context.Context, account desk.AccountID, id string, secret desk.Sealed) error {
	const op = "change model"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.UpdateIntentModelSecret(ctx, query.UpdateIntentModelSecretParams{AccountID: string(account), ID: id, Secret: blob(secret)})
	return t.changed(op, "model", n, err)
}

// DeleteIntentModel forgets a model; its blob is the caller's to delete.
func (t *Tx) DeleteIntentModel(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete model"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteIntentModel(ctx, query.DeleteIntentModelParams{AccountID: string(account), ID: id})
	return t.changed(op, "model", n, err)
}

// IntentModelsKnown tells which of the ids are models of any account, for the
// housekeeping of the folder of blobs.
func (r Reads) IntentModelsKnown(ctx context.Context, ids []string) (map[string]bool, error) {
	out := make(map[string]bool, len(ids))
	for chunk := range chunks(ids) {
		var p query.IntentModelsKnownParams
		fill(chunk, &p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8)
		rows, err := r.q.IntentModelsKnown(ctx, p)
		if err != nil {
			return nil, r.fail("find models", "model", err)
		}
		for _, id := range rows {
			out[id] = true
		}
	}
	return out, nil
}
