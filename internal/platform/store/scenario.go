package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// KeptScenarioVersions is how many versions of a flow are kept.
const KeptScenarioVersions = 50

// Scenario is a flow of dialogue as databases keep it.
type Scenario struct {
	ID        string
	AccountID desk.AccountID
	// Name is the flow's own, unique in the account.
	Name    string
	Enabled bool
	// Revision counts changes of Draft.
	Revision int64
	// Published is the version that serves; 0 if none does.
	Published   int64
	Draft       desk.Sealed
	AuthorID    desk.AgentID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	PublishedAt time.Time
}

// ScenarioVersion is a flow as it was published.
type ScenarioVersion struct {
	AccountID  desk.AccountID
	ScenarioID string
	N          int64
	Source     desk.Sealed
	AuthorID   desk.AgentID
	CreatedAt  time.Time
}

// ScenarioSecret is a key or an address for calls of services.
type ScenarioSecret struct {
	AccountID desk.AccountID
	Name      string
	Value     desk.Sealed
	AuthorID  desk.AgentID
	UpdatedAt time.Time
}

func scenarioOf(row query.Scenario) Scenario {
	return Scenario{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Name: row.Name, Enabled: row.Enabled, Revision: row.Revision,
		Published: row.Published, Draft: row.Draft, AuthorID: desk.AgentID(row.AuthorID), CreatedAt: desk.FromMicros(row.CreatedUs),
		UpdatedAt: desk.FromMicros(row.UpdatedUs), PublishedAt: desk.FromMicros(row.PublishedUs),
	}
}

func scenarioVersionOf(row query.ScenarioVersion) ScenarioVersion {
	return ScenarioVersion{
		AccountID: desk.AccountID(row.AccountID), ScenarioID: row.ScenarioID, N: row.N, Source: row.Source,
		AuthorID: desk.AgentID(row.AuthorID), CreatedAt: desk.FromMicros(row.CreatedUs),
	}
}

func scenarioVersionsOf(rows []query.ScenarioVersion) []ScenarioVersion {
	out := make([]ScenarioVersion, len(rows))
	for i, row := range rows {
		out[i] = scenarioVersionOf(row)
	}
	return out
}

// Scenarios lists the account's flows by name.
func (r Reads) Scenarios(ctx context.Context, account desk.AccountID) ([]Scenario, error) {
	rows, err := r.q.Scenarios(ctx, query.ScenariosParams{AccountID: string(account), RowLimit: maxPage})
	if err != nil {
		return nil, r.fail("list flows", "flow", err)
	}
	out := make([]Scenario, len(rows))
	for i, row := range rows {
		out[i] = scenarioOf(row)
	}
	return out, nil
}

// Scenario finds a flow.
func (r Reads) Scenario(ctx context.Context, account desk.AccountID, id string) (Scenario, error) {
	row, err := r.q.Scenario(ctx, query.ScenarioParams{AccountID: string(account), ID: id})
	if err != nil {
		return Scenario{}, r.fail("find flow", "flow", err)
	}
	return scenarioOf(row), nil
}

// ScenarioVersions lists what was published of a flow, the newest first.
func (r Reads) ScenarioVersions(ctx context.Context, account desk.AccountID, id string) ([]ScenarioVersion, error) {
	rows, err := r.q.ScenarioVersions(ctx, query.ScenarioVersionsParams{AccountID: string(account), ScenarioID: id, RowLimit: KeptScenarioVersions})
	if err != nil {
		return nil, r.fail("list versions of a flow", "version", err)
	}
	return scenarioVersionsOf(rows), nil
}

// ScenarioVersion finds a version of a flow.
func (r Reads) ScenarioVersion(ctx context.Context, account desk.AccountID, id string, n int64) (ScenarioVersion, error) {
	row, err := r.q.ScenarioVersion(ctx, query.ScenarioVersionParams{AccountID: string(account), ScenarioID: id, N: n})
	if err != nil {
		return ScenarioVersion{}, r.fail("find version of a flow", "version", err)
	}
	return scenarioVersionOf(row), nil
}

// PublishedScenarios lists the versions that serve, by the name of their flow.
func (r Reads) PublishedScenarios(ctx context.Context, account desk.AccountID) ([]ScenarioVersion, error) {
	rows, err := r.q.PublishedScenarios(ctx, query.PublishedScenariosParams{AccountID: string(account), RowLimit: maxPage})
	if err != nil {
		return nil, r.fail("list published flows", "flow", err)
	}
	return scenarioVersionsOf(rows), nil
}

