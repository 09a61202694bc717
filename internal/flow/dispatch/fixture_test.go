package dispatch_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/robot"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.StopShared(); err != nil && code == 0 {
			code = 1
		}
		os.Exit(code)
	}))
}

// house is an installation of one node, or of two on one database.
type house struct {
	*storetest.Env
	master *seal.Master
	nodes  []*node
}

// node is one process.
type node struct {
	store  *store.Store
	talks  *conversation.Service
	hub    *hub.Hub
	bus    *logbus.Bus
	queue  *dispatch.Service
	robots *robots
	stop   func()
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func onSQLite(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
	t.Helper()
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: quiet()}, sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
	require.NoError(t, err)
	return d, nil
}

func onPostgres(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
	t.Helper()
	dsn := pgtest.Database(t)
	start := func() store.Driver {
		d, err := postgres.Open(t.Context(), postgres.Deps{Clock: clock, Log: quiet()}, postgres.Config{DSN: dsn})
		require.NoError(t, err)
		return d
	}
	return start(), start
}

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
	h := &house{Env: env, master: master}
	h.nodes = append(h.nodes, h.start(t, env.Store, "node-1"))
	if env.Peer != env.Store {
		h.nodes = append(h.nodes, h.start(t, env.Peer, "node-2"))
	}
	return h
}

func (h *house) start(t *testing.T, s *store.Store, name string) *node {
	t.Helper()
	keys := seal.NewKeyring(seal.Deps{Master: h.master, Store: s, Clock: h.Clock, Random: rand.Reader})
	n := &node{store: s, robots: &robots{}}
	var err error
	n.bus, err = logbus.New(logbus.Deps{
		Store: s, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 }, Log: quiet(), Metrics: prometheus.NewRegistry(),
	}, logbus.Config{})
	require.NoError(t, err)
	n.talks, err = conversation.New(conversation.Deps{Store: s, Keys: keys, IDs: h.IDs, Routes: ownFeed{}, Log: quiet()}, conversation.Config{})
	require.NoError(t, err)
	n.hub, err = hub.New(hub.Deps{
		Store: s, Keys: keys, IDs: h.IDs, Conversations: receiver{n.talks}, Signals: n.bus, Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	book, err := audit.New(audit.Deps{Store: s, Keys: keys, IDs: h.IDs})
	require.NoError(t, err)
	n.queue, err = dispatch.New(dispatch.Deps{
		Store: s, Keys: keys, Conversations: n.talks, Offices: inboxes{s}, Bus: n.bus, IDs: h.IDs, Clock: h.Clock, After: timer.Wall,
		Audit: book, Log: quiet(), Metrics: prometheus.NewRegistry(), Node: name,
		Robots: n.robots,
	}, dispatch.Config{LeaseLife: 300 * time.Millisecond, Retry: 20 * time.Millisecond, Calm: time.Millisecond, LinkLife: time.Hour})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 3)
	go func() { done <- n.bus.Run(ctx) }()
	go func() { done <- n.queue.Run(ctx) }()
	go func() { done <- n.bus.Consume(ctx, n.queue.Consumer()) }()
	var stopped atomic.Bool
	n.stop = func() {
		if !stopped.Swap(true) {
			cancel()
			for range 3 {
				require.NoError(t, <-done)
			}
		}
	}
	t.Cleanup(n.stop)
	return n
}

// robots stand for those of messengers.
type robots struct {
	mu    sync.Mutex
	all   []string
	fails error
}

func (r *robots) Say(_ context.Context, to robot.Robot, text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails == nil {
		r.all = append(r.all, to.URL+" "+to.Secret+" "+text)
	}
	return r.fails
}

func (r *robots) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.all, "\n")
}

func (r *robots) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = err
}

type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming(in))
}

type ownFeed struct{}

func (ownFeed) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) { return conversation.Route{Status: desk.Sent}, true }, nil
}

type inboxes struct{ *store.Store }

