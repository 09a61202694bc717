package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// Audience is whose feed it is: an agent's or a contact's; exactly one of the
// two is set.
type Audience struct {
	Account desk.AccountID
	Agent   desk.AgentID
	Contact desk.ContactID
}

// Channel is the name of the feed's channel on the realtime connection.
func (a Audience) Channel() string {
	if a.Agent != "" {
		return "agent:" + string(a.Agent)
	}
	return "contact:" + string(a.Contact)
}

func (a Audience) check() error {
	if a.Account == "" || (a.Agent == "") == (a.Contact == "") {
		return desk.E(desk.Internal, "read feed", "")
	}
	return nil
}

// Publisher hands data to the connections of this process that are subscribed
// to a channel. It does not block and keeps data no longer than the call. An
// error means that nobody may have got it.
type Publisher interface {
	Publish(channel string, data []byte) error
}

// rejoiner is a Publisher that can send the connections of a channel round
// once more: they come back and find out anew whose they are.
type rejoiner interface {
	Rejoin(channel string)
}

// directory knows agents without asking the database each time.
type directory interface {
	AgentName(ctx context.Context, account desk.AccountID, id desk.AgentID) string
	// AgentSight is which conversations an agent may see at this moment: none for
	// one who may not read conversations.
	AgentSight(ctx context.Context, account desk.AccountID, id desk.AgentID) (desk.Sight, error)
}

// Deps are the feed's required collaborators.
type Deps struct {
	Store     *store.Store
	Keys      *seal.Keyring
	Bus       bus.Bus
	Directory directory
	Clock     desk.Clock
	// Files may be nil: then files have no addresses.
	Files   signer
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// signer gives the files of a content their addresses, in place; package
// attachment implements it.
type signer interface {
	Sign(account desk.AccountID, c *desk.Content)
}

// Config tunes a Feed. Its zero value is the default.
type Config struct {
	// MaxReplay is how many events an agent may have missed and still get them
	// one by one. Default 5,000.
	MaxReplay int
	// MaxVisitorReplay is how many events of the account a visitor's replay looks
	// through. A visitor has one conversation, which is soon loaded anew.
	// Default 1,000.
	MaxVisitorReplay int
}

// Feed renders, pushes and replays events. Build it with New.
type Feed struct {
	deps   Deps
	config Config

	pushes *prometheus.CounterVec
	gaps   prometheus.Counter

	// ready is closed when Run knows where it begins, stopped when Run has ended.
	ready, stopped chan struct{}

	// epoch is set once, before ready is closed.
	epoch string

	// viewers are the agents who have a conversation open; only the goroutine of
	// the signals uses it.
	viewers map[viewed]map[desk.AgentID]viewer

	mu sync.Mutex
	// pos is the position up to which events have been handed to the chains.
	pos      int64
	accounts map[desk.AccountID]*account
	attached int
}

// account holds the attached feeds of one account.
type account struct {
	agents   map[desk.AgentID]*chain
	contacts map[desk.ContactID]*chain
}

// chain is one attached feed.
type chain struct {
	audience Audience
	channel  string
	// refs counts the attachments; the last one to go takes the chain with it.
	refs int
	// prev is the position of the newest event, or that of the follower when the
	// chain began. Only the follower changes it afterwards.
	prev int64
	// wake is closed at the next event, if somebody waits for one; guarded by Feed.mu.
	wake chan struct{}
}

// New builds a Feed. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Feed, error) {
	if d.Store == nil || d.Keys == nil || d.Bus == nil || d.Directory == nil || d.Clock == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, "build feed", "a required part is missing")
	}
	if c.MaxReplay <= 0 {
		c.MaxReplay = 5_000
	}
	if c.MaxVisitorReplay <= 0 {
		c.MaxVisitorReplay = 1_000
	}
	f := &Feed{
		deps: d, config: c, ready: make(chan struct{}), stopped: make(chan struct{}),
		accounts: make(map[desk.AccountID]*account), viewers: make(map[viewed]map[desk.AgentID]viewer),
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_feed_pushes_total", Help: "Events pushed to attached feeds, by audience.",
		}, []string{"audience"}),
		gaps: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yingda_feed_gaps_total", Help: "Events that could not be pushed and must be fetched.",
		}),
	}
	attached := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "yingda_feed_attached_feeds", Help: "Feeds with at least one connection to this process.",
	}, func() float64 {
		f.mu.Lock()
		defer f.mu.Unlock()
		return float64(f.attached)
	})
	for _, m := range []prometheus.Collector{f.pushes, f.gaps, attached} {
		if err := d.Metrics.Register(m); err != nil {
			return nil, desk.Wrap(desk.Internal, "build feed", err)
		}
	}
	return f, nil
}

// Run follows the log and pushes through p until ctx ends, then returns nil.
// It is called once.
func (f *Feed) Run(ctx context.Context, p Publisher) error {
	defer close(f.stopped)
	epoch, err := f.deps.Store.Epoch(ctx)
	if err != nil && !errors.Is(err, desk.NotFound) {
		return unlessEnded(ctx, err)
	}
	f.epoch = epoch
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.follow(ctx, p) })
	g.Go(func() error {
		return f.deps.Bus.Signals(ctx, func(s bus.Signal) { f.signal(ctx, p, s) })
	})
	return g.Wait()
}

