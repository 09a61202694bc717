package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// agentProfile is what is sealed of an agent.
type agentProfile struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func agentPlace(id desk.AgentID) seal.Place {
	return seal.Place{Owner: string(id), Table: "agent", Row: string(id), Column: "profile"}
}

// NewAgent is a colleague to add.
type NewAgent struct {
	Name  string
	Email string
	// Password has at least auth.MinPasswordRunes characters.
	Password string
	Role     desk.Role
	// Locale "" is Chinese.
	Locale desk.Locale
}

// CreateAgent adds a colleague. Conflict if the e-mail is taken, by any account
// of the installation.
func (s *Service) CreateAgent(ctx context.Context, account desk.AccountID, n NewAgent) (desk.Agent, error) {
	const op = "create agent"
	row, err := s.newAgent(ctx, op, account, n)
	if err != nil {
		return desk.Agent{}, err
	}
	agent, err := s.openAgent(ctx, row)
	if err != nil {
		return desk.Agent{}, err
	}
	err = s.staffed(ctx, account, "agents", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		people, err := rolesAndTeams(ctx, tx.Reads, account)
		if err != nil {
			return err
		}
		if err := people.known(op, n.Role); err != nil {
			return err
		}
		if err := tx.PutAgent(ctx, row); err != nil {
			return err
		}
		return pen.Write(ctx, tx, agentAct("agent.created", agent, map[string]any{"name": agent.Name, "role": agent.Role}))
	})
	return agent, emailTaken(op, err)
}

func agentAct(action string, a desk.Agent, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "agent", ID: string(a.ID), Name: a.Name}, Details: details}
}

// emailTaken says what a conflict at storing a new agent means.
func emailTaken(op string, err error) error {
	if errors.Is(err, desk.Conflict) {
		return &desk.Error{Kind: desk.Conflict, Op: op, Field: "email", Msg: "an agent with this e-mail exists already", Err: err}
	}
	return err
}

// newAgent checks and seals a colleague who is not stored yet.
func (s *Service) newAgent(ctx context.Context, op string, account desk.AccountID, n NewAgent) (store.Agent, error) {
	n.Email = strings.TrimSpace(n.Email)
	if err := checkName(op, "name", n.Name); err != nil {
		return store.Agent{}, err
	}
	if !isEmail(n.Email) {
		return store.Agent{}, desk.InvalidField(op, "email", "this is not an e-mail address")
	}
	if !isRoleID(n.Role) {
		return store.Agent{}, errNoRole(op)
	}
	locale, err := checkLocale(op, n.Locale)
	if err != nil {
		return store.Agent{}, err
	}
	hash, err := s.deps.Passwords.Hash(ctx, n.Password)
	if err != nil {
		return store.Agent{}, err
	}
	row := store.Agent{
		ID: s.deps.IDs.Agent(), AccountID: account, Role: n.Role, Locale: locale,
		EmailHash: s.deps.Emails.HashEmail(n.Email), PasswordHash: hash, CreatedAt: s.deps.Clock.Now(),
	}
	row.Profile, err = s.seal(ctx, account, agentPlace(row.ID), agentProfile{n.Name, n.Email})
	return row, err
}

func isEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	return at >= 1 && at < len(s)-1 && len(s) <= 254 && !strings.ContainsAny(s, " \t\r\n<>")
}

// AgentChange says what to change of an agent; nil fields stay.
type AgentChange struct {
	Name     *string
	Role     *desk.Role
	Locale   *desk.Locale
	Disabled *bool
	// Password ends all the agent's sessions.
	Password *string
}

