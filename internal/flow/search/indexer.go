package search

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// contacts makes customers findable; package profile implements it. It hangs on
// the indexer, because new customers are rare among messages and a consumer of
// their own would cost as much as this one.
type contacts interface {
	Index(ctx context.Context, tx *store.Tx, account desk.AccountID, ids []desk.ContactID) error
	Rebuild(ctx context.Context) error
}

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	// Contacts may be nil: then only messages are indexed.
	Contacts contacts
	Log      *slog.Logger
	Metrics  prometheus.Registerer
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// Batch is how many events are indexed at once, and Linger how long they are
	// gathered. Default 2,000 and half a second: each commit makes a segment of
	// the index that has to be merged later, nobody searches for what was written
	// half a second ago, and a longer one would hold a processor for too long.
	Batch  int
	Linger time.Duration
	// MaxCandidates bounds how many hits one search opens. Default 1,000.
	MaxCandidates int
}

// Service indexes and finds messages. Build it with New.
type Service struct {
	deps    Deps
	config  Config
	indexed prometheus.Counter
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, "build search", "a required part is missing")
	}
	if c.Batch <= 0 {
		c.Batch = 2_000
	}
	if c.Linger <= 0 {
		c.Linger = 500 * time.Millisecond
	}
	if c.MaxCandidates <= 0 {
		c.MaxCandidates = 1000
	}
	s := &Service{deps: d, config: c, indexed: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "yingda_search_indexed_messages_total", Help: "Messages put into the search index, repeats included.",
	})}
	return s, desk.Wrap(desk.Internal, "build search", d.Metrics.Register(s.indexed))
}

// ConsumerName is the indexer's durable name on the bus.
const ConsumerName = "indexer"

// Consumer indexes new messages. The index is beside the database, so an event
// may be indexed twice, which changes nothing.
func (s *Service) Consumer() bus.Consumer {
	return bus.Consumer{Name: ConsumerName, Batch: s.config.Batch, Linger: s.config.Linger, Handle: s.handle, Rebuild: s.Rebuild}
}

func (s *Service) handle(ctx context.Context, events []desk.Event) (bus.Effects, error) {
	messages := make([]desk.StoredMessage, 0, len(events))
	people := map[desk.AccountID][]desk.ContactID{}
	for _, e := range events {
		if m, ok := desk.MessageOf(e.Fact); ok {
			messages = append(messages, m.Stored(e))
		}
		if _, ok := e.Fact.(desk.ContactCreated); ok && s.deps.Contacts != nil {
			people[e.AccountID] = append(people[e.AccountID], e.ContactID)
		}
	}
	if err := s.index(ctx, messages); err != nil {
		return nil, err
	}
	if err := s.forget(ctx, events); err != nil || len(people) == 0 {
		return nil, err
	}
	for account := range people { // so that they need not be read inside the transaction
		if _, err := s.deps.Keys.Account(ctx, account); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx *store.Tx) error {
		for account, ids := range people {
			if err := s.deps.Contacts.Index(ctx, tx, account, ids); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// forget takes recalled messages out of the index. They were put in before: the
// log tells of a message first.
func (s *Service) forget(ctx context.Context, events []desk.Event) error {
	for _, e := range events {
		f, ok := e.Fact.(desk.MessageRecalled)
		if !ok {
			continue
		}
		if err := s.deps.Store.Index().Delete(ctx, e.AccountID, []desk.MessageID{f.MessageID}); err != nil {
			return err
		}
	}
	return nil
}

// index opens messages and puts their words' hashes into the index, all at once.
func (s *Service) index(ctx context.Context, messages []desk.StoredMessage) error {
	docs := make([]store.IndexDoc, 0, len(messages))
	for _, m := range messages {
		keys, err := s.deps.Keys.Account(ctx, m.AccountID)
		if err != nil {
			return err
		}
		content, ok := s.open(ctx, keys, m)
		if !ok {
			continue // waiting for it would stop the conversation for ever
		}
		if !content.RecalledAt.IsZero() {
			continue // says nothing any more
		}
		docs = append(docs, store.IndexDoc{
			Account: m.AccountID, Message: m.ID, Conversation: m.ConversationID, At: m.At,
			Tokens: keys.Tokens(text.IndexTokens(content.PlainText())),
		})
	}
	if len(docs) == 0 {
		return nil
	}
	if err := s.deps.Store.Index().Put(ctx, docs); err != nil {
		return err
	}
	s.indexed.Add(float64(len(docs)))
	return nil
}

// open decrypts a message; one that does not open is logged and left out.
func (s *Service) open(ctx context.Context, keys *seal.AccountKeys, m desk.StoredMessage) (desk.Content, bool) {
	var c desk.Content
	plain, err := keys.Open(seal.Place{Owner: string(m.ConversationID), Table: "message", Row: string(m.ID), Column: "body"}, m.Body)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a message cannot be opened", "message_id", m.ID, "error", err)
		return c, false
	}
	return c, true
}

// Rebuild indexes all messages there are. The bus calls it when the indexer
// fell behind the log; it may also be called by hand after the index was lost.
func (s *Service) Rebuild(ctx context.Context) error {
	if s.deps.Contacts != nil {
		if err := s.deps.Contacts.Rebuild(ctx); err != nil {
			return err
		}
	}
	accounts, err := s.deps.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		for shard := range desk.Shard(desk.Shards) {
			if err := s.rebuildShard(ctx, a.ID, shard); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) rebuildShard(ctx context.Context, account desk.AccountID, shard desk.Shard) error {
	after := desk.MessageID("")
	for {
		page, err := s.deps.Store.MessagePage(ctx, account, shard, after, s.config.Batch)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := s.index(ctx, page); err != nil {
			return err
		}
		after = page[len(page)-1].ID
	}
}
