package library

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// Follower carries the event log to this node.
type Follower interface {
	Follow(ctx context.Context, from int64, fn func(events []desk.Event)) error
}

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	IDs   *desk.IDs
	Clock desk.Clock
	After timer.After
	Bus   Follower
	// Audit keeps who changed what.
	Audit *audit.Book
	Log   *slog.Logger
	// Node names this process, for leases.
	Node string
}

// Config tunes the service; the zero value is the default.
type Config struct {
	// Quiet is how long nothing must change before a training begins; 0 means
	// 1.5 seconds.
	Quiet time.Duration
	// Outside are questions that nobody's knowledge answers; they teach the
	// confidence what lies far away. None is fine.
	Outside []string
}

// Service keeps knowledge. Build it with New.
type Service struct {
	deps   Deps
	config Config

	// learning is held while this node trains.
	learning sync.Mutex
	// wakeTrainer and wakeLoader hold one token each.
	wakeTrainer, wakeLoader chan struct{}

	mu      sync.Mutex
	shelves map[desk.AccountID]*shelf
	// busy is the training that runs on this node.
	busy *Progress
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Bus == nil || d.Audit == nil || d.Log == nil || d.Node == "" {
		return nil, desk.E(desk.Invalid, "build library", "a required part is missing")
	}
	if c.Quiet <= 0 {
		c.Quiet = 1500 * time.Millisecond
	}
	return &Service{
		deps: d, config: c, wakeTrainer: make(chan struct{}, 1), wakeLoader: make(chan struct{}, 1),
		shelves: make(map[desk.AccountID]*shelf),
	}, nil
}

// once notes the key of a command; repeated means that it was done before.
func once(ctx context.Context, tx *store.Tx, b desk.By, verb string) (repeated bool, err error) {
	if b.Key == "" {
		return false, nil
	}
	_, repeated, err = tx.Once(ctx, b.Account, "agent:"+string(b.Agent), verb+":"+b.Key, "")
	return repeated, err
}

// command runs a unit of a command once, and tells everybody if it changed
// something that is to be learned.
func (s *Service) command(ctx context.Context, by desk.By, verb string, unit func(context.Context, *store.Tx, audit.Pen) error) error {
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if repeated, err := once(ctx, tx, by, verb); err != nil || repeated {
			return err
		}
		return unit(ctx, tx, pen)
	})
	if err == nil {
		wake(s.wakeTrainer)
	}
	return err
}

// touched notes that there is something new to learn, and tells it: once for
// all that a command changes.
func touched(ctx context.Context, tx *store.Tx, by desk.By) error {
	for _, e := range tx.Events() {
		if f, ok := e.Fact.(desk.BotChanged); ok && f.What == desk.BotKnowledge && f.Version == "" {
			return nil
		}
	}
	row, _, err := shelfOf(ctx, tx.Reads, by.Account)
	if err != nil {
		return err
	}
	row.Revision++
	row.UpdatedAt = tx.Now()
	if err := tx.PutKnowledgeShelf(ctx, row); err != nil {
		return err
	}
	return tell(tx, by, "")
}

func tell(tx *store.Tx, by desk.By, version string) error {
	return tx.Emit(desk.Event{
		AccountID: by.Account, Actor: by.Author(), Fact: desk.BotChanged{What: desk.BotKnowledge, Version: version},
	})
}

// settings are what belongs to all items.
type settings struct {
	Categories        []Category `json:"categories,omitempty"`
	CategoriesVersion int64      `json:"categories_version,omitempty"`
	Synonyms          [][]string `json:"synonyms,omitempty"`
	SynonymsVersion   int64      `json:"synonyms_version,omitempty"`
}

func shelfOf(ctx context.Context, r store.Reads, account desk.AccountID) (store.KnowledgeShelf, settings, error) {
	var set settings
	row, err := r.KnowledgeShelf(ctx, account)
	if errors.Is(err, desk.NotFound) {
		return store.KnowledgeShelf{AccountID: account, Settings: json.RawMessage("{}")}, set, nil
	}
	if err != nil {
		return row, set, err
	}
	return row, set, desk.Wrap(desk.Internal, "read knowledge", json.Unmarshal(row.Settings, &set))
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
