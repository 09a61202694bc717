package scenario

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/outcall"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// The bounds of what an account keeps.
const (
	MaxFlows   = 100
	MaxSecrets = 50
	maxSecret  = 4096
)

// caller calls a service of the operator.
type caller interface {
	Do(ctx context.Context, q outcall.Request) outcall.Answer
}

// zones knows the time zone that days and times in an account's flows are meant in.
type zones interface {
	Zone(account desk.AccountID) *time.Location
}

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	Bus   bus.Bus
	IDs   *desk.IDs
	Clock desk.Clock
	After timer.After
	Audit *audit.Book
	// Zones knows in which time zone a company's flows are meant.
	Zones zones
	// Caller performs the calls of flows.
	Caller  caller
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Service keeps flows. Build it with New.
type Service struct {
	deps Deps

	mu      sync.Mutex
	current map[desk.AccountID]Current
	// changes counts what was dropped, so that a load that began before is not kept.
	changes uint64
	// failing are the steps whose last call failed, since the start of this process.
	failing map[callee]Failing
	calls   *prometheus.CounterVec
}

// Current is what serves an account.
type Current struct {
	Set     dialogue.Set
	Version string
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.Bus == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Audit == nil || d.Caller == nil || d.Zones == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, "build scenario", "a required part is missing")
	}
	s := &Service{
		deps: d, current: make(map[desk.AccountID]Current), failing: make(map[callee]Failing),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_flow_calls_total", Help: "Calls that flows made to services, by how they came out.",
		}, []string{"outcome"}),
	}
	return s, desk.Wrap(desk.Internal, "build scenario", d.Metrics.Register(s.calls))
}

// Flows are what serves the account, from memory. A flow that can no longer be
// read is left out.
func (s *Service) Flows(ctx context.Context, account desk.AccountID) (Current, error) {
	s.mu.Lock()
	c, ok := s.current[account]
	before := s.changes
	s.mu.Unlock()
	if ok {
		return c, nil
	}
	c, err := s.load(ctx, account)
	if err != nil {
		return Current{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == before {
		if len(s.current) >= maxAccounts {
			clear(s.current)
		}
		s.current[account] = c
	}
	return c, nil
}

// maxAccounts is for how many accounts flows are kept in memory; beyond it all
// are dropped and loaded again as they are needed.
const maxAccounts = 2000

func (s *Service) load(ctx context.Context, account desk.AccountID) (Current, error) {
	rows, err := s.deps.Store.PublishedScenarios(ctx, account)
	if err != nil {
		return Current{}, err
	}
	c := Current{Set: dialogue.Set{}}
	if len(rows) == 0 {
		return c, nil
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Current{}, err
	}
	sum := sha256.New()
	for _, row := range rows {
		source, err := keys.Open(VersionPlace(row.ScenarioID, row.N), row.Source)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a published flow cannot be opened", "flow_id", row.ScenarioID, "error", err)
			continue
		}
		f, _ := dialogue.Parse(source)
		if f == nil {
			s.deps.Log.ErrorContext(ctx, "a published flow is no longer a flow", "flow_id", row.ScenarioID)
			continue
		}
		c.Set[f.Name] = f
		sum.Write([]byte(f.Name + "\x00" + f.Revision + "\x00"))
	}
	c.Version = "flows_" + hex.EncodeToString(sum.Sum(nil)[:6])
	return c, nil
}

// drop forgets what is kept of an account, or of all.
func (s *Service) drop(account desk.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	if account == "" {
		clear(s.current)
		return
	}
	delete(s.current, account)
}

// Run drops what was changed on any node, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		from, err := s.deps.Store.Head(ctx)
		if err == nil {
			s.drop("") // what was loaded before may have missed something
			err = s.deps.Bus.Follow(ctx, from, s.hear)
		}
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "the log could not be followed; trying again", "error", err)
			s.wait(ctx, time.Second)
		}
	}
	return nil
}

func (s *Service) hear(events []desk.Event) {
	for _, e := range events {
		if f, ok := e.Fact.(desk.BotChanged); ok && f.What == desk.BotFlows {
			s.drop(e.AccountID)
		}
	}
}

func (s *Service) wait(ctx context.Context, d time.Duration) {
	fired, stop := s.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-fired:
	}
}

// DraftPlace is where a draft is sealed for.
func DraftPlace(id string) seal.Place {
	return seal.Place{Owner: id, Table: "scenario", Row: id, Column: "draft"}
}

// VersionPlace is where a version is sealed for.
func VersionPlace(id string, n int64) seal.Place {
	return seal.Place{Owner: id, Table: "scenario_version", Row: id + ":" + number(n), Column: "source"}
}

// SecretPlace is where a secret is sealed for.
func SecretPlace(name string) seal.Place {
	return seal.Place{Owner: "scenario_secret", Table: "scenario_secret", Row: name, Column: "value"}
}
