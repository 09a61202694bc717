package conversation_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.StopShared(); err != nil && code == 0 {
			code = 1
		}
		os.Exit(code)
	}))
}

// house is everything between a channel and the database, on a real one.
type house struct {
	*storetest.Env
	keys *seal.Keyring
	hub  *hub.Hub
	*conversation.Service
	routes *routes
}

// company is one account of the house.
type company struct {
	*house
	id    desk.AccountID
	inbox desk.Inbox
	// agents may answer; teams may be assigned to.
	agents []conversation.Actor
	team   desk.TeamID
}

func onSQLite(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
	t.Helper()
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
		sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
	require.NoError(t, err)
	return d, nil
}

func onPostgres(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
	t.Helper()
	start := func(dsn string) (*postgres.Driver, error) {
		return postgres.Open(t.Context(), postgres.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, postgres.Config{DSN: dsn})
	}
	d, err := start(pgtest.Shared(t).Prepared(t, "conversation", func(dsn string) error {
		d, err := start(dsn)
		if err != nil {
			return err
		}
		return d.Close()
	}))
	require.NoError(t, err)
	return d, nil
}

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(*testing.T, *house)) {
	t.Helper()
	for dialect, driver := range map[string]storetest.Open{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, driver))
		})
	}
}

func open(t *testing.T, driver storetest.Open) *house {
	t.Helper()
	env := storetest.Start(t, driver)
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	h := &house{
		Env: env, routes: &routes{},
		keys: seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader}),
	}
	h.Service, err = conversation.New(conversation.Deps{
		Store: env.Store, Keys: h.keys, IDs: env.IDs, Routes: h.routes, Log: slog.New(slog.DiscardHandler),
	}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{
		Store: env.Store, Keys: h.keys, IDs: env.IDs, Conversations: receiver{h.Service}, Signals: silence{}, Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	return h
}

// receiver joins hub and conversation as the application does.
type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming(in))
}

type silence struct{}

func (silence) Signal(context.Context, bus.Signal) {}

// routes says how replies leave; by default the visitor reads our own feed.
type routes struct {
	mu  sync.Mutex
	way map[desk.InboxID]conversation.Route
	no  map[desk.InboxID]bool
}

func (r *routes) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(id desk.InboxID) (conversation.Route, bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if way, ok := r.way[id]; ok {
			return way, true
		}
		return conversation.Route{Status: desk.Sent}, !r.no[id]
	}, nil
}

func (h *house) company() *company {
	h.Helper()
	c := &company{house: h, id: h.IDs.Account()}
	c.inbox = desk.Inbox{ID: h.IDs.Inbox(), AccountID: c.id, Channel: "webchat", Name: "商城", Key: h.IDs.Other("chk"), Enabled: true}
	team := desk.Team{ID: h.IDs.Team(), AccountID: c.id, Name: "售前"}
	c.team = team.ID
	require.NoError(h, h.Store.Write(h.Ctx, c.id, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, desk.Account{ID: c.id, Name: "应答", Locale: desk.Chinese}); err != nil {
			return err
		}
		if err := tx.PutInbox(ctx, store.Inbox{Inbox: c.inbox}); err != nil {
			return err
		}
		return tx.PutTeam(ctx, team)
	}))
	c.agents = []conversation.Actor{c.agent(false), c.agent(false)}
	return c
}

func (c *company) agent(disabled bool) conversation.Actor {
	c.Helper()
	a := store.Agent{
		ID: c.IDs.Agent(), AccountID: c.id, Role: desk.Answerer, Locale: desk.Chinese,
		EmailHash: c.IDs.Other("mail"), PasswordHash: "x", Disabled: disabled,
	}
	keys, err := c.keys.Account(c.Ctx, c.id)
	require.NoError(c, err)
	a.Profile = keys.Seal(seal.Place{Owner: string(a.ID), Table: "agent", Row: string(a.ID), Column: "profile"}, []byte(`{"name":"林小满"}`))
	require.NoError(c, c.Store.Write(c.Ctx, c.id, func(ctx context.Context, tx *store.Tx) error { return tx.PutAgent(ctx, a) }))
	return conversation.Actor{Account: c.id, Agent: a.ID, Sight: desk.SeesAll()}
}

// says is a customer's message through the hub.
func (c *company) says(customer, key, text string) hub.Accepted {
	c.Helper()
	a, err := c.hub.Accept(c.Ctx, c.inbox, channel.Envelope{
		ID: key, Kind: channel.MessageEvent,
		Peer: channel.Peer{
			Scope: "user", External: customer, Verified: true,
			Profile: desk.Profile{Name: "客户" + customer, Email: customer + "@example.com", Phone: "13800000000"},
		},
		Message: &channel.Message{Content: desk.TextContent(text)},
	})
	require.NoError(c, err)
	return a
}

func (c *company) order(id desk.ConversationID, key string) conversation.Order {
	return conversation.Order{Actor: c.agents[0], Key: key, ConversationID: id}
}

func (c *company) reply(id desk.ConversationID, key, text string) desk.Message {
	c.Helper()
	m, err := c.Reply(c.Ctx, conversation.ReplyCommand{Actor: c.agents[0], Key: key, ConversationID: id, Content: desk.TextContent(text)})
	require.NoError(c, err)
	return m
}

// kinds lists the account's events after a position.
func (c *company) kinds(after int64) []desk.EventKind {
	c.Helper()
	events, err := c.Store.AccountEvents(c.Ctx, c.id, after, 1000)
	require.NoError(c, err)
	var kinds []desk.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Fact.Kind())
	}
	return kinds
}

func (c *company) head() int64 {
	c.Helper()
	head, err := c.Store.Head(c.Ctx)
	require.NoError(c, err)
	return head
}
