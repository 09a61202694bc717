package surfacetest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel/webchat"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/courier"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/profile"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/flow/search"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/flow/visitor"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
	"yingda.dev/internal/surface/files"
	"yingda.dev/internal/surface/realtime"
	"yingda.dev/internal/surface/rest"
	"yingda.dev/internal/surface/rpc"
)

// SetupCode registers the first company from another machine.
const SetupCode = "abcd-2345-wxyz"

// Password is every agent's.
const Password = "correct horse battery"

// Options change how a House is built; the zero value is the program's defaults.
type Options struct {
	// RPC, Realtime and Door are as in the program.
	RPC      rpc.Config
	Realtime realtime.Config
	Door     auth.DoorConfig
	// Empty leaves the two companies out.
	Empty bool
	// Roomy lifts the limits, for tests that are about something else.
	Roomy bool
	// Driver and Publisher, if set, stand between the store and its database and
	// between the feed and the socket, to look at what passes.
	Driver    func(store.Driver) store.Driver
	Publisher func(feed.Publisher) feed.Publisher
}

// House is a running installation behind a real HTTP server.
type House struct {
	*storetest.Env
	URL           string
	Audit         *audit.Book
	Workspace     *workspace.Service
	Conversations *conversation.Service
	Hub           *hub.Hub
	Feed          *feed.Feed
	Bus           *logbus.Bus
	Robots        *Robots
	Search        *search.Service
	Files         *attachment.Service
	Profiles      *profile.Service
	Courier       *courier.Service
	// Post takes the mails that the courier sends.
	Post *Post
	// FilesDir is the folder of attachments.
	FilesDir string
	Queue    *dispatch.Service
	Toolbox  *toolbox.Service
	Training *training.Service
	Library  *library.Service
	Review   *review.Service
	// Judged are the decisions of the bot that Review hears of.
	Judged   []review.Judged
	Visitors *visitor.Service
	BotBook  *bot.Book
	Bot      *bot.Service
	// Shelf is what the bot knows.
	Shelf     *Shelf
	RPC       *rpc.Server
	REST      *rest.Server
	Realtime  *realtime.Server
	Tokens    *auth.Visitors
	Metrics   *prometheus.Registry
	Scenarios *scenario.Service
	// Log is everything that was logged.
	Log *Log
	// Near and Far are two companies.
	Near, Far *Company
	// StopRealtime ends the socket server the way the program does.
	StopRealtime func()
}

// Company is an account with an inbox and an agent of each role.
type Company struct {
	*House
	ID            desk.AccountID
	Inbox         desk.Inbox
	Team          desk.Team
	Administrator desk.Agent
	Supervisor    desk.Agent
	Answerer      desk.Agent
}

// Start builds and runs a House until the test ends.
func Start(t testing.TB, o Options) *House {
	t.Helper()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
			sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
		require.NoError(t, err)
		if o.Driver != nil {
			return o.Driver(d), nil
		}
		return d, nil
	})
	h := &House{Env: env, Metrics: prometheus.NewRegistry(), Log: &Log{}}
	require.NoError(t, env.Store.Write(t.Context(), "", func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, "epoch-1") }))
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	log := slog.New(slog.NewTextHandler(h.Log, nil))
	rotator := h.buildFlows(master, keys, log)
	h.buildSurfaces(o, master, rotator, log)
	h.run(h.Bus.Run)
	publisher := feed.Publisher(h.Realtime)
	if o.Publisher != nil {
		publisher = o.Publisher(publisher)
	}
	h.run(func(ctx context.Context) error { return h.Feed.Run(ctx, publisher) })
	h.run(func(ctx context.Context) error { return h.Bus.Consume(ctx, h.Search.Consumer()) })
	h.run(h.Courier.Run)
	h.run(h.Training.Run)
	h.run(h.Bot.Run)
	h.run(func(ctx context.Context) error { return h.Bus.Consume(ctx, h.Bot.Consumer()) })
	h.StopRealtime = h.run(h.Realtime.Run)
	if !o.Empty {
		h.Near, h.Far = h.company("nearby", "近邻商城"), h.company("faraway", "Far Shop")
	}
	return h
}

