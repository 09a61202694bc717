package scenario

import (
	"context"
	"errors"
	"strconv"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// Flow is a flow as it is worked on.
type Flow struct {
	ID, Name, Title, About, Locale string
	Enabled                        bool
	// Revision counts changes of Source.
	Revision int64
	// Published is the version that serves; 0 if none does.
	Published   int64
	PublishedAt time.Time
	// Changed is set if Source is not what was published.
	Changed   bool
	AuthorID  desk.AgentID
	UpdatedAt time.Time
	Source    string
	// Problems and Tests count those of Source; errors only.
	Problems, Tests int
}

// Version is a flow as it was published.
type Version struct {
	N         int64
	AuthorID  desk.AgentID
	CreatedAt time.Time
	Serves    bool
	Source    string
}

// List lists the account's flows by name, without their sources.
func (s *Service) List(ctx context.Context, account desk.AccountID) ([]Flow, error) {
	rows, err := s.deps.Store.Scenarios(ctx, account)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]Flow, 0, len(rows))
	for _, row := range rows {
		f, err := s.flowOf(ctx, s.deps.Store.Reads, keys, row)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a flow cannot be opened", "flow_id", row.ID, "error", err)
			continue
		}
		f.Source = ""
		out = append(out, f)
	}
	return out, nil
}

// Get finds a flow with its source.
func (s *Service) Get(ctx context.Context, account desk.AccountID, id string) (Flow, error) {
	row, err := s.deps.Store.Scenario(ctx, account, id)
	if err != nil {
		return Flow{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Flow{}, err
	}
	return s.flowOf(ctx, s.deps.Store.Reads, keys, row)
}

func (s *Service) flowOf(ctx context.Context, r store.Reads, keys *seal.AccountKeys, row store.Scenario) (Flow, error) {
	source, err := keys.Open(DraftPlace(row.ID), row.Draft)
	if err != nil {
		return Flow{}, err
	}
	f := Flow{
		ID: row.ID, Name: row.Name, Title: row.Name, Locale: "zh", Enabled: row.Enabled, Revision: row.Revision, Published: row.Published,
		PublishedAt: row.PublishedAt, AuthorID: row.AuthorID, UpdatedAt: row.UpdatedAt, Source: string(source),
	}
	parsed, problems := dialogue.Parse(source)
	for _, p := range problems {
		if !p.Warning {
			f.Problems++
		}
	}
	if parsed != nil {
		f.Title, f.About, f.Locale, f.Tests = parsed.Title, parsed.About, parsed.Locale, len(parsed.Tests)
	}
	if row.Published > 0 {
		v, err := r.ScenarioVersion(ctx, row.AccountID, row.ID, row.Published)
		if err != nil && !errors.Is(err, desk.NotFound) {
			return Flow{}, err
		}
		plain, err := keys.Open(VersionPlace(row.ID, row.Published), v.Source)
		f.Changed = err != nil || string(plain) != f.Source
	}
	return f, nil
}

// Save adds a flow (id "") or replaces its draft, if the revision is the newest.
// A draft may have problems, but for its name.
func (s *Service) Save(ctx context.Context, by desk.By, id string, revision int64, source string) (Flow, error) {
	const op = "save flow"
	if len(source) > dialogue.MaxSource {
		return Flow{}, desk.InvalidField(op, "source", "a flow has at most 128 KB")
	}
	name, ok := dialogue.NameOf([]byte(source))
	if !ok && id == "" {
		return Flow{}, desk.InvalidField(op, "source", "a flow begins with its name: flow: order_status")
	}
	created := id == ""
	if created {
		id = by.ID("flw", s.deps.IDs.Other("flw"))
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Flow{}, err
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return Flow{}, err
	}
	row := store.Scenario{ID: id, AccountID: by.Account, Name: name, Enabled: true, Revision: 1, Draft: keys.Seal(DraftPlace(id), []byte(source)), AuthorID: by.Agent}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		before, err := tx.Scenario(ctx, by.Account, id)
		switch {
		case err == nil && created: // a repeat
			row = before
			return nil
		case err == nil:
			if before.Revision != revision {
				return desk.E(desk.Conflict, op, "this flow was changed meanwhile; take the newest one first")
			}
			draft := row.Draft
			row = before
			row.Draft, row.AuthorID, row.UpdatedAt, row.Revision = draft, by.Agent, tx.Now(), before.Revision+1
			if ok {
				row.Name = name
			}
			return tx.UpdateScenario(ctx, row)
		case !created || desk.KindOf(err) != desk.NotFound:
			return err
		}
		all, err := tx.Scenarios(ctx, by.Account)
		if err != nil {
			return err
		}
		if len(all) >= MaxFlows {
			return desk.E(desk.Limited, op, "there are 100 flows already; delete one first")
		}
		row.CreatedAt, row.UpdatedAt = tx.Now(), tx.Now()
		if err := tx.InsertScenario(ctx, row); err != nil {
			return err
		}
		return pen.Write(ctx, tx, act("flow.created", row))
	})
	if err != nil {
		return Flow{}, taken(err, op)
	}
	return s.flowOf(ctx, s.deps.Store.Reads, keys, row)
}

func act(action string, row store.Scenario) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "flow", ID: row.ID, Name: row.Name}, Details: map[string]any{"version": row.Published, "enabled": row.Enabled}}
}

