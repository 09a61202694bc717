package workspace

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// emailHasher is the installation-wide keyed hash of e-mails (seal.Master).
type emailHasher interface {
	HashEmail(email string) string
}

// Deps are the service's required collaborators.
type Deps struct {
	Store     *store.Store
	Keys      *seal.Keyring
	Emails    emailHasher
	IDs       *desk.IDs
	Clock     desk.Clock
	Passwords *auth.Passwords
	Secrets   *auth.Secrets
	Throttle  *auth.Throttle
	Audit     *audit.Book
	Log       *slog.Logger
	// Begin, if set, is what else the installation's first company begins with,
	// in the unit that registers it.
	Begin func(ctx context.Context, tx *store.Tx, account desk.AccountID) error
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// SessionIdle ends a log-in that was not used for so long. Default 7 days.
	SessionIdle time.Duration
	// SessionLife ends a log-in in any case. Default 90 days.
	SessionLife time.Duration
	// TouchEvery is how precisely last uses are recorded. Default 10 min.
	TouchEvery time.Duration
	// CacheTTL is how long look-ups may lag behind changes made by other
	// processes. Default 10 s.
	CacheTTL time.Duration
	// CacheSize bounds each of the caches, in entries. Default 10,000.
	CacheSize int
	// SetupCode proves somebody who registers the first company from another
	// machine. Default: nobody can from there.
	SetupCode string
}

// Service owns agents, teams, inboxes, sessions and tokens. Build it with New.
type Service struct {
	deps   Deps
	config Config

	directories *cache[desk.AccountID, *directory]
	inboxes     *cache[string, Inbox]
	sessions    *cache[string, session]
	tokens      *cache[string, store.APIToken]
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.Emails == nil || d.IDs == nil || d.Clock == nil ||
		d.Passwords == nil || d.Secrets == nil || d.Throttle == nil || d.Audit == nil || d.Log == nil {
		return nil, desk.E(desk.Invalid, "build workspace", "a required part is missing")
	}
	setDefault(&c.SessionIdle, 7*24*time.Hour)
	setDefault(&c.SessionLife, 90*24*time.Hour)
	setDefault(&c.TouchEvery, 10*time.Minute)
	setDefault(&c.CacheTTL, 10*time.Second)
	if c.CacheSize <= 0 {
		c.CacheSize = 10_000
	}
	return &Service{
		deps: d, config: c,
		directories: newCache[desk.AccountID, *directory](d.Clock, c.CacheTTL, c.CacheSize),
		inboxes:     newCache[string, Inbox](d.Clock, c.CacheTTL, c.CacheSize),
		sessions:    newCache[string, session](d.Clock, c.CacheTTL, c.CacheSize),
		tokens:      newCache[string, store.APIToken](d.Clock, c.CacheTTL, c.CacheSize),
	}, nil
}

func setDefault(d *time.Duration, usual time.Duration) {
	if *d <= 0 {
		*d = usual
	}
}

// directory is what is often asked about an account, loaded at once.
type directory struct {
	agents  map[desk.AgentID]desk.Agent
	inboxes map[desk.InboxID]desk.Inbox
	roles   map[desk.Role]Role
	teams   []desk.Team
	// unproved are agents without the second factor that the account requires;
	// empty if it requires none.
	unproved map[desk.AgentID]bool
}

// standing is what an agent may do and see now: nothing if disabled or unknown.
func (d *directory) standing(id desk.AgentID) (auth.Set, desk.Sight) {
	a, ok := d.agents[id]
	if !ok || a.Disabled {
		return 0, desk.Sight{}
	}
	return standing(a.Role, id, d.roles[a.Role], d.teams)
}

// standing is what the holder of a role may do and see.
func standing(id desk.Role, agent desk.AgentID, role Role, teams []desk.Team) (auth.Set, desk.Sight) {
	if role.ID != id { // it is gone: nothing is permitted
		return 0, desk.Sight{}
	}
	sight := desk.Sight{Reach: role.Reach, Agent: agent}
	for _, t := range teams {
		if slices.Contains(t.Members, agent) {
			sight.Teams = append(sight.Teams, t.ID)
		}
	}
	return role.Permissions, sight
}

func (s *Service) directory(ctx context.Context, account desk.AccountID) (*directory, error) {
	return s.directories.get(account, func() (*directory, error) {
		agents, err := s.Agents(ctx, account)
		if err != nil {
			return nil, err
		}
		inboxes, err := s.Inboxes(ctx, account)
		if err != nil {
			return nil, err
		}
		roles, err := s.roles(ctx, account)
		if err != nil {
			return nil, err
		}
		teams, err := s.Teams(ctx, account)
		if err != nil {
			return nil, err
		}
		d := &directory{
			agents: make(map[desk.AgentID]desk.Agent, len(agents)), inboxes: make(map[desk.InboxID]desk.Inbox, len(inboxes)),
			roles: make(map[desk.Role]Role, len(roles)), teams: teams,
		}
		for _, r := range roles {
			d.roles[r.ID] = r
		}
		for _, a := range agents {
			d.agents[a.ID] = a
		}
		for _, in := range inboxes {
			d.inboxes[in.ID] = in
		}
		d.unproved, err = s.unproved(ctx, account, agents)
		return d, err
	})
}

