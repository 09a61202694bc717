package training

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	Blobs *blob.Store
	Bus   bus.Bus
	Audit *audit.Book
	IDs   *desk.IDs
	Clock desk.Clock
	After timer.After
	// Trainer learns.
	Trainer Trainer
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Node names this process among those of the installation.
	Node string
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// Debounce is how long after the last change a training begins. Default 3 s;
	// with one change after the other at most ten times that after the first.
	Debounce time.Duration
	// Look is how often another node's trainings are looked for. Default 2 s.
	Look time.Duration
	// Claim is how long after its death another node takes up a node's training.
	// Default 15 s.
	Claim time.Duration
	// Keep is how many models an account keeps. Default 20.
	Keep int
}

// Service keeps intents and models. Build it with New.
type Service struct {
	deps   Deps
	config Config
	// wake rouses the trainer, fresh what keeps models up to date.
	wake, fresh chan struct{}

	shelf  shelf
	base   base
	walked walked

	mu       sync.Mutex
	running  map[string]context.CancelCauseFunc // trainings of this node by id
	intents  map[desk.AccountID]*snapshot
	trained  *prometheus.CounterVec
	duration prometheus.Histogram
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	const op = "build training"
	if d.Store == nil || d.Keys == nil || d.Blobs == nil || d.Bus == nil || d.Audit == nil || d.IDs == nil || d.Clock == nil || d.After == nil ||
		d.Trainer == nil || d.Log == nil || d.Metrics == nil || d.Node == "" {
		return nil, desk.E(desk.Invalid, op, "a required part is missing")
	}
	for _, v := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&c.Debounce, 3 * time.Second}, {&c.Look, 2 * time.Second}, {&c.Claim, 15 * time.Second}} {
		if *v.value <= 0 {
			*v.value = v.usual
		}
	}
	if c.Keep <= 0 {
		c.Keep = 20
	}
	s := &Service{
		deps: d, config: c, wake: make(chan struct{}, 1), fresh: make(chan struct{}, 1), shelf: newShelf(), base: newBase(),
		running: make(map[string]context.CancelCauseFunc), intents: make(map[desk.AccountID]*snapshot),
		trained: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_trainings_total", Help: "Trainings of intents that ended, by what came of them.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_training_seconds", Help: "How long a training took until its last model served.",
			Buckets: []float64{0.5, 1, 2, 5, 10, 30, 60, 120, 180, 300, 600},
		}),
	}
	for _, m := range []prometheus.Collector{s.trained, s.duration} {
		if err := d.Metrics.Register(m); err != nil {
			return nil, desk.Wrap(desk.Internal, op, err)
		}
	}
	return s, nil
}

// once runs do unless the key was used before.
func once(ctx context.Context, tx *store.Tx, by desk.By, what string, do func() error) error {
	if by.Key == "" {
		return do()
	}
	_, repeated, err := tx.Once(ctx, by.Account, "training:"+string(by.Agent)+":"+what, by.Key, "")
	if err != nil || repeated {
		return err
	}
	return do()
}

// snapshot is what an account's intents were at a revision.
type snapshot struct {
	revision int64
	// list is in the order they are shown: built-in ones, then by name.
	list   []Intent
	byName map[string]Intent
	// own and letters are how much there is.
	own, letters int
}

// snapshot reads the intents, from memory if nothing has changed.
func (s *Service) snapshot(ctx context.Context, r store.Reads, account desk.AccountID) (*snapshot, error) {
	now, err := r.Training(ctx, account)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	have := s.intents[account]
	s.mu.Unlock()
	if have != nil && have.revision == now.Revision {
		return have, nil
	}
	fresh, err := s.read(ctx, r, account)
	if err != nil {
		return nil, err
	}
	fresh.revision = now.Revision
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.intents) >= maxShelf {
		clear(s.intents) // the others are read anew
	}
	s.intents[account] = fresh
	return fresh, nil
}

// read reads the stored intents and puts those that are built in beside them.
func (s *Service) read(ctx context.Context, r store.Reads, account desk.AccountID) (*snapshot, error) {
	company, err := r.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	rows, err := r.Intents(ctx, account)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	out := &snapshot{byName: make(map[string]Intent, len(rows)+len(BuiltinNames()))}
	stored := make(map[string]Intent)
	var own []Intent
	for _, row := range rows {
		i, err := openIntent(keys, row)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "an intent cannot be opened", "intent_id", row.ID, "error", err)
			continue
		}
		if i.Builtin {
			stored[i.Name] = i
		} else {
			own = append(own, i)
		}
	}
	for _, name := range BuiltinNames() {
		i, ok := stored[name]
		if !ok {
			i = builtin(name, company.Locale)
		}
		out.list = append(out.list, i)
	}
	out.list = append(out.list, own...)
	out.own = len(own)
	for _, i := range out.list {
		out.byName[i.Name] = i
		out.letters += letters(i)
	}
	return out, nil
}

func openIntent(keys *seal.AccountKeys, row store.Intent) (Intent, error) {
	i := Intent{
		ID: row.ID, Name: row.Name, Topic: row.Topic, Enabled: row.Enabled, Builtin: row.Name[0] == '@', Version: row.Version, UpdatedAt: row.UpdatedAt,
	}
	var c content
	if err := unseal(keys, IntentPlace(row.ID), row.Content, &c); err != nil {
		return i, err
	}
	i.Title, i.Examples, i.Actions = c.Title, c.Examples, c.Actions
	return i, nil
}

func sealed(keys *seal.AccountKeys, p seal.Place, v any) (desk.Sealed, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "encode", err)
	}
	return keys.Seal(p, plain), nil
}

func unseal(keys *seal.AccountKeys, p seal.Place, value desk.Sealed, into any) error {
	plain, err := keys.Open(p, value)
	if err == nil {
		err = json.Unmarshal(plain, into)
	}
	return err
}

// changed tells everybody that the intents are not what they were.
func changed(tx *store.Tx, by desk.By, what, version string) error {
	return tx.Emit(desk.Event{AccountID: by.Account, Actor: by.Author(), Fact: desk.BotChanged{What: what, Version: version}})
}
