package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/sentiment"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// ConsumerName is the durable name of the bot on the bus.
const ConsumerName = "bot"

// Deps are the service's collaborators. Knowledge, Mind, Flows and Learner may
// be nil: the bot then does without.
type Deps struct {
	Store     *store.Store
	Keys      *seal.Keyring
	IDs       *desk.IDs
	Clock     desk.Clock
	After     timer.After
	Bus       lane
	Book      *Book
	Talks     talks
	Queue     queue
	Offices   offices
	Knowledge Knowledge
	Mind      Mind
	Flows     Flows
	Learner   Learner
	Log       *slog.Logger
	Metrics   prometheus.Registerer
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// Workers is how many turns are taken at once. Default 4.
	Workers int
	// MaxTurns bounds how many conversations wait for their turn in memory; what
	// is beyond is left to the timer. Default 10,000.
	MaxTurns int
	// GiveUp is how long after a customer's message a turn that does not succeed
	// is given up and people are asked. Default 25 s.
	GiveUp time.Duration
	// Overload says when understanding is given up.
	Overload Overload
}

// Service is the bot. Build it with New.
type Service struct {
	deps   Deps
	config Config
	judge  *sentiment.Judge
	table  *table
	load   *load
	trends trends

	turns   *prometheus.CounterVec
	seconds prometheus.Histogram
	parked  prometheus.Counter
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	const op = "build bot"
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Bus == nil || d.Book == nil || d.Talks == nil ||
		d.Queue == nil || d.Offices == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, op, "a required part is missing")
	}
	if c.Workers <= 0 {
		c.Workers = 4
	}
	if c.MaxTurns <= 0 {
		c.MaxTurns = 10_000
	}
	if c.GiveUp <= 0 {
		c.GiveUp = 25 * time.Second
	}
	judge, err := sentiment.New()
	if err != nil {
		return nil, err
	}
	s := &Service{
		deps: d, config: c, judge: judge, table: newTable(c.MaxTurns), load: newLoad(c.Overload, d.Clock),
		turns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_bot_turns_total", Help: "Turns of the bot, by what it did.",
		}, []string{"kind"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_bot_turn_seconds", Help: "How long a turn takes from when it is begun to its commit.",
			Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5},
		}),
		parked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yingda_bot_left_to_timer_total", Help: "Messages that did not fit into the bot's table and were left to their timer.",
		}),
	}
	level := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "yingda_bot_effort", Help: "0: everything, 1: without the network, 2: plain search only.",
	}, func() float64 { return float64(s.load.effort()) })
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "yingda_bot_waiting_turns", Help: "Conversations that wait for the bot's turn.",
	}, func() float64 { return float64(s.table.len()) })
	return s, desk.Wrap(desk.Internal, op, errors.Join(
		d.Metrics.Register(s.turns), d.Metrics.Register(s.seconds), d.Metrics.Register(s.parked), d.Metrics.Register(level), d.Metrics.Register(waiting),
	))
}

// Run takes turns until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.deps.Book.run(ctx, s.deps.Bus, s.pause) })
	g.Go(func() error { s.keepTime(ctx); return nil })
	for range s.config.Workers {
		g.Go(func() error { s.work(ctx); return nil })
	}
	return g.Wait()
}

func (s *Service) pause(ctx context.Context, d time.Duration) bool {
	fired, stop := s.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case <-fired:
		return true
	}
}

// Consumer hears what customers write to the bot, and what becomes of their
// conversations.
func (s *Service) Consumer() bus.Consumer {
	return bus.Consumer{
		Name: ConsumerName, Linger: time.Millisecond,
		Wants: func(e *desk.Event) bool {
			switch f := e.Fact.(type) {
			case desk.MessageReceived:
				return e.State != nil && e.State.Status == desk.Pending
			case desk.StatusChanged:
				return f.From == desk.Pending
			}
			return false
		},
		Handle: s.hear,
	}
}

func (s *Service) hear(ctx context.Context, events []desk.Event) (bus.Effects, error) {
	var left []desk.Event
	for _, e := range events {
		switch f := e.Fact.(type) {
		case desk.MessageReceived:
			keys, err := s.deps.Keys.Account(ctx, e.AccountID)
			if err != nil {
				return nil, err
			}
			content, err := open(keys, e.ConversationID, f.MessageFact)
			if err != nil {
				return nil, err
			}
			if !s.table.hear(e, fragment{seq: f.Seq, at: e.At, content: content}) {
				s.parked.Inc()
			}
		case desk.StatusChanged:
			s.table.drop(e.ConversationID)
			left = append(left, e)
		}
	}
	if len(left) == 0 {
		return nil, nil //nolint:nilnil // nothing to write is no error
	}
	return func(ctx context.Context, tx *store.Tx) error {
		for _, e := range left {
			outcome := "taken_over"
			switch f, _ := e.Fact.(desk.StatusChanged); {
			case f.To == desk.Resolved:
				outcome = "resolved"
			case f.Reason == desk.ReasonHandedOver:
				outcome = "handed_over"
			}
			if err := tx.SettleBotDecisions(ctx, e.AccountID, e.ConversationID, outcome); err != nil {
				return err
			}
			if err := tx.OvertakeBotDrafts(ctx, e.AccountID, e.ConversationID); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func open(keys *seal.AccountKeys, id desk.ConversationID, f desk.MessageFact) (c desk.Content, err error) {
	plain, err := keys.Open(seal.Place{Owner: string(id), Table: "message", Row: string(f.MessageID), Column: "body"}, f.Body)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	return c, desk.Wrap(desk.Internal, "open message", err)
}