// changed drops what the caches hold of an account.
func (s *Service) changed(account desk.AccountID) {
	s.directories.drop(account)
	s.inboxes.forget(func(_ string, in Inbox) bool { return in.AccountID == account })
	s.sessions.forget(func(_ string, se session) bool { return se.AccountID == account })
	s.tokens.forget(func(_ string, t store.APIToken) bool { return t.AccountID == account })
}

// write runs a change of an account and drops what the caches hold of it.
func (s *Service) write(ctx context.Context, account desk.AccountID, unit func(context.Context, *store.Tx) error) error {
	err := s.deps.Store.Write(ctx, account, unit)
	s.changed(account) // even after an error, whose commit may have happened
	return err
}

// recorded is write with a pen for what it does.
func (s *Service) recorded(ctx context.Context, account desk.AccountID, unit func(context.Context, *store.Tx, audit.Pen) error) error {
	pen, err := s.deps.Audit.Open(ctx, account)
	if err != nil {
		return err
	}
	return s.write(ctx, account, func(ctx context.Context, tx *store.Tx) error { return unit(ctx, tx, pen) })
}

// staffed is recorded for a change of who works where: the queue hears of it.
func (s *Service) staffed(ctx context.Context, account desk.AccountID, what string, unit func(context.Context, *store.Tx, audit.Pen) error) error {
	return s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		if err := unit(ctx, tx, pen); err != nil {
			return err
		}
		by := desk.Author{Kind: desk.BySystem}
		if a := pen.Actor(); a != "" {
			by = desk.Author{Kind: desk.ByAgent, ID: string(a)}
		}
		return tx.Emit(desk.Event{AccountID: account, Actor: by, Fact: desk.StaffingChanged{What: what}})
	})
}

// once runs unit unless the caller has used the key for the same verb before;
// then again runs with the id of what was made that time. An empty key is never a repeat.
func once(ctx context.Context, tx *store.Tx, pen audit.Pen, verb, key, id string, unit func() error, again func(first string) error) error {
	if key != "" {
		first, repeated, err := tx.Once(ctx, pen.Account(), "admin:"+string(pen.Actor())+":"+verb, key, id)
		if err != nil {
			return err
		}
		if repeated {
			return again(first)
		}
	}
	return unit()
}

// CreateAccount adds a company.
func (s *Service) CreateAccount(ctx context.Context, name string, locale desk.Locale) (desk.Account, error) {
	const op = "create account"
	if err := checkName(op, "name", name); err != nil {
		return desk.Account{}, err
	}
	locale, err := checkLocale(op, locale)
	if err != nil {
		return desk.Account{}, err
	}
	a := desk.Account{ID: s.deps.IDs.Account(), Name: name, Locale: locale, CreatedAt: s.deps.Clock.Now()}
	return a, s.recorded(ctx, a.ID, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		if err := tx.InsertAccount(ctx, a); err != nil {
			return err
		}
		return pen.Write(ctx, tx, accountAct("account.created", a, map[string]any{"name": a.Name, "locale": a.Locale}))
	})
}

func accountAct(action string, a desk.Account, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "account", ID: string(a.ID), Name: a.Name}, Details: details}
}

// Account finds an account.
func (s *Service) Account(ctx context.Context, id desk.AccountID) (desk.Account, error) {
	return s.deps.Store.Account(ctx, id)
}

// seal encrypts a value as JSON for its place.
func (s *Service) seal(ctx context.Context, account desk.AccountID, p seal.Place, v any) (desk.Sealed, error) {
	const op = "seal"
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, desk.Wrap(desk.KindOf(err), op, err)
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	return keys.Seal(p, plain), nil
}

// open is the inverse of seal; an empty value leaves into alone.
func (s *Service) open(ctx context.Context, account desk.AccountID, p seal.Place, sealed desk.Sealed, into any) error {
	const op = "open"
	if len(sealed) == 0 {
		return nil
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	plain, err := keys.Open(p, sealed)
	if err != nil {
		return err
	}
	return desk.Wrap(desk.Internal, op, json.Unmarshal(plain, into))
}

const maxName = 100

// checkName accepts 1 to 100 characters of one line.
func checkName(op, field, s string) error {
	n := 0
	for _, r := range s {
		if unicode.IsControl(r) {
			return desk.InvalidField(op, field, "a name is one line of plain text")
		}
		if !unicode.IsSpace(r) {
			n++
		}
	}
	if n == 0 || !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName {
		return desk.InvalidField(op, field, "a name has 1 to 100 characters")
	}
	return nil
}

func checkLocale(op string, l desk.Locale) (desk.Locale, error) {
	switch l {
	case "":
		return desk.Chinese, nil
	case desk.Chinese, desk.English:
		return l, nil
	}
	return "", desk.InvalidField(op, "locale", "the language is not one of those the product speaks")
}