func (h *House) buildFlows(master *seal.Master, keys *seal.Keyring, log *slog.Logger) *conversation.Rotator {
	passwords, err := auth.NewPasswords(auth.PasswordDeps{Random: rand.Reader}, auth.PasswordConfig{MemoryKiB: 1024, Passes: 1, Concurrent: 8})
	require.NoError(h, err)
	secrets, err := auth.NewSecrets(master.Derive("sessions and tokens"), rand.Reader)
	require.NoError(h, err)
	throttle, err := auth.NewThrottle(auth.ThrottleConfig{})
	require.NoError(h, err)
	h.Audit, err = audit.New(audit.Deps{Store: h.Store, Keys: keys, IDs: h.IDs})
	require.NoError(h, err)
	h.Workspace, err = workspace.New(workspace.Deps{
		Store: h.Store, Keys: keys, Emails: master, IDs: h.IDs, Clock: h.Clock,
		Passwords: passwords, Secrets: secrets, Throttle: throttle, Audit: h.Audit, Log: log,
	}, workspace.Config{SetupCode: SetupCode})
	require.NoError(h, err)
	h.Bus, err = logbus.New(logbus.Deps{
		Store: h.Store, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 }, Log: log, Metrics: h.Metrics,
	}, logbus.Config{})
	require.NoError(h, err)
	h.FilesDir = filepath.Join(h.TempDir(), "files")
	folder, err := dirblob.Open(h.FilesDir, "test")
	require.NoError(h, err)
	h.Files, err = attachment.New(attachment.Deps{
		Store: h.Store, Blobs: blob.New(folder, rand.Reader), Keys: keys, LinkKeys: master.DeriveEach("file links"), IDs: h.IDs, Clock: h.Clock, Log: log,
	}, attachment.Config{PerMinute: 1000})
	require.NoError(h, err)
	h.BotBook, h.Shelf = bot.NewBook(h.Store, h.Audit, h.Clock, log), &Shelf{}
	h.Conversations, err = conversation.New(conversation.Deps{
		Store: h.Store, Keys: keys, IDs: h.IDs, Routes: ownFeed{}, Files: h.Files, Log: log,
		Bots: h.BotBook,
	}, conversation.Config{})
	require.NoError(h, err)
	rotator, err := conversation.NewRotator(conversation.RotatorDeps{Store: h.Store, Keys: keys, IDs: h.IDs, Log: log, Holder: "test", Audit: h.Audit}, conversation.RotatorConfig{})
	require.NoError(h, err)
	h.Hub, err = hub.New(hub.Deps{Store: h.Store, Keys: keys, IDs: h.IDs, Conversations: receiver{h.Conversations}, Files: h.Files, Signals: h.Bus, Metrics: h.Metrics}, hub.Config{})
	require.NoError(h, err)
	h.Profiles, err = profile.New(profile.Deps{Store: h.Store, Keys: keys, IDs: h.IDs, Clock: h.Clock, Log: log})
	require.NoError(h, err)
	h.Post = &Post{}
	h.Courier, err = courier.New(courier.Deps{
		Store: h.Store, Keys: keys, IDs: h.IDs, Clock: h.Clock, Sender: h.Post, Conversations: h.Conversations, Directory: h.Workspace,
		Log: log, Metrics: h.Metrics, Holder: "test",
	}, courier.Config{})
	require.NoError(h, err)
	h.Search, err = search.New(search.Deps{Store: h.Store, Keys: keys, Contacts: h.Profiles, Log: log, Metrics: h.Metrics}, search.Config{})
	require.NoError(h, err)
	h.Toolbox, err = toolbox.New(toolbox.Deps{Store: h.Store, Keys: keys, IDs: h.IDs, Clock: h.Clock, Audit: h.Audit, Log: log})
	require.NoError(h, err)
	h.buildTraining(keys, log)
	h.Feed, err = feed.New(feed.Deps{Store: h.Store, Keys: keys, Bus: h.Bus, Directory: h.Workspace, Clock: h.Clock, Files: h.Files, Log: log, Metrics: h.Metrics}, feed.Config{})
	require.NoError(h, err)
	h.Robots = &Robots{}
	h.Queue, err = dispatch.New(dispatch.Deps{
		Store: h.Store, Keys: keys, Conversations: h.Conversations, Offices: h.Workspace, Bus: h.Bus, IDs: h.IDs, Clock: h.Clock,
		After: timer.Wall, Audit: h.Audit, Log: log, Metrics: h.Metrics, Node: "test",
		Robots: h.Robots,
	}, dispatch.Config{})
	require.NoError(h, err)
	h.Visitors, err = visitor.New(visitor.Deps{Store: h.Store, Keys: keys, Pages: h.Profiles, Signals: h.Bus, Clock: h.Clock, Log: log, Metrics: h.Metrics}, visitor.Config{})
	require.NoError(h, err)
	h.buildLibrary(keys, log)
	h.buildBot(keys, log)
	h.buildReview(keys, log)
	h.buildScenarios(keys, log)
	return rotator
}

