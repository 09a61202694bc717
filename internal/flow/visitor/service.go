package visitor

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// pages keeps what contacts looked at and said of themselves.
type pages interface {
	RecordPages(ctx context.Context, account desk.AccountID, contact desk.ContactID, visits []desk.PageVisit) error
	Introduce(ctx context.Context, account desk.AccountID, contact desk.ContactID, says desk.Profile) error
}

// Introduce fills what is not known of a contact with what they said in a form.
func (s *Service) Introduce(ctx context.Context, account desk.AccountID, contact desk.ContactID, says desk.Profile) error {
	if s.deps.Pages == nil {
		return nil
	}
	return s.deps.Pages.Introduce(ctx, account, contact, says)
}

// signals is the ephemeral lane of the bus.
type signals interface {
	Signal(ctx context.Context, s bus.Signal)
}

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	// Pages may be nil: then contacts' pages are told and not kept.
	Pages   pages
	Signals signals
	Clock   desk.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// MaxStrangers bounds how many visitors who have not written have their pages
	// kept in memory. Default 20,000.
	MaxStrangers int
}

// Service keeps ratings and pages. Build it with New.
type Service struct {
	deps   Deps
	trails *trails
	visits *prometheus.CounterVec
}

// New builds a Service. A missing collaborator or a metric that is registered
// already is an error.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.Signals == nil || d.Clock == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, "build visitor service", "a required part is missing")
	}
	if c.MaxStrangers <= 0 {
		c.MaxStrangers = maxStrangers
	}
	s := &Service{deps: d, trails: newTrails(c.MaxStrangers), visits: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yingda_visitor_events_total", Help: "What visitors did on pages, by kind.",
	}, []string{"kind"})}
	strangers := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "yingda_visitor_strangers", Help: "Visitors without a message whose pages are in memory.",
	}, func() float64 { return float64(s.Strangers()) })
	if err := errors.Join(d.Metrics.Register(s.visits), d.Metrics.Register(strangers)); err != nil {
		return nil, desk.Wrap(desk.Internal, "build visitor service", err)
	}
	return s, nil
}

// Visit keeps what a visitor did on pages. key names the visitor while contact
// is empty, because they have not written; agents hear of a contact's pages
// as they open them.
func (s *Service) Visit(ctx context.Context, account desk.AccountID, key string, contact desk.ContactID, visits []desk.PageVisit) error {
	if len(visits) == 0 {
		return nil
	}
	for _, v := range visits {
		s.visits.WithLabelValues(string(v.Kind)).Inc()
	}
	if contact == "" {
		s.trails.add(key, visits, s.deps.Clock.Now())
		return nil
	}
	if err := s.record(ctx, account, contact, visits); err != nil {
		return err
	}
	s.tell(ctx, account, contact, visits)
	return nil
}

// Known hands over what was kept of a visitor before they became a contact. A
// failure is told to the log: the message that made them known stands.
func (s *Service) Known(ctx context.Context, account desk.AccountID, key string, contact desk.ContactID) {
	visits := s.trails.take(key, s.deps.Clock.Now())
	if len(visits) == 0 {
		return
	}
	if err := s.record(ctx, account, contact, visits); err != nil {
		s.deps.Log.WarnContext(ctx, "pages of a new contact were not kept", "error", err)
		return
	}
	s.tell(ctx, account, contact, visits)
}

func (s *Service) record(ctx context.Context, account desk.AccountID, contact desk.ContactID, visits []desk.PageVisit) error {
	if s.deps.Pages == nil {
		return nil
	}
	return s.deps.Pages.RecordPages(ctx, account, contact, visits)
}

// Forget drops what was kept in memory of a visitor who does not want it.
func (s *Service) Forget(key string) { s.trails.take(key, s.deps.Clock.Now()) }

// Strangers is how many visitors without a message have pages in memory.
func (s *Service) Strangers() int { return s.trails.len() }

// tell signals the newest page to the agents of the contact's conversation.
func (s *Service) tell(ctx context.Context, account desk.AccountID, contact desk.ContactID, visits []desk.PageVisit) {
	for _, v := range slices.Backward(visits) {

		if v.Kind != desk.VisitPage {
			continue
		}
		live, err := s.deps.Store.LiveConversation(ctx, account, contact, "")
		if err != nil {
			return // nobody is talking to them, so nobody is waiting to hear
		}
		s.deps.Signals.Signal(ctx, bus.Signal{
			AccountID: account, ConversationID: live, ContactID: contact, Kind: bus.Page,
			By: desk.Author{Kind: desk.ByVisitor, ID: string(contact)}, On: true, URL: v.URL, Title: v.Title, At: v.At,
		})
		return
	}
}