func (i inboxes) InboxLookup(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error) {
	rows, err := i.Inboxes(ctx, account)
	return func(id desk.InboxID) (desk.Inbox, bool) {
		for _, r := range rows {
			if r.ID == id {
				return r.Inbox, true
			}
		}
		return desk.Inbox{}, false
	}, err
}

// company is an account with agents in one team.
type company struct {
	*house
	*storetest.Tenant
	agents []desk.AgentID
}

func (h *house) company(t *testing.T, agents int, work dispatch.AgentWork) *company {
	t.Helper()
	c := &company{house: h, Tenant: h.In(t).Tenant()}
	c.Tenant.Write(func(ctx context.Context, tx *store.Tx) error {
		c.agents, c.Team.Members = nil, nil // it may run more than once
		for range agents {
			a := c.Agent
			a.ID, a.EmailHash = h.IDs.Agent(), h.IDs.Other("hash")
			if err := tx.PutAgent(ctx, a); err != nil {
				return err
			}
			c.agents = append(c.agents, a.ID)
			c.Team.Members = append(c.Team.Members, a.ID)
		}
		return tx.PutTeam(ctx, c.Team)
	})
	require.NoError(t, h.nodes[0].queue.SetQueueRules(t.Context(), c.ID, dispatch.QueueRules{Automatic: true}, ""))
	for _, a := range c.agents {
		require.NoError(t, h.nodes[0].queue.SetAgentWork(t.Context(), c.ID, a, work, ""))
	}
	return c
}

// arrive connects an agent to a node.
func (c *company) arrive(n *node, agents ...desk.AgentID) {
	for _, a := range agents {
		n.queue.Come(c.ID, a)
	}
}

// write is a customer's message through the real door.
func (c *company) write(t *testing.T, customer, text string) desk.ConversationID {
	t.Helper()
	got, err := c.nodes[len(c.nodes)-1].hub.Accept(t.Context(), c.Inbox.Inbox, channel.Envelope{
		ID: c.house.IDs.Other("m"), Kind: channel.MessageEvent, Seen: c.house.Clock.Now(),
		Peer:    channel.Peer{Scope: "user", External: customer, Verified: true},
		Message: &channel.Message{Content: desk.TextContent(text)}, Opens: []channel.Trigger{channel.OnMessage},
	})
	require.NoError(t, err)
	return got.ConversationID
}

func (c *company) now(t *testing.T, id desk.ConversationID) desk.Conversation {
	t.Helper()
	v, err := c.Store().Conversation(t.Context(), c.ID, id)
	require.NoError(t, err)
	return v
}

// Store is the first node's.
func (c *company) Store() *store.Store { return c.nodes[0].store }

// becomes waits until a conversation is as wanted.
func (c *company) becomes(t *testing.T, id desk.ConversationID, what string, is func(desk.Conversation) bool) desk.Conversation {
	t.Helper()
	var last desk.Conversation
	require.Eventually(t, func() bool { last = c.now(t, id); return is(last) }, 20*time.Second, 5*time.Millisecond,
		"%s never %s: %v", id, what, fmt.Sprintf("%+v", last))
	return last
}

func (c *company) gets(t *testing.T, id desk.ConversationID) desk.AgentID {
	t.Helper()
	return c.becomes(t, id, "assigned", func(v desk.Conversation) bool { return v.AssigneeID != "" }).AssigneeID
}

// signals collects what visitors are told by whichever node hands out.
func (h *house) signals(t *testing.T) <-chan bus.Signal {
	t.Helper()
	out := make(chan bus.Signal, 1000)
	for _, n := range h.nodes {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		done := make(chan error, 1)
		go func() {
			done <- n.bus.Signals(ctx, func(s bus.Signal) {
				if s.Kind == bus.Queue {
					out <- s
				}
			})
		}()
		t.Cleanup(func() {
			cancel()
			require.NoError(t, <-done)
		})
	}
	return out
}

var rangeAll = store.MessageRange{Limit: 100}

func (c *company) addTeam(t *testing.T, team desk.Team) {
	t.Helper()
	require.NoError(t, c.Store().Write(t.Context(), c.ID, func(ctx context.Context, tx *store.Tx) error { return tx.PutTeam(ctx, team) }))
}