func (h *House) buildSurfaces(o Options, master *seal.Master, rotator *conversation.Rotator, log *slog.Logger) {
	var err error
	h.Tokens, err = auth.NewVisitors(master.DeriveEach("visitor tokens"))
	require.NoError(h, err)
	if o.Roomy {
		wide := auth.LimiterConfig{Rate: 1e6, Burst: 1e6}
		o.Door = auth.DoorConfig{Visitor: wide, Address: wide, Opening: wide}
	}
	door, err := auth.NewDoor(o.Door)
	require.NoError(h, err)
	h.RPC, err = rpc.New(rpc.Deps{
		Channel:       webchat.Adapter{},
		Intake:        h.Hub,
		Conversations: h.Conversations,
		Feeds:         h.Feed,
		Visits:        h.Visitors,
		Offices:       h.Workspace,
		Queue:         h.Queue,
		Bot:           h.Bot,
		Files:         h.Files,
		Mails:         h.Courier,
		Tokens:        h.Tokens,
		Door:          door,
		IDs:           h.IDs,
		Clock:         h.Clock,
		Log:           log,
		Metrics:       h.Metrics,
	}, o.RPC)
	require.NoError(h, err)
	h.REST = rest.New(rest.Deps{
		Queue:         h.Queue,
		Bot:           h.Bot,
		Ratings:       h.Visitors,
		Audit:         h.Audit,
		Workspace:     h.Workspace,
		Conversations: h.Conversations,
		Rotator:       rotator,
		Search:        h.Search,
		Files:         h.Files,
		Toolbox:       h.Toolbox,
		Library:       h.Library,
		Review:        h.Review,
		Documents:     readHere{},
		Training:      h.Training,
		Scenarios:     h.Scenarios,
		DeadLetters:   h.Store,
		Positions:     h.Store,
		Machine:       thisMachine{},
		Profiles:      h.Profiles,
		Mails:         h.Courier,
		Feeds:         h.Feed,
		Bus:           h.Bus,
		Clock:         h.Clock,
		Log:           log,
		Addr:          address,
		Local:         func(r *http.Request) bool { return r.Header.Get("Test-Addr") == "" },
	}, rest.Config{Version: "test"})
	h.Realtime, err = realtime.New(realtime.Deps{
		Visitors: h.RPC, Agents: h.REST, Feeds: h.Feed, Log: log, Metrics: h.Metrics,
		Source: func(r *http.Request) realtime.From {
			return realtime.From{Addr: address(r), Origin: foreign(r), Header: r.Header}
		},
		Wall: time.Now,
	}, o.Realtime)
	require.NoError(h, err)
	mux := http.NewServeMux()
	mux.Handle("/rpc/v1", h.RPC.Handler(func(r *http.Request) rpc.Call { return rpc.Call{Addr: address(r), Origin: foreign(r)} }))
	mux.Handle("/rpc/v1/stream", h.Realtime.Stream())
	mux.Handle("/rpc/v1/attachments", h.RPC.Uploads(func(r *http.Request) rpc.Call { return rpc.Call{Addr: address(r), Origin: foreign(r)} }))
	mux.Handle(attachment.Path, files.New(h.Files, h.Clock, log))
	mux.Handle("/api/", h.REST)
	mux.Handle("/connection/websocket", h.Realtime)
	server := httptest.NewServer(mux)
	h.Cleanup(server.Close)
	h.URL = server.URL
}

// address is the client's; tests say whose they are with a header.
func address(r *http.Request) netip.Addr {
	if a, err := netip.ParseAddr(r.Header.Get("Test-Addr")); err == nil {
		return a
	}
	return netip.MustParseAddrPort(r.RemoteAddr).Addr()
}

// foreign is the Origin header if it is not the server's own.
func foreign(r *http.Request) string {
	origin := r.Header.Get("Origin")
	if origin == "http://"+r.Host {
		return ""
	}
	return origin
}

// run keeps a part alive until the test ends or stop is called.
func (h *House) run(part func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.Ctx))
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			require.NoError(h, <-done)
		})
	}
	h.Cleanup(stop)
	return stop
}

func (h *House) company(name, title string) *Company {
	ctx := context.WithoutCancel(h.Ctx)
	account, err := h.Workspace.CreateAccount(ctx, title, desk.Chinese)
	require.NoError(h, err)
	c := &Company{House: h, ID: account.ID}
	for _, a := range []struct {
		into *desk.Agent
		role desk.Role
	}{{&c.Administrator, desk.Administrator}, {&c.Supervisor, desk.Supervisor}, {&c.Answerer, desk.Answerer}} {
		*a.into, err = h.Workspace.CreateAgent(ctx, account.ID, workspace.NewAgent{
			Name: map[bool]string{true: "林", false: "周"}[name == "nearby"] + string(a.role), Email: string(a.role) + "@" + name + ".example", Password: Password, Role: a.role,
		})
		require.NoError(h, err)
	}
	c.Team, err = h.Workspace.SaveTeam(ctx, desk.Team{AccountID: account.ID, Name: "售后", Members: []desk.AgentID{c.Answerer.ID}})
	require.NoError(h, err)
	c.Inbox, err = h.Workspace.CreateInbox(ctx, account.ID, workspace.NewInbox{
		Channel: "webchat", Name: "网页", Key: "chk_" + name, Settings: desk.InboxSettings{Greeting: "您好", Primary: "#059669"},
	})
	require.NoError(h, err)
	return c
}

type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming(in))
}

type ownFeed struct{}

func (ownFeed) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) { return conversation.Route{Status: desk.Sent}, true }, nil
}

// Log keeps what was logged. It grows without bound, for a test's length.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write takes a line.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String is all lines so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Leaks is what goleak must not count: idle connections of the tests' HTTP
// client, a timer of centrifuge's metrics that its node never stops, and its
// workers that leave a room a second late.
func Leaks() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("github.com/FZambia/eagle.(*Eagle).aggregate"),
		goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge.(*Node).removeSubscription.func1"),
	}
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second
