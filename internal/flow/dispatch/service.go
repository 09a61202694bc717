package dispatch

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// conversations is the one writer of conversations.
type conversations interface {
	// Hand is a Conflict unless the conversation is open and nobody's.
	Hand(context.Context, desk.Handing) (desk.Conversation, error)
	// Release does nothing if the conversation is not open or not From's.
	Release(context.Context, desk.Releasing) (desk.Conversation, error)
	Escalate(context.Context, desk.Escalation) (desk.Conversation, error)
	// Notice tells the customer something once per key.
	Notice(ctx context.Context, account desk.AccountID, id desk.ConversationID, key, text string) error
}

// offices knows inboxes.
type offices interface {
	InboxLookup(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error)
}

// Deps are the service's required collaborators.
type Deps struct {
	Store         *store.Store
	Keys          *seal.Keyring
	Conversations conversations
	Offices       offices
	Bus           bus.Bus
	IDs           *desk.IDs
	Clock         desk.Clock
	After         timer.After
	Audit         *audit.Book
	// Robots may be nil: then nothing is said in groups.
	Robots  robots
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Node names this process among those of the installation.
	Node string
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// LeaseLife is how long after its death another node takes a dispatcher's
	// place. Default 6 s.
	LeaseLife time.Duration
	// LinkLife is how long after its death a node's agents count as connected.
	// Default 45 s.
	LinkLife time.Duration
	// Grace is how long an agent who lost the connection counts as there: a
	// reload takes a second, a tunnel twenty. Default 20 s.
	Grace time.Duration
	// Retry is how soon something that failed is looked at again. Default 2 s.
	Retry time.Duration
	// Hands is how many conversations are handed out at once, Looks how many
	// accounts are looked at. Defaults 32 and 8.
	Hands, Looks int
	// Calm is how long an account whose agents claim by hand is left alone after
	// each look: alerts may come that much later. Default 1 s.
	Calm time.Duration
}

// Service is the queue. Build it with New.
type Service struct {
	deps   Deps
	config Config

	links links
	board *board

	handed    *prometheus.CounterVec
	decisions prometheus.Histogram
	waiting   prometheus.Gauge
	leader    prometheus.Gauge
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.Conversations == nil || d.Offices == nil || d.Bus == nil || d.IDs == nil ||
		d.Clock == nil || d.After == nil || d.Audit == nil || d.Log == nil || d.Metrics == nil || d.Node == "" {
		return nil, desk.E(desk.Invalid, "build dispatch", "a required part is missing")
	}
	for _, v := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&c.LeaseLife, 6 * time.Second}, {&c.LinkLife, 45 * time.Second}, {&c.Grace, 20 * time.Second}, {&c.Retry, 2 * time.Second}, {&c.Calm, time.Second}} {
		if *v.value <= 0 {
			*v.value = v.usual
		}
	}
	if c.Hands <= 0 {
		c.Hands = 32
	}
	if c.Looks <= 0 {
		c.Looks = 8
	}
	s := &Service{
		deps: d, config: c, links: links{open: make(map[link]*linkState), wake: make(chan struct{}, 1)}, board: newBoard(),
		handed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_dispatch_decisions_total", Help: "Conversations given or taken, by what came of it.",
		}, []string{"outcome"}),
		decisions: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_dispatch_wait_seconds", Help: "How long conversations waited until they were given to somebody.",
			Buckets: []float64{0.01, 0.05, 0.25, 1, 5, 15, 60, 180, 600, 1800, 7200},
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yingda_dispatch_waiting_conversations", Help: "Conversations that wait for a person, as far as this node hands out.",
		}),
		leader: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yingda_dispatch_leader", Help: "1 on the node that hands out.",
		}),
	}
	for _, m := range []prometheus.Collector{s.handed, s.decisions, s.waiting, s.leader} {
		if err := d.Metrics.Register(m); err != nil {
			return nil, desk.Wrap(desk.Internal, "build dispatch", err)
		}
	}
	return s, nil
}

// Run hands out while this node holds the lease, and keeps the connections of
// this node's agents alive, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.keepLinks(ctx); return nil })
	g.Go(func() error { s.lead(ctx); return nil })
	return g.Wait()
}

// wait sleeps for d; false when ctx has ended.
func (s *Service) wait(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	fired, stop := s.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case <-fired:
	case <-wake:
	}
	return ctx.Err() == nil
}
