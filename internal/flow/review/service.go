package review

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// Judged is a decision of the bot and what people thought of it.
type Judged struct {
	ID       string
	At       time.Time
	Locale   desk.Locale
	Topic    string
	Question string
	// Answered tells that the bot answered from the entry Hit; else it did not
	// know enough.
	Answered bool
	Hit      string
	// Good and Bad tell what people thought: thumbs, rechecks, drafts that were
	// sent as they were or refused.
	Good, Bad bool
	// Why is what they said of it, if anything.
	Why string
	// Corrected: knowledge was made of it already.
	Corrected bool
}

// Decisions tells what the bot decided.
type Decisions interface {
	// Judged lists the newest decisions since then, at most limit.
	Judged(ctx context.Context, account desk.AccountID, since time.Time, limit int) ([]Judged, error)
}

// Entry is what a proposal is about or becomes.
type Entry struct {
	ID     string      `json:"id,omitempty"`
	Title  string      `json:"title"`
	Ways   []string    `json:"ways,omitempty"`
	Answer string      `json:"answer,omitempty"` // Markdown
	Locale desk.Locale `json:"locale,omitempty"`
	Topic  string      `json:"topic,omitempty"`
}

// Shelf is where knowledge stands.
type Shelf interface {
	// Find gives the entry nearest to a question and how sure it is; an empty id
	// if there is none.
	Find(ctx context.Context, account desk.AccountID, question string, locale desk.Locale) (Entry, float64, error)
	// Entry finds one; NotFound if it was deleted.
	Entry(ctx context.Context, account desk.AccountID, id string) (Entry, error)
	// Add makes an entry. The same key makes it once.
	Add(ctx context.Context, by desk.By, e Entry) (id string, err error)
	// AddWays adds ways of asking to one. Those that are there already are fine.
	AddWays(ctx context.Context, by desk.By, id string, ways []string) error
	// Answer changes what an entry answers. The same key changes it once.
	Answer(ctx context.Context, by desk.By, id, text string) error
}

// Deps are the service's required collaborators.
type Deps struct {
	Store     *store.Store
	Keys      *seal.Keyring
	Audit     *audit.Book
	IDs       *desk.IDs
	Clock     desk.Clock
	After     timer.After
	Decisions Decisions
	Shelf     Shelf
	Log       *slog.Logger
	Node      string
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// Every is how often proposals are gathered. Default 10 min.
	Every time.Duration
	// Window is how far back decisions count. Default 30 days.
	Window time.Duration
	// Known is the confidence from which on a question counts as answered by now.
	// Default 0.9.
	Known float64
	// Near is the confidence from which on a question may be another way of
	// asking what there is. Default 0.4.
	Near float64
}

const (
	maxOpen      = 300
	maxDecisions = 5_000
	maxQuestions = 30 // of a proposal, shown
	maxAnswers   = 5
	keepDecided  = 180 * 24 * time.Hour
	leaseName    = "review"
	leaseLife    = time.Minute
)

// Service proposes. Build it with New.
type Service struct {
	deps   Deps
	config Config
	mu     sync.Mutex // one gathering of this node at a time
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.Audit == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Decisions == nil ||
		d.Shelf == nil || d.Log == nil || d.Node == "" {
		return nil, desk.E(desk.Invalid, "build review", "a required part is missing")
	}
	if c.Every <= 0 {
		c.Every = 10 * time.Minute
	}
	if c.Window <= 0 {
		c.Window = 30 * 24 * time.Hour
	}
	if c.Known <= 0 {
		c.Known = 0.9
	}
	if c.Near <= 0 {
		c.Near = 0.4
	}
	return &Service{deps: d, config: c}, nil
}

// The kinds of proposals.
const (
	// Question: the bot does not know the answer.
	Question = "question"
	// Way: another way of asking what it knows.
	Way = "way"
	// Wrong: an answer that people found wrong.
	Wrong = "wrong"
	// Chats: customers asked it in chats from before.
	Chats = "chats"
)

// Asked is one question behind a proposal.
type Asked struct {
	// Decision is the bot's, empty for chats from before.
	Decision string    `json:"decision,omitempty"`
	Text     string    `json:"text"`
	At       time.Time `json:"at,omitzero"`
	// Why is what somebody said of the answer.
	Why string `json:"why,omitempty"`
	// Times is how often it was asked in these words.
	Times int `json:"times"`
}

// Proposal is something to be learned, for a person to decide.
type Proposal struct {
	store.ReviewProposal
	Body
}

// Body is what is sealed of a proposal.
type Body struct {
	// Entry is what it would become, or the entry it is about.
	Entry Entry   `json:"entry"`
	Asked []Asked `json:"asked"`
	// Decisions are all that stand behind it, those not shown too.
	Decisions []string `json:"decisions,omitempty"`
	// Answers are what agents answered, the most usual first.
	Answers []string `json:"answers,omitempty"`
	// Why it was refused.
	Why string `json:"why,omitempty"`
}

func place(id string) seal.Place {
	return seal.Place{Owner: id, Table: "review_proposal", Row: id, Column: "content"}
}

func (s *Service) open(keys *seal.AccountKeys, row store.ReviewProposal) (Proposal, error) {
	p := Proposal{ReviewProposal: row}
	plain, err := keys.Open(place(row.ID), row.Content)
	if err != nil {
		return p, err
	}
	return p, desk.Wrap(desk.Internal, "read proposal", json.Unmarshal(plain, &p.Body))
}

func (p *Proposal) seal(keys *seal.AccountKeys) error {
	plain, err := json.Marshal(p.Body)
	if err != nil {
		return desk.Wrap(desk.Internal, "save proposal", err)
	}
	p.Content = keys.Seal(place(p.ID), plain)
	return nil
}

// List gives the proposals of a state, below the id before: the open ones all
// and the largest first, the others the newest first.
func (s *Service) List(ctx context.Context, account desk.AccountID, state, before string, limit int) ([]Proposal, error) {
	if state == store.ProposalOpen {
		limit = maxOpen
	}
	rows, err := s.deps.Store.ReviewProposals(ctx, account, state, before, limit)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]Proposal, 0, len(rows))
	for _, row := range rows {
		p, err := s.open(keys, row)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a proposal cannot be opened", "proposal_id", row.ID, "error", err)
			continue
		}
		out = append(out, p)
	}
	if state == store.ProposalOpen {
		bySize(out)
	}
	return out, nil
}

// Get finds one.
func (s *Service) Get(ctx context.Context, account desk.AccountID, id string) (Proposal, error) {
	row, err := s.deps.Store.ReviewProposal(ctx, account, id)
	if err != nil {
		return Proposal{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Proposal{}, err
	}
	return s.open(keys, row)
}