// ChangeAgent changes a colleague. Disabling ends the sessions and revokes the
// tokens. The last enabled administrator can be neither disabled nor given
// another role. by must be allowed all that the colleague and the new role may;
// the zero Principal is the operator, who may everything.
func (s *Service) ChangeAgent(ctx context.Context, by auth.Principal, account desk.AccountID, id desk.AgentID, c AgentChange) (desk.Agent, error) {
	const op = "change agent"
	if _, err := s.storedAgent(ctx, account, id); err != nil {
		return desk.Agent{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return desk.Agent{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	if _, err := c.apply(op, desk.Agent{}); err != nil {
		return desk.Agent{}, err
	}
	hash := ""
	if c.Password != nil {
		if hash, err = s.deps.Passwords.Hash(ctx, *c.Password); err != nil {
			return desk.Agent{}, err
		}
	}
	var next desk.Agent
	err = s.staffed(ctx, account, "agents", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		// What is there now, not what was there before the password was hashed:
		// a colleague disabled meanwhile stays so.
		row, err := tx.Agent(ctx, account, id)
		if err != nil {
			return err
		}
		before, err := readAgent(keys, row)
		if err != nil {
			return err
		}
		if next, err = c.apply(op, before); err != nil {
			return err
		}
		if err := s.mayChange(ctx, tx, op, by, before, next); err != nil {
			return err
		}
		profile, err := json.Marshal(agentProfile{next.Name, next.Email})
		if err != nil {
			return desk.Wrap(desk.Internal, op, err)
		}
		changes := audit.Changes(agentDetails(before), agentDetails(next))
		if hash != "" {
			changes["credentials"] = "changed"
		}
		if len(changes) == 0 {
			return nil // a repeat, or nothing to do
		}
		row.Profile, row.Role, row.Locale, row.Disabled = keys.Seal(agentPlace(id), profile), next.Role, next.Locale, next.Disabled
		if hash != "" {
			row.PasswordHash = hash
		}
		if hash != "" || row.Disabled {
			if err := tx.DeleteAgentSessions(ctx, account, id, ""); err != nil {
				return err
			}
		}
		if row.Disabled {
			if err := tx.DeleteAgentTokens(ctx, account, id); err != nil {
				return err
			}
		}
		if err := tx.PutAgent(ctx, row); err != nil {
			return err
		}
		action := "agent.changed"
		if before.Disabled != next.Disabled {
			action = map[bool]string{true: "agent.disabled", false: "agent.enabled"}[next.Disabled]
		}
		return pen.Write(ctx, tx, agentAct(action, next, changes))
	})
	return next, err
}

func agentDetails(a desk.Agent) map[string]any {
	return map[string]any{"name": a.Name, "role": a.Role, "locale": a.Locale, "disabled": a.Disabled}
}

// mayChange keeps people from rising above themselves and accounts from
// losing their last administrator.
func (s *Service) mayChange(ctx context.Context, tx *store.Tx, op string, by auth.Principal, before, next desk.Agent) error {
	people, err := rolesAndTeams(ctx, tx.Reads, before.AccountID)
	if err != nil {
		return err
	}
	if err := people.known(op, next.Role); err != nil {
		return err
	}
	same := before.Role == next.Role && before.Disabled == next.Disabled
	if by.Agent != "" && (by.Agent != before.ID || !same) { // one's own name and language are one's own
		for _, role := range []desk.Role{before.Role, next.Role} {
			if err := people.within(ctx, tx.Reads, op, by, role); err != nil {
				return err
			}
		}
	}
	if by.Agent == before.ID && next.Disabled {
		return desk.E(desk.Conflict, op, "you cannot disable yourself; ask a colleague")
	}
	if before.Role == desk.Administrator && (next.Role != desk.Administrator || next.Disabled) {
		return checkLastAdministrator(ctx, tx, op, before.AccountID, before.ID)
	}
	return nil
}

func (c AgentChange) apply(op string, a desk.Agent) (desk.Agent, error) {
	if c.Name != nil {
		if err := checkName(op, "name", *c.Name); err != nil {
			return a, err
		}
		a.Name = *c.Name
	}
	if c.Role != nil {
		if !isRoleID(*c.Role) {
			return a, errNoRole(op)
		}
		a.Role = *c.Role
	}
	if c.Locale != nil {
		locale, err := checkLocale(op, *c.Locale)
		if err != nil {
			return a, err
		}
		a.Locale = locale
	}
	if c.Disabled != nil {
		a.Disabled = *c.Disabled
	}
	return a, nil
}

func checkLastAdministrator(ctx context.Context, tx *store.Tx, op string, account desk.AccountID, leaving desk.AgentID) error {
	agents, err := tx.Agents(ctx, account)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(agents, func(a store.Agent) bool {
		return a.ID != leaving && a.Role == desk.Administrator && !a.Disabled
	}) {
		return desk.E(desk.Conflict, op, "this is the last administrator")
	}
	return nil
}

// Agents lists the account's agents, disabled ones too, by id.
func (s *Service) Agents(ctx context.Context, account desk.AccountID) ([]desk.Agent, error) {
	rows, err := s.deps.Store.Agents(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Agent, len(rows))
	for i, row := range rows {
		if out[i], err = s.openAgent(ctx, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) storedAgent(ctx context.Context, account desk.AccountID, id desk.AgentID) (desk.Agent, error) {
	row, err := s.deps.Store.Agent(ctx, account, id)
	if err != nil {
		return desk.Agent{}, err
	}
	return s.openAgent(ctx, row)
}

func (s *Service) openAgent(ctx context.Context, row store.Agent) (desk.Agent, error) {
	keys, err := s.deps.Keys.Account(ctx, row.AccountID)
	if err != nil {
		return desk.Agent{}, desk.Wrap(desk.KindOf(err), "open agent", err)
	}
	return readAgent(keys, row)
}

// readAgent opens a row with keys at hand; it does not block.
func readAgent(keys *seal.AccountKeys, row store.Agent) (desk.Agent, error) {
	var p agentProfile
	if len(row.Profile) > 0 {
		plain, err := keys.Open(agentPlace(row.ID), row.Profile)
		if err != nil {
			return desk.Agent{}, err
		}
		if err := json.Unmarshal(plain, &p); err != nil {
			return desk.Agent{}, desk.Wrap(desk.Internal, "open agent", err)
		}
	}
	return desk.Agent{
		ID: row.ID, AccountID: row.AccountID, Name: p.Name, Email: p.Email, Role: row.Role,
		Locale: row.Locale, Disabled: row.Disabled, CreatedAt: row.CreatedAt,
	}, nil
}

// Agent finds an agent of the account, from the cache.
func (s *Service) Agent(ctx context.Context, account desk.AccountID, id desk.AgentID) (desk.Agent, error) {
	d, err := s.directory(ctx, account)
	if err != nil {
		return desk.Agent{}, err
	}
	a, ok := d.agents[id]
	if !ok {
		return desk.Agent{}, desk.E(desk.NotFound, "find agent", "there is no such agent")
	}
	return a, nil
}

// AgentName is the agent's name from the cache; empty if it cannot be told.
func (s *Service) AgentName(ctx context.Context, account desk.AccountID, id desk.AgentID) string {
	a, err := s.Agent(ctx, account, id)
	if err != nil {
		return ""
	}
	return a.Name
}

// AgentPermissions is what an agent may do now, from the cache; nothing for a
// disabled or unknown one.
func (s *Service) AgentPermissions(ctx context.Context, account desk.AccountID, id desk.AgentID) (auth.Set, error) {
	d, err := s.directory(ctx, account)
	if err != nil {
		return 0, err
	}
	may, _ := d.standing(id)
	return may, nil
}

// AgentSight is which conversations an agent may see now, from the cache; none
// for a disabled or unknown one, and for one who may not read conversations.
func (s *Service) AgentSight(ctx context.Context, account desk.AccountID, id desk.AgentID) (desk.Sight, error) {
	d, err := s.directory(ctx, account)
	if err != nil {
		return desk.Sight{}, err
	}
	may, sight := d.standing(id)
	if !may.Has(auth.ConversationsRead) {
		return desk.Sight{}, nil
	}
	return sight, nil
}
