package training

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/store"
)

// Current is what serves an account. It never changes.
type Current struct {
	// Version is the model's id; "" is the model of the built-in intents.
	Version string
	// Number is the version as people know it; 0 is the built-in model.
	Number int64
	Model  *nlu.Model
	// Intents are by name, as they are now: the model may know some that are
	// gone by now, and not yet know the newest.
	Intents map[string]Intent
}

// Find is the intent of a guess; false if it is gone or disabled by now.
func (c Current) Find(name string) (Intent, bool) {
	i, ok := c.Intents[name]
	return i, ok && i.Enabled && name != Outside
}

// maxShelf is how many accounts' models are in memory at once; the account
// that was asked for longest ago makes room.
const maxShelf = 256

// shelf holds what serves.
type shelf struct {
	mu    *sync.Mutex
	slots map[desk.AccountID]*slot
	tick  int64
}

// slot is an account's place on the shelf.
type slot struct {
	current atomic.Pointer[Current]
	used    int64 // guarded by the shelf's mu
	old     bool  // guarded by the shelf's mu: to be loaded anew
	loading sync.Mutex
}

func newShelf() shelf {
	return shelf{mu: new(sync.Mutex), slots: make(map[desk.AccountID]*slot)}
}

func (s *shelf) of(account desk.AccountID) *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick++
	at := s.slots[account]
	if at == nil {
		if len(s.slots) >= maxShelf {
			s.evict()
		}
		at = &slot{}
		s.slots[account] = at
	}
	at.used = s.tick
	return at
}

func (s *shelf) evict() {
	var oldest desk.AccountID
	for account, at := range s.slots {
		if oldest == "" || at.used < s.slots[oldest].used {
			oldest = account
		}
	}
	delete(s.slots, oldest)
}

// stale asks for an account to be loaded anew; what serves goes on serving.
// "" is all accounts.
func (s *shelf) stale(account desk.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a, at := range s.slots {
		if account == "" || a == account {
			at.old = true
		}
	}
}

// takeStale answers the accounts to be loaded anew, and notes that they are.
func (s *shelf) takeStale() (out []desk.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a, at := range s.slots {
		if at.old {
			at.old = false
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

// Current is what serves the account. The first call for an account loads it,
// and the very first of a process may wait for the built-in model to be made;
// after that it is read from memory.
func (s *Service) Current(ctx context.Context, account desk.AccountID) (Current, error) {
	at := s.shelf.of(account)
	if c := at.current.Load(); c != nil {
		return *c, nil
	}
	return s.load(ctx, account, at, false)
}

// load brings the account's slot up to what is stored.
func (s *Service) load(ctx context.Context, account desk.AccountID, at *slot, anew bool) (Current, error) {
	at.loading.Lock()
	defer at.loading.Unlock()
	have := at.current.Load()
	if have != nil && !anew {
		return *have, nil // another caller was first
	}
	now, err := s.deps.Store.Training(ctx, account)
	if err != nil {
		return Current{}, err
	}
	snap, err := s.snapshot(ctx, s.deps.Store.Reads, account)
	if err != nil {
		return Current{}, err
	}
	next := &Current{Version: now.ModelID, Intents: snap.byName}
	switch {
	case have != nil && have.Version == now.ModelID:
		next.Model, next.Number = have.Model, have.Number
	case now.ModelID != "":
		var m store.IntentModel
		if m, err = s.deps.Store.IntentModel(ctx, account, now.ModelID); err == nil {
			next.Number = m.Number
			next.Model, err = s.fetch(ctx, m)
		}
		if err != nil && ctx.Err() == nil {
			s.deps.Log.ErrorContext(ctx, "a model cannot be read; a new one is trained", "account_id", account, "model_id", now.ModelID, "error", err)
			s.repair(ctx, account)
			if have != nil {
				next.Model, next.Version, next.Number = have.Model, have.Version, have.Number
			} else {
				next.Version, next.Number = "", 0
			}
		}
	}
	if next.Model == nil {
		if next.Model, err = s.builtinModel(ctx); err != nil {
			return Current{}, err
		}
	}
	at.current.Store(next)
	return *next, nil
}

// repair asks for a training in the place of a model that is lost.
func (s *Service) repair(ctx context.Context, account desk.AccountID) {
	err := s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		return s.queue(ctx, tx, desk.By{Account: account}, OriginRepair, "", 0)
	})
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a training could not be queued", "account_id", account, "error", err)
	}
	s.rouse()
}

