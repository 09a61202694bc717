package courier

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/mail"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// sender hands a mail to a server; package mail implements it.
type sender interface {
	Send(ctx context.Context, m mail.Message) error
}

// conversations reads what was said; package conversation implements it.
type conversations interface {
	Messages(ctx context.Context, account desk.AccountID, id desk.ConversationID, r store.MessageRange) ([]desk.Message, bool, error)
}

// directory names colleagues and companies; package workspace implements it.
type directory interface {
	AgentName(ctx context.Context, account desk.AccountID, id desk.AgentID) string
	Account(ctx context.Context, id desk.AccountID) (desk.Account, error)
}

// Deps are the service's required collaborators, but for Sender.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	IDs   *desk.IDs
	Clock desk.Clock
	// Sender is nil where no mail server is configured.
	Sender        sender
	Conversations conversations
	Directory     directory
	Log           *slog.Logger
	Metrics       prometheus.Registerer
	// Holder names this process among those that share the database.
	Holder string
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// Look is how often due mails are looked for. Default 15 s.
	Look time.Duration
	// Retries are the waits after each failed try; after the last the mail is
	// put aside. Default 1 min, 5 min, 30 min, 2 h, 6 h, 12 h.
	Retries []time.Duration
}

// deadLife is how long mails that were put aside are kept.
const deadLife = 30 * 24 * time.Hour

// Service is the courier. Build it with New.
type Service struct {
	deps     Deps
	config   Config
	contacts *auth.Limiter
	inboxes  *auth.Limiter
	tries    *prometheus.CounterVec
	// wake holds one signal: look for work now. A full channel loses nothing.
	wake chan struct{}
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Clock == nil || d.Conversations == nil || d.Directory == nil || d.Log == nil ||
		d.Metrics == nil || d.Holder == "" {
		return nil, desk.E(desk.Invalid, "build courier", "a required part is missing")
	}
	if c.Look <= 0 {
		c.Look = 15 * time.Second
	}
	if c.Retries == nil {
		c.Retries = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour}
	}
	// Three an hour from one contact, and as many to one address whoever asks.
	limit := auth.LimiterConfig{Rate: 3.0 / 3600, Burst: 3}
	contacts, err1 := auth.NewLimiter(limit)
	inboxes, err2 := auth.NewLimiter(limit)
	s := &Service{
		deps: d, config: c, contacts: contacts, inboxes: inboxes, wake: make(chan struct{}, 1),
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_courier_mails_total", Help: "Tries to hand a mail to the server, by kind and result.",
		}, []string{"kind", "result"}),
	}
	return s, errors.Join(err1, err2, desk.Wrap(desk.Internal, "build courier", d.Metrics.Register(s.tries)))
}

// Enabled reports whether mails can be sent.
func (s *Service) Enabled() bool { return s.deps.Sender != nil }

// letter is a mail as it is sealed.
type letter struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// place is where a mail is sealed for.
func place(id string) seal.Place {
	return seal.Place{Owner: id, Table: "mail", Row: id, Column: "body"}
}

func (s *Service) queue(ctx context.Context, account desk.AccountID, kind string, l letter) error {
	const op = "queue mail"
	if !s.Enabled() {
		return desk.E(desk.Unsupported, op, "no mail server is configured here")
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	plain, err := json.Marshal(l)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	m := store.Mail{ID: s.deps.IDs.Other("mal"), AccountID: account, Kind: kind}
	m.Body = keys.Seal(place(m.ID), plain)
	err = s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		row := m
		row.Due, row.CreatedAt = tx.Now(), tx.Now()
		return tx.InsertMail(ctx, row)
	})
	if err == nil {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return err
}

// Run sends mails until ctx ends, and returns nil then.
func (s *Service) Run(ctx context.Context) error {
	if !s.Enabled() {
		<-ctx.Done()
		return nil
	}
	look := time.NewTicker(s.config.Look)
	defer look.Stop()
	for {
		if err := s.work(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "mails wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-look.C:
		}
	}
}

const (
	// handful is how many mails are taken at once; claim is longer than sending
	// them takes at most.
	handful = 5
	claim   = 5 * time.Minute
)