// ScenarioSecrets lists the account's secrets by name.
func (r Reads) ScenarioSecrets(ctx context.Context, account desk.AccountID) ([]ScenarioSecret, error) {
	rows, err := r.q.ScenarioSecrets(ctx, query.ScenarioSecretsParams{AccountID: string(account), RowLimit: maxPage})
	if err != nil {
		return nil, r.fail("list secrets of flows", "secret", err)
	}
	out := make([]ScenarioSecret, len(rows))
	for i, row := range rows {
		out[i] = ScenarioSecret{
			AccountID: account, Name: row.Name, Value: row.Value, AuthorID: desk.AgentID(row.AuthorID), UpdatedAt: desk.FromMicros(row.UpdatedUs),
		}
	}
	return out, nil
}

// InsertScenario adds a flow; Conflict if the account has one of the name.
func (t *Tx) InsertScenario(ctx context.Context, s Scenario) error {
	const op = "add flow"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "flow", t.q.InsertScenario(ctx, query.InsertScenarioParams{
		AccountID: string(s.AccountID), ID: s.ID, Name: s.Name, Enabled: s.Enabled, Revision: s.Revision, Published: s.Published,
		Draft: blob(s.Draft), AuthorID: string(s.AuthorID), CreatedUs: desk.Micros(s.CreatedAt), UpdatedUs: desk.Micros(s.UpdatedAt),
		PublishedUs: desk.Micros(s.PublishedAt),
	}))
}

// UpdateScenario changes a flow; Conflict if another has the name.
func (t *Tx) UpdateScenario(ctx context.Context, s Scenario) error {
	const op = "change flow"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateScenario(ctx, query.UpdateScenarioParams{
		Name: s.Name, Enabled: s.Enabled, Revision: s.Revision, Published: s.Published, Draft: blob(s.Draft), AuthorID: string(s.AuthorID),
		UpdatedUs: desk.Micros(s.UpdatedAt), PublishedUs: desk.Micros(s.PublishedAt), AccountID: string(s.AccountID), ID: s.ID,
	})
	return t.changed(op, "flow", n, err)
}

// DeleteScenario removes a flow and its versions.
func (t *Tx) DeleteScenario(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete flow"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteScenario(ctx, query.DeleteScenarioParams{AccountID: string(account), ID: id})
	if err := t.changed(op, "flow", n, err); err != nil {
		return err
	}
	return t.fail(op, "version", t.q.DeleteScenarioVersions(ctx, query.DeleteScenarioVersionsParams{AccountID: string(account), ScenarioID: id}))
}

// PutScenarioVersion adds a version, or seals one anew, and removes those that
// are older than KeptScenarioVersions.
func (t *Tx) PutScenarioVersion(ctx context.Context, v ScenarioVersion) error {
	const op = "add version of a flow"
	if err := t.own(op, v.AccountID); err != nil {
		return err
	}
	err := t.q.PutScenarioVersion(ctx, query.PutScenarioVersionParams{
		AccountID: string(v.AccountID), ScenarioID: v.ScenarioID, N: v.N, Source: blob(v.Source), AuthorID: string(v.AuthorID),
		CreatedUs: desk.Micros(v.CreatedAt),
	})
	if err != nil {
		return t.fail(op, "version", err)
	}
	return t.fail(op, "version", t.q.TrimScenarioVersions(ctx, query.TrimScenarioVersionsParams{
		AccountID: string(v.AccountID), ScenarioID: v.ScenarioID, LastN: v.N - KeptScenarioVersions,
	}))
}

// PutScenarioSecret sets a secret.
func (t *Tx) PutScenarioSecret(ctx context.Context, s ScenarioSecret) error {
	const op = "save secret of flows"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "secret", t.q.PutScenarioSecret(ctx, query.PutScenarioSecretParams{
		AccountID: string(s.AccountID), Name: s.Name, Value: blob(s.Value), AuthorID: string(s.AuthorID), UpdatedUs: desk.Micros(s.UpdatedAt),
	}))
}

// DeleteScenarioSecret removes a secret.
func (t *Tx) DeleteScenarioSecret(ctx context.Context, account desk.AccountID, name string) error {
	const op = "delete secret of flows"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteScenarioSecret(ctx, query.DeleteScenarioSecretParams{AccountID: string(account), Name: name})
	return t.changed(op, "secret", n, err)
}