// follow begins again, with a gap for everybody, when it fell behind the log.
func (f *Feed) follow(ctx context.Context, p Publisher) error {
	for {
		head, err := f.deps.Store.Head(ctx)
		if err != nil {
			return unlessEnded(ctx, err)
		}
		f.begin(p, head)
		err = f.deps.Bus.Follow(ctx, head, func(events []desk.Event) {
			for _, e := range events {
				f.push(ctx, p, e)
			}
		})
		if ctx.Err() != nil || !errors.Is(err, desk.NotFound) {
			return unlessEnded(ctx, err)
		}
		f.deps.Log.WarnContext(ctx, "feed fell behind the event log and starts again", "error", err)
	}
}

// unlessEnded drops errors that only say that ctx has ended.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = nil
	}
	return err
}

// begin sets where following starts; feeds attached before learn of the gap.
func (f *Feed) begin(p Publisher, head int64) {
	f.mu.Lock()
	f.pos = head
	chains := f.all()
	f.mu.Unlock()
	for _, c := range chains {
		f.gap(p, c, head)
	}
	select {
	case <-f.ready:
	default:
		close(f.ready)
	}
}

func (f *Feed) all() []*chain {
	var chains []*chain
	for _, a := range f.accounts {
		for _, c := range a.agents {
			chains = append(chains, c)
		}
		for _, c := range a.contacts {
			chains = append(chains, c)
		}
	}
	return chains
}

// Attach begins a feed for a connection and returns where it stands: every
// later event is pushed. Each Attach needs a Detach. Denied if the agent may
// not read conversations; Unavailable before and after Run.
func (f *Feed) Attach(ctx context.Context, a Audience) (wire.Position, error) {
	if err := f.permit(ctx, a); err != nil {
		return wire.Position{}, err
	}
	if err := f.wait(ctx); err != nil {
		return wire.Position{}, err
	}
	_, pos := f.attach(a)
	return pos, nil
}

// Position is where all feeds stand: whoever loads lists and messages after
// asking, and fetches from here, misses nothing. Unavailable before Run.
func (f *Feed) Position(ctx context.Context) (wire.Position, error) {
	if err := f.wait(ctx); err != nil {
		return wire.Position{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return wire.Position{Epoch: f.epoch, Seq: f.pos}, nil
}

// Attended tells whether somebody of the account is connected to this process.
func (f *Feed) Attended(account desk.AccountID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.accounts[account]
	return a != nil && len(a.agents) > 0
}

func (f *Feed) wait(ctx context.Context) error {
	select {
	case <-f.ready:
	case <-f.stopped:
		return desk.E(desk.Unavailable, "read feed", "the server is stopping")
	case <-ctx.Done():
		return desk.Wrap(desk.Unavailable, "read feed", ctx.Err())
	}
	return nil
}

func (f *Feed) attach(a Audience) (*chain, wire.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	feeds := f.accounts[a.Account]
	if feeds == nil {
		feeds = &account{agents: make(map[desk.AgentID]*chain), contacts: make(map[desk.ContactID]*chain)}
		f.accounts[a.Account] = feeds
	}
	c := feeds.agents[a.Agent]
	if a.Contact != "" {
		c = feeds.contacts[a.Contact]
	}
	if c == nil {
		c = &chain{audience: a, channel: a.Channel(), prev: f.pos}
		f.attached++
		if a.Contact != "" {
			feeds.contacts[a.Contact] = c
		} else {
			feeds.agents[a.Agent] = c
		}
	}
	c.refs++
	return c, wire.Position{Epoch: f.epoch, Seq: f.pos}
}

// Detach ends what Attach began.
func (f *Feed) Detach(a Audience) {
	f.mu.Lock()
	defer f.mu.Unlock()
	feeds := f.accounts[a.Account]
	if feeds == nil {
		return
	}
	c := feeds.agents[a.Agent]
	if a.Contact != "" {
		c = feeds.contacts[a.Contact]
	}
	if c == nil {
		return
	}
	if c.refs--; c.refs > 0 {
		return
	}
	f.attached--
	delete(feeds.agents, a.Agent)
	if a.Contact != "" {
		delete(feeds.contacts, a.Contact)
	}
	if len(feeds.agents)+len(feeds.contacts) == 0 {
		delete(f.accounts, a.Account)
	}
}

// permit refuses agents who may not read conversations (any more).
func (f *Feed) permit(ctx context.Context, a Audience) error {
	if err := a.check(); err != nil {
		return err
	}
	if a.Agent == "" {
		return nil
	}
	sight, err := f.deps.Directory.AgentSight(ctx, a.Account, a.Agent)
	if err != nil {
		return err
	}
	if sight.Reach == "" {
		return desk.E(desk.Denied, "read feed", "this needs the permission "+string(auth.ConversationsRead))
	}
	return nil
}