func (s *Service) work(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := s.deps.Store.DueMails(ctx, s.deps.Holder, s.deps.Clock.Now(), handful, claim)
		if err != nil {
			return err
		}
		for _, m := range due {
			if err := s.send(ctx, m); err != nil {
				return err
			}
		}
		if len(due) < handful {
			return nil
		}
	}
	return nil
}

// send tries one mail and notes what came of it. An error is the database's.
func (s *Service) send(ctx context.Context, m store.Mail) error {
	reason, failure := "", s.try(ctx, m)
	result := "sent"
	switch kind := desk.KindOf(failure); {
	case failure == nil:
	case ctx.Err() != nil:
		return ctx.Err() // stopping; it is due again when the claim ends
	case kind == desk.Invalid:
		reason, result = "refused", "refused"
	case kind == desk.Internal:
		reason, result = "unreadable", "refused"
	default:
		reason, result = "unreachable", "failed"
	}
	s.tries.WithLabelValues(m.Kind, result).Inc()
	return s.deps.Store.Write(ctx, m.AccountID, func(ctx context.Context, tx *store.Tx) error {
		if failure == nil {
			return ours(tx.DeleteMail(ctx, m))
		}
		next := m
		next.Attempts++
		next.Error = reason
		if result == "refused" || int(next.Attempts) > len(s.config.Retries) {
			next.Dead = true
			s.deps.Log.WarnContext(ctx, "a mail was put aside", "mail_id", m.ID, "kind", m.Kind, "reason", reason)
		} else {
			next.Due = tx.Now().Add(s.config.Retries[next.Attempts-1])
		}
		return ours(tx.UpdateMail(ctx, next))
	})
}

// ours forgives that another node has the mail by now.
func ours(err error) error {
	if errors.Is(err, desk.Conflict) {
		return nil
	}
	return err
}

func (s *Service) try(ctx context.Context, m store.Mail) error {
	keys, err := s.deps.Keys.Account(ctx, m.AccountID)
	if err != nil {
		return desk.Wrap(desk.Unavailable, "open mail", err)
	}
	var l letter
	plain, err := keys.Open(place(m.ID), m.Body)
	if err == nil {
		err = json.Unmarshal(plain, &l)
	}
	if err != nil {
		return desk.Wrap(desk.Internal, "open mail", err)
	}
	return s.deps.Sender.Send(ctx, mail.Message{ID: m.ID, To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML, At: m.CreatedAt})
}

// Mail is one that was not sent yet, as administrators see it: not what it says.
type Mail struct {
	ID       string
	Kind     string
	Dead     bool
	Attempts int64
	// Error is "refused", "unreachable", "unreadable" or empty.
	Error   string
	At, Due time.Time
}

// Mails lists what was not sent yet, the newest first, below the cursor.
func (s *Service) Mails(ctx context.Context, account desk.AccountID, cursor string) (mails []Mail, next string, err error) {
	const page = 50
	rows, err := s.deps.Store.Mails(ctx, account, cursor, page+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > page {
		rows = rows[:page]
		next = rows[page-1].ID
	}
	for _, m := range rows {
		mails = append(mails, Mail{ID: m.ID, Kind: m.Kind, Dead: m.Dead, Attempts: m.Attempts, Error: m.Error, At: m.CreatedAt, Due: m.Due})
	}
	return mails, next, nil
}

// Retry tries a mail that was put aside again, from the beginning.
func (s *Service) Retry(ctx context.Context, account desk.AccountID, id string) error {
	err := s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		m, err := tx.Mail(ctx, account, id)
		if err != nil || !m.Dead {
			return err
		}
		m.Dead, m.Attempts, m.Error, m.Due = false, 0, "", tx.Now()
		return tx.UpdateMail(ctx, m)
	})
	if err == nil {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return err
}

// Sweep forgets mails that were put aside long ago, and says how many.
func (s *Service) Sweep(ctx context.Context) (n int64, err error) {
	before := s.deps.Clock.Now().Add(-deadLife)
	err = s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		n, err = tx.DeleteDeadMails(ctx, before)
		return err
	})
	return n, err
}
