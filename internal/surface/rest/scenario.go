package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/flow/scenario"
)

func (c caller) author(key string) desk.By {
	return desk.By{Account: c.Account, Agent: c.Agent, Key: key}
}

// Scenario is a flow of dialogue.
type Scenario struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	About       string       `json:"about,omitempty"`
	Locale      string       `json:"locale" enum:"zh,en"`
	Enabled     bool         `json:"enabled"`
	Revision    int64        `json:"revision" doc:"Counts changes of the draft."`
	Published   int64        `json:"published" doc:"The version that serves; 0 if none does."`
	PublishedAt time.Time    `json:"published_at,omitzero"`
	Changed     bool         `json:"changed,omitempty" doc:"The draft is not what was published."`
	Problems    int          `json:"problems" doc:"Errors in the draft."`
	Tests       int          `json:"tests" doc:"Test dialogues in the draft."`
	AuthorID    desk.AgentID `json:"author_id,omitempty"`
	UpdatedAt   time.Time    `json:"updated_at"`
	Source      string       `json:"source,omitempty" doc:"The draft, in lists left out. docs/guide has the format."`
}

func scenarioShape(f scenario.Flow) Scenario {
	return Scenario{
		ID: f.ID, Name: f.Name, Title: f.Title, About: f.About, Locale: f.Locale, Enabled: f.Enabled, Revision: f.Revision,
		Published: f.Published, PublishedAt: f.PublishedAt, Changed: f.Changed, Problems: f.Problems, Tests: f.Tests,
		AuthorID: f.AuthorID, UpdatedAt: f.UpdatedAt, Source: f.Source,
	}
}

func (s *Server) listScenarios(ctx context.Context, c caller, _ *nothing) (out[Items[Scenario]], error) {
	all, err := s.deps.Scenarios.List(ctx, c.Account)
	return itemsOf(all, scenarioShape), err
}

type scenarioInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) getScenario(ctx context.Context, c caller, in *scenarioInput) (out[Scenario], error) {
	f, err := s.deps.Scenarios.Get(ctx, c.Account, in.ID)
	return out[Scenario]{scenarioShape(f)}, err
}

// sourceBody is the text of a flow.
type sourceBody struct {
	Source string `json:"source" minLength:"1" maxLength:"131072" example:"flow: hello\nstates:\n  begin:\n    - say: 您好\n" doc:"YAML or JSON; docs/guide has the format."`
}

type createScenarioInput struct {
	Keyed
	Body sourceBody
}

func (s *Server) createScenario(ctx context.Context, c caller, in *createScenarioInput) (out[Scenario], error) {
	f, err := s.deps.Scenarios.Save(ctx, c.author(in.Key), "", 0, in.Body.Source)
	return out[Scenario]{scenarioShape(f)}, err
}

type saveScenarioInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Source   string `json:"source" minLength:"1" maxLength:"131072" doc:"YAML or JSON; docs/guide has the format."`
		Revision int64  `json:"revision" minimum:"1" doc:"The one that the change was made on."`
	}
}

func (s *Server) saveScenario(ctx context.Context, c caller, in *saveScenarioInput) (out[Scenario], error) {
	f, err := s.deps.Scenarios.Save(ctx, c.author(in.Key), in.ID, in.Body.Revision, in.Body.Source)
	return out[Scenario]{scenarioShape(f)}, err
}

func (s *Server) deleteScenario(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Scenarios.Delete(ctx, c.author(in.Key), in.ID)
}

type publishScenarioInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Revision int64 `json:"revision" minimum:"1" doc:"The draft that the caller has seen."`
	}
}

func (s *Server) publishScenario(ctx context.Context, c caller, in *publishScenarioInput) (out[Scenario], error) {
	f, err := s.deps.Scenarios.Publish(ctx, c.author(in.Key), in.ID, in.Body.Revision)
	return out[Scenario]{scenarioShape(f)}, err
}

type enableScenarioInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Enabled bool `json:"enabled"`
	}
}

func (s *Server) enableScenario(ctx context.Context, c caller, in *enableScenarioInput) (out[Scenario], error) {
	f, err := s.deps.Scenarios.Enable(ctx, c.author(in.Key), in.ID, in.Body.Enabled)
	return out[Scenario]{scenarioShape(f)}, err
}