// taken says what a Conflict of a unique name means.
func taken(err error, op string) error {
	if desk.KindOf(err) == desk.Conflict && desk.UserMessage(err) == "" {
		return &desk.Error{Kind: desk.Conflict, Op: op, Field: "source", Msg: "another flow has this name", Err: err}
	}
	return err
}

// change does something to a flow that exists, records it and tells everybody.
func (s *Service) change(ctx context.Context, by desk.By, id, action string, do func(ctx context.Context, tx *store.Tx, row *store.Scenario) error) error {
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if by.Key != "" {
			_, repeated, err := tx.Once(ctx, by.Account, "agent:"+string(by.Agent), action+":"+id+":"+by.Key, "")
			if err != nil || repeated {
				return err
			}
		}
		row, err := tx.Scenario(ctx, by.Account, id)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, &row); err != nil {
			return err
		}
		if err := pen.Write(ctx, tx, act(action, row)); err != nil {
			return err
		}
		return tx.Emit(desk.Event{
			AccountID: by.Account, Actor: by.Author(), Fact: desk.BotChanged{What: desk.BotFlows, Version: row.ID + ":" + number(row.Published)},
		})
	})
	s.drop(by.Account)
	return err
}

// Publish lets the draft serve. Invalid if it has problems or fails its own
// test dialogues; Conflict if it is not the revision that the caller has seen.
func (s *Service) Publish(ctx context.Context, by desk.By, id string, revision int64) (Flow, error) {
	const op = "publish flow"
	f, err := s.Get(ctx, by.Account, id)
	if err != nil {
		return Flow{}, err
	}
	checked, err := s.Check(ctx, by.Account, f.Source)
	if err != nil {
		return Flow{}, err
	}
	if dialogue.Broken(checked.Problems) {
		return Flow{}, desk.InvalidField(op, "source", "the flow has problems; they are shown beside its text")
	}
	for _, r := range checked.Rehearsals {
		if !r.Passed {
			return Flow{}, desk.InvalidField(op, "tests", "a test dialogue does not go as written: "+r.Name)
		}
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return Flow{}, err
	}
	err = s.change(ctx, by, id, "flow.published", func(ctx context.Context, tx *store.Tx, row *store.Scenario) error {
		if row.Revision != revision || f.Revision != revision {
			return desk.E(desk.Conflict, op, "this flow was changed meanwhile; take the newest one first")
		}
		versions, err := tx.ScenarioVersions(ctx, by.Account, id)
		if err != nil {
			return err
		}
		n := int64(1)
		if len(versions) > 0 {
			n = versions[0].N + 1
		}
		row.Published, row.PublishedAt, row.Enabled = n, tx.Now(), true
		err = tx.PutScenarioVersion(ctx, store.ScenarioVersion{
			AccountID: by.Account, ScenarioID: id, N: n, Source: keys.Seal(VersionPlace(id, n), []byte(f.Source)), AuthorID: by.Agent, CreatedAt: tx.Now(),
		})
		if err != nil {
			return err
		}
		return tx.UpdateScenario(ctx, *row)
	})
	if err != nil {
		return Flow{}, err
	}
	return s.Get(ctx, by.Account, id)
}

// Enable switches what was published on or off.
func (s *Service) Enable(ctx context.Context, by desk.By, id string, on bool) (Flow, error) {
	action := "flow.enabled"
	if !on {
		action = "flow.disabled"
	}
	err := s.change(ctx, by, id, action, func(ctx context.Context, tx *store.Tx, row *store.Scenario) error {
		row.Enabled = on
		return tx.UpdateScenario(ctx, *row)
	})
	if err != nil {
		return Flow{}, err
	}
	return s.Get(ctx, by.Account, id)
}

// Delete removes a flow and its versions.
func (s *Service) Delete(ctx context.Context, by desk.By, id string) error {
	return s.change(ctx, by, id, "flow.deleted", func(ctx context.Context, tx *store.Tx, _ *store.Scenario) error {
		return tx.DeleteScenario(ctx, by.Account, id)
	})
}

// Versions lists what was published of a flow, the newest first, without sources.
func (s *Service) Versions(ctx context.Context, account desk.AccountID, id string) ([]Version, error) {
	row, err := s.deps.Store.Scenario(ctx, account, id)
	if err != nil {
		return nil, err
	}
	rows, err := s.deps.Store.ScenarioVersions(ctx, account, id)
	if err != nil {
		return nil, err
	}
	out := make([]Version, len(rows))
	for i, v := range rows {
		out[i] = Version{N: v.N, AuthorID: v.AuthorID, CreatedAt: v.CreatedAt, Serves: v.N == row.Published && row.Enabled}
	}
	return out, nil
}

// Version finds one with its source.
func (s *Service) Version(ctx context.Context, account desk.AccountID, id string, n int64) (Version, error) {
	row, err := s.deps.Store.Scenario(ctx, account, id)
	if err != nil {
		return Version{}, err
	}
	v, err := s.deps.Store.ScenarioVersion(ctx, account, id, n)
	if err != nil {
		return Version{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Version{}, err
	}
	source, err := keys.Open(VersionPlace(id, n), v.Source)
	if err != nil {
		return Version{}, err
	}
	return Version{N: v.N, AuthorID: v.AuthorID, CreatedAt: v.CreatedAt, Serves: v.N == row.Published && row.Enabled, Source: string(source)}, nil
}