// refresh loads the accounts anew that have changed.
func (s *Service) refresh(ctx context.Context) {
	for _, account := range s.shelf.takeStale() {
		if _, err := s.load(ctx, account, s.shelf.of(account), true); err != nil && ctx.Err() == nil {
			s.deps.Log.ErrorContext(ctx, "what the bot understands could not be loaded; the one before goes on serving", "account_id", account, "error", err)
			s.shelf.stale(account)
		}
	}
}

// secret is what is sealed of a model.
type secret struct {
	Key    []byte `json:"key"`
	Missed []Miss `json:"missed,omitempty"`
}

// keep puts a model into a blob and returns its row.
func (s *Service) keep(ctx context.Context, account desk.AccountID, m Made) (store.IntentModel, error) {
	row := store.IntentModel{ID: s.deps.IDs.Other("mdl"), AccountID: account, Kind: m.Kind, Hash: hashOf(m.Model), Size: int64(len(m.Model))}
	report, err := json.Marshal(m.Report)
	if err != nil {
		return row, desk.Wrap(desk.Internal, "store model", err)
	}
	row.Report = string(report)
	key, _, err := s.deps.Blobs.Put(ctx, blobName(row.ID), bytes.NewReader(m.Model))
	if err != nil {
		return row, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return row, err
	}
	row.Secret, err = sealed(keys, ModelPlace(row.ID), secret{Key: key, Missed: m.Missed})
	return row, err
}

// blobName is where a model's bytes are.
func blobName(id string) string { return id }

func hashOf(model []byte) string {
	sum := sha256.Sum256(model)
	return hex.EncodeToString(sum[:])
}

// fetch reads a model from its blob and proves that it is the one that was made.
func (s *Service) fetch(ctx context.Context, m store.IntentModel) (*nlu.Model, error) {
	const op = "read model"
	keys, err := s.deps.Keys.Account(ctx, m.AccountID)
	if err != nil {
		return nil, err
	}
	var hidden secret
	if err := unseal(keys, ModelPlace(m.ID), m.Secret, &hidden); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	r, err := s.deps.Blobs.Open(ctx, blobName(m.ID), blob.Key(hidden.Key), m.Size)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if closed := r.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	if hashOf(data) != m.Hash {
		return nil, desk.E(desk.Internal, op, "the stored model is not the one that was made")
	}
	return nlu.Read(data)
}

// base makes the model of the built-in intents, once.
type base struct {
	turn  chan struct{}
	model *atomic.Pointer[nlu.Model]
}

func newBase() base { return base{turn: make(chan struct{}, 1), model: new(atomic.Pointer[nlu.Model])} }

// builtinModel is the model of the built-in intents as they are shipped.
func (s *Service) builtinModel(ctx context.Context) (*nlu.Model, error) {
	if m := s.base.model.Load(); m != nil {
		return m, nil
	}
	select {
	case s.base.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, desk.Wrap(desk.Unavailable, "make the built-in model", ctx.Err())
	}
	defer func() { <-s.base.turn }()
	if m := s.base.model.Load(); m != nil {
		return m, nil
	}
	intents := make([]Intent, 0, len(BuiltinNames()))
	for _, name := range BuiltinNames() {
		intents = append(intents, builtin(name, desk.English))
	}
	order := orderOf(intents, 0)
	order.Linear = true // it is waited for
	var m *nlu.Model
	err := s.deps.Trainer.Train(ctx, order, func(Step) {}, func(made Made) (err error) {
		m, err = nlu.Read(made.Model)
		return err
	})
	if err == nil && m == nil {
		err = desk.E(desk.Unavailable, "make the built-in model", "the trainer made nothing")
	}
	if err != nil {
		return nil, err
	}
	s.base.model.Store(m)
	return m, nil
}

// Guess is an intent that a text may mean.
type Guess struct {
	Name, Title string
	P           float64
}

// Tried is what the model that serves makes of a text.
type Tried struct {
	Version    string
	Number     int64
	Confidence float64
	// Guesses are the likeliest first.
	Guesses []Guess
}

// Try asks the model that serves.
func (s *Service) Try(ctx context.Context, account desk.AccountID, text string) (Tried, error) {
	c, err := s.Current(ctx, account)
	if err != nil {
		return Tried{}, err
	}
	v := c.Model.Classify(text, 5)
	out := Tried{Version: c.Version, Number: c.Number, Confidence: v.Confidence}
	for _, g := range v.Guesses {
		out.Guesses = append(out.Guesses, Guess{Name: g.Intent, Title: cmp.Or(c.Intents[g.Intent].Title, g.Intent), P: g.P})
	}
	return out, nil
}

// modelOf makes a model of its stored form.
func modelOf(data []byte) (*nlu.Model, error) { return nlu.Read(data) }
