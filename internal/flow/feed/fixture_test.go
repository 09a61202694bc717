package feed_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const epoch = "epoch-1"

// house is the way of a message from the hub to the feed, on a real database.
type house struct {
	*storetest.Env
	keys      *seal.Keyring
	bus       *logbus.Bus
	hub       *hub.Hub
	talks     *conversation.Service
	feed      *feed.Feed
	directory *directory
	air       *air
}

func open(t *testing.T, config feed.Config) *house {
	t.Helper()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: quiet()}, sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	require.NoError(t, env.Store.Write(t.Context(), "", func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, epoch) }))
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	h := &house{
		Env: env, directory: &directory{denied: map[desk.AgentID]bool{}}, air: &air{receivers: map[string]func([]byte){}},
		keys: seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader}),
	}
	h.bus, err = logbus.New(logbus.Deps{
		Store: env.Store, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 },
		Log: quiet(), Metrics: prometheus.NewRegistry(),
	}, logbus.Config{})
	require.NoError(t, err)
	h.talks, err = conversation.New(conversation.Deps{Store: env.Store, Keys: h.keys, IDs: env.IDs, Routes: ownFeed{}, Log: quiet()}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{
		Store: env.Store, Keys: h.keys, IDs: env.IDs, Conversations: receiver{h.talks}, Signals: h.bus, Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	h.feed, err = feed.New(feed.Deps{
		Store: env.Store, Keys: h.keys, Bus: h.bus, Directory: h.directory, Clock: env.Clock, Log: quiet(), Metrics: prometheus.NewRegistry(),
	}, config)
	require.NoError(t, err)
	run(t, h.bus.Run)
	run(t, func(ctx context.Context) error { return h.feed.Run(ctx, h.air) })
	return h
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// run keeps a part alive until the test ends.
func run(t *testing.T, part func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
}

type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming{
		Inbox: in.Inbox, Keys: in.Keys, MessageID: in.MessageID, Content: in.Content,
		ClientID: in.ClientID, SentAt: in.SentAt, Profile: in.Profile,
	})
}

type ownFeed struct{}

func (ownFeed) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) { return conversation.Route{Status: desk.Sent}, true }, nil
}

// directory permits every agent but those denied, and fails when told to.
type directory struct {
	mu     sync.Mutex
	denied map[desk.AgentID]bool
	// sights are narrower than everything.
	sights map[desk.AgentID]desk.Sight
	// fail is how many questions about permissions go unanswered.
	fail int
}

func (d *directory) AgentName(context.Context, desk.AccountID, desk.AgentID) string {
	return "林小满"
}

func (d *directory) AgentSight(_ context.Context, _ desk.AccountID, id desk.AgentID) (desk.Sight, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail > 0 {
		d.fail--
		return desk.Sight{}, desk.E(desk.Unavailable, "find agent", "")
	}
	if d.denied[id] {
		return desk.Sight{}, nil
	}
	if s, ok := d.sights[id]; ok {
		return s, nil
	}
	return desk.SeesAll(), nil
}

// air carries pushes to whoever listens on a channel.
type air struct {
	mu        sync.Mutex
	receivers map[string]func([]byte)
}

func (a *air) Publish(channel string, data []byte) error {
	a.mu.Lock()
	receive := a.receivers[channel]
	a.mu.Unlock()
	if receive == nil {
		return desk.E(desk.Unavailable, "publish", "")
	}
	receive(data)
	return nil
}

func (a *air) listen(channel string, receive func([]byte)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if receive == nil {
		delete(a.receivers, channel)
		return
	}
	a.receivers[channel] = receive
}

type company struct {
	*house
	id    desk.AccountID
	inbox desk.Inbox
	agent conversation.Actor
}

func (h *house) company() *company {
	h.Helper()
	c := &company{house: h, id: h.IDs.Account()}
	c.inbox = desk.Inbox{ID: h.IDs.Inbox(), AccountID: c.id, Channel: "webchat", Name: "商城", Key: h.IDs.Other("chk"), Enabled: true}
	c.agent = conversation.Actor{Account: c.id, Agent: h.IDs.Agent(), Sight: desk.SeesAll()}
	require.NoError(h, h.Store.Write(context.WithoutCancel(h.Ctx), c.id, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, desk.Account{ID: c.id, Name: "应答", Locale: desk.Chinese}); err != nil {
			return err
		}
		return tx.PutInbox(ctx, store.Inbox{Inbox: c.inbox})
	}))
	return c
}

func (c *company) says(customer, key, text string) hub.Accepted {
	c.Helper()
	a, err := c.hub.Accept(c.Ctx, c.inbox, channel.Envelope{
		ID: key, Kind: channel.MessageEvent, Peer: channel.Peer{Scope: "user", External: customer, Verified: true},
		Message: &channel.Message{Content: desk.TextContent(text)},
	})
	require.NoError(c, err)
	return a
}

func (c *company) reply(id desk.ConversationID, text string) {
	c.Helper()
	_, err := c.talks.Reply(c.Ctx, conversation.ReplyCommand{Actor: c.agent, ConversationID: id, Content: desk.TextContent(text)})
	require.NoError(c, err)
}

func (c *company) note(id desk.ConversationID, text string) {
	c.Helper()
	_, err := c.talks.Note(c.Ctx, conversation.NoteCommand{Actor: c.agent, ConversationID: id, Text: text})
	require.NoError(c, err)
}

func (c *company) agents() feed.Audience {
	return feed.Audience{Account: c.id, Agent: c.agent.Agent}
}