// ScenarioVersion is a flow as it was published.
type ScenarioVersion struct {
	N         int64        `json:"n"`
	AuthorID  desk.AgentID `json:"author_id,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	Serves    bool         `json:"serves,omitempty"`
	Source    string       `json:"source,omitempty" doc:"In lists left out."`
}

func scenarioVersionShape(v scenario.Version) ScenarioVersion {
	return ScenarioVersion{N: v.N, AuthorID: v.AuthorID, CreatedAt: v.CreatedAt, Serves: v.Serves, Source: v.Source}
}

func (s *Server) listScenarioVersions(ctx context.Context, c caller, in *scenarioInput) (out[Items[ScenarioVersion]], error) {
	all, err := s.deps.Scenarios.Versions(ctx, c.Account, in.ID)
	return itemsOf(all, scenarioVersionShape), err
}

type scenarioVersionInput struct {
	ID string `path:"id" maxLength:"64"`
	N  int64  `path:"n" minimum:"1"`
}

func (s *Server) getScenarioVersion(ctx context.Context, c caller, in *scenarioVersionInput) (out[ScenarioVersion], error) {
	v, err := s.deps.Scenarios.Version(ctx, c.Account, in.ID, in.N)
	return out[ScenarioVersion]{scenarioVersionShape(v)}, err
}

// ScenarioSecret is a key or an address for calls of services.
type ScenarioSecret struct {
	Name      string       `json:"name"`
	AuthorID  desk.AgentID `json:"author_id,omitempty"`
	UpdatedAt time.Time    `json:"updated_at"`
	UsedBy    []string     `json:"used_by,omitempty" doc:"Published flows that name it."`
}

func (s *Server) listScenarioSecrets(ctx context.Context, c caller, _ *nothing) (out[Items[ScenarioSecret]], error) {
	all, err := s.deps.Scenarios.Secrets(ctx, c.Account)
	return itemsOf(all, func(x scenario.Secret) ScenarioSecret {
		return ScenarioSecret{Name: x.Name, AuthorID: x.AuthorID, UpdatedAt: x.UpdatedAt, UsedBy: x.UsedBy}
	}), err
}

type putScenarioSecretInput struct {
	Name string `path:"name" maxLength:"60" pattern:"^[a-z][a-z0-9_]*$"`
	Keyed
	Body struct {
		Value string `json:"value" minLength:"1" maxLength:"4096" doc:"One line. It is sealed and never shown again."`
	}
}

func (s *Server) putScenarioSecret(ctx context.Context, c caller, in *putScenarioSecretInput) (noContent, error) {
	return noContent{}, s.deps.Scenarios.PutSecret(ctx, c.author(in.Key), in.Name, in.Body.Value)
}

type deleteScenarioSecretInput struct {
	Name string `path:"name" maxLength:"60" pattern:"^[a-z][a-z0-9_]*$"`
	Keyed
}

func (s *Server) deleteScenarioSecret(ctx context.Context, c caller, in *deleteScenarioSecretInput) (noContent, error) {
	return noContent{}, s.deps.Scenarios.DeleteSecret(ctx, c.author(in.Key), in.Name)
}

// ScenarioProblem is something wrong, or doubtful, in a flow's text.
type ScenarioProblem struct {
	Warning bool              `json:"warning,omitempty"`
	Path    string            `json:"path,omitempty"`
	Line    int               `json:"line"`
	Column  int               `json:"column"`
	Key     string            `json:"key"`
	Message map[string]string `json:"message" doc:"By language: zh, en."`
}

// ScenarioCheck is what is to be said of a flow's text.
type ScenarioCheck struct {
	Name       string              `json:"name,omitempty"`
	Title      string              `json:"title,omitempty"`
	Problems   []ScenarioProblem   `json:"problems"`
	Graph      *dialogue.Graph     `json:"graph,omitempty"`
	Slots      []ScenarioSlot      `json:"slots,omitempty"`
	Rehearsals []ScenarioRehearsal `json:"rehearsals"`
	Missing    []string            `json:"missing_secrets,omitempty" doc:"Secrets that the flow uses and nobody has set."`
}

// ScenarioSlot is something that a flow asks for.
type ScenarioSlot struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Kind  string `json:"kind"`
}

// ScenarioRehearsal is how a test dialogue went.
type ScenarioRehearsal struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Line   int    `json:"line,omitempty" doc:"Where it did not go as written."`
	Want   string `json:"want,omitempty"`
	Got    string `json:"got,omitempty"`
}

type checkScenarioInput struct {
	Keyed
	Body sourceBody
}

func (s *Server) checkScenario(ctx context.Context, c caller, in *checkScenarioInput) (out[ScenarioCheck], error) {
	checked, err := s.deps.Scenarios.Check(ctx, c.Account, in.Body.Source)
	if err != nil {
		return out[ScenarioCheck]{}, err
	}
	o := ScenarioCheck{Problems: []ScenarioProblem{}, Rehearsals: []ScenarioRehearsal{}, Missing: checked.Missing}
	for _, p := range checked.Problems {
		o.Problems = append(o.Problems, ScenarioProblem{
			Warning: p.Warning, Path: p.Path, Line: p.Line, Column: p.Column, Key: p.Key,
			Message: map[string]string{"zh": p.Message("zh"), "en": p.Message("en")},
		})
	}
	for _, r := range checked.Rehearsals {
		o.Rehearsals = append(o.Rehearsals, ScenarioRehearsal{Name: r.Name, Passed: r.Passed, Line: r.Line, Want: r.Want, Got: r.Got})
	}
	if f := checked.Flow; f != nil {
		graph := f.Graph()
		o.Name, o.Title, o.Graph = f.Name, f.Title, &graph
		for _, slot := range f.Slots {
			o.Slots = append(o.Slots, ScenarioSlot{slot.Name, slot.Label, string(slot.Spec.Kind)})
		}
	}
	return out[ScenarioCheck]{o}, nil
}
