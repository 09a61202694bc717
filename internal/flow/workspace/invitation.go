package workspace

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// InvitationLife is how long an invitation is good.
const InvitationLife = 7 * 24 * time.Hour

// maxInvitations bounds how many wait in an account at once.
const maxInvitations = 1000

// Invitation waits for a colleague to follow its link.
type Invitation struct {
	ID string
	// Email is whom it is for; empty is whoever has the link.
	Email     string
	Role      desk.Role
	Teams     []desk.TeamID
	CreatedBy desk.AgentID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// invitationProfile is what is sealed of an invitation.
type invitationProfile struct {
	Email string `json:"email,omitempty"`
}

func invitationPlace(id string) seal.Place {
	return seal.Place{Owner: id, Table: "invitation", Row: id, Column: "profile"}
}

// NewInvitation is a colleague to invite.
type NewInvitation struct {
	// Once, if set, is an idempotency key; a repeat is a Conflict, because the
	// secret is not shown again.
	Once  string
	Email string
	Role  desk.Role
	Teams []desk.TeamID
}

// Invite makes an invitation and returns the secret of its link, which is
// shown once and stored as a hash. Denied if the role may more than the caller.
func (s *Service) Invite(ctx context.Context, by auth.Principal, account desk.AccountID, n NewInvitation) (secret string, out Invitation, err error) {
	const op = "invite"
	n.Email = strings.TrimSpace(n.Email)
	if n.Email != "" && !isEmail(n.Email) {
		return "", Invitation{}, desk.InvalidField(op, "email", "this is not an e-mail address")
	}
	secret, hash, err := s.deps.Secrets.NewSecret(auth.InvitePrefix)
	if err != nil {
		return "", Invitation{}, err
	}
	slices.Sort(n.Teams)
	out = Invitation{
		ID: s.deps.IDs.Other("inv"), Email: n.Email, Role: n.Role, Teams: slices.Compact(n.Teams), CreatedBy: by.Agent,
		CreatedAt: s.deps.Clock.Now(),
	}
	out.ExpiresAt = out.CreatedAt.Add(InvitationLife)
	profile, err := s.seal(ctx, account, invitationPlace(out.ID), invitationProfile{n.Email})
	if err != nil {
		return "", Invitation{}, err
	}
	err = s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		people, err := rolesAndTeams(ctx, tx.Reads, account)
		if err != nil {
			return err
		}
		if err := people.within(ctx, tx.Reads, op, by, n.Role); err != nil {
			return err
		}
		for _, id := range out.Teams {
			team, ok := people.team(id)
			if !ok {
				return desk.InvalidField(op, "team_ids", "there is no such team")
			}
			if err := people.mayTouch(ctx, tx, op, by, team); err != nil {
				return err
			}
		}
		waiting, err := tx.Invitations(ctx, account)
		if err != nil {
			return err
		}
		if len(waiting) >= maxInvitations {
			return desk.E(desk.Conflict, op, "too many invitations wait; take some back first")
		}
		return once(ctx, tx, pen, "invite", n.Once, out.ID, func() error {
			row := store.Invitation{
				ID: out.ID, AccountID: account, Hash: hash, Role: out.Role, Teams: out.Teams, CreatedBy: by.Agent,
				Profile: profile, CreatedAt: out.CreatedAt, ExpiresAt: out.ExpiresAt,
			}
			if err := tx.InsertInvitation(ctx, row); err != nil {
				return err
			}
			return pen.Write(ctx, tx, invitationAct("invitation.created", out, map[string]any{"role": out.Role, "teams": out.Teams, "expires_at": out.ExpiresAt}))
		}, func(string) error {
			return desk.E(desk.Conflict, op, "this invitation has been made already and its link was shown then; take it back and make another if the link is lost")
		})
	})
	if err != nil {
		return "", Invitation{}, err
	}
	return secret, out, nil
}

func invitationAct(action string, i Invitation, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "invitation", ID: i.ID, Name: i.Email}, Details: details}
}

// Invitations lists what waits in the account, the newest first.
func (s *Service) Invitations(ctx context.Context, account desk.AccountID) ([]Invitation, error) {
	rows, err := s.deps.Store.Invitations(ctx, account)
	if err != nil {
		return nil, err
	}
	now := s.deps.Clock.Now()
	out := make([]Invitation, 0, len(rows))
	for _, row := range rows {
		if !now.Before(row.ExpiresAt) {
			continue
		}
		i, err := s.openInvitation(ctx, row)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

func (s *Service) openInvitation(ctx context.Context, row store.Invitation) (Invitation, error) {
	var p invitationProfile
	err := s.open(ctx, row.AccountID, invitationPlace(row.ID), row.Profile, &p)
	return Invitation{
		ID: row.ID, Email: p.Email, Role: row.Role, Teams: row.Teams, CreatedBy: row.CreatedBy,
		CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	}, err
}

// RevokeInvitation makes a link worthless. NotFound if it was used already.
func (s *Service) RevokeInvitation(ctx context.Context, account desk.AccountID, key, id string) error {
	return s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		return once(ctx, tx, pen, "revoke invitation", key, id, func() error {
			if err := tx.DeleteInvitation(ctx, account, id); err != nil {
				return err
			}
			return pen.Write(ctx, tx, invitationAct("invitation.revoked", Invitation{ID: id}, nil))
		}, func(string) error { return nil })
	})
}

// Invited is what somebody sees who follows a link.
type Invited struct {
	Company string
	Email   string
	Role    desk.Role
	// RoleName is the company's; for built-in roles their id.
	RoleName  string
	Locale    desk.Locale
	ExpiresAt time.Time
}

var errInvitation = desk.E(desk.NotFound, "follow invitation", "this invitation has been used, taken back or has expired; ask for a new one")

// LookInvitation tells what a link leads to. NotFound if it leads nowhere.
func (s *Service) LookInvitation(ctx context.Context, secret string) (Invited, error) {
	row, err := s.invitation(ctx, secret)
	if err != nil {
		return Invited{}, err
	}
	account, err := s.deps.Store.Account(ctx, row.AccountID)
	if err != nil {
		return Invited{}, err
	}
	i, err := s.openInvitation(ctx, row)
	if err != nil {
		return Invited{}, err
	}
	return Invited{
		Company: account.Name, Email: i.Email, Role: i.Role, RoleName: s.RoleName(ctx, row.AccountID, i.Role),
		Locale: account.Locale, ExpiresAt: i.ExpiresAt,
	}, nil
}

func (s *Service) invitation(ctx context.Context, secret string) (store.Invitation, error) {
	hash, ok := s.deps.Secrets.Hash(auth.InvitePrefix, secret)
	if !ok {
		return store.Invitation{}, errInvitation
	}
	row, err := s.deps.Store.InvitationByHash(ctx, hash)
	if errors.Is(err, desk.NotFound) || err == nil && !s.deps.Clock.Now().Before(row.ExpiresAt) {
		return store.Invitation{}, errInvitation
	}
	return row, err
}

// Accepted is somebody who follows a link.
type Accepted struct {
	Secret                string
	Name, Email, Password string
	// Locale "" is the company's.
	Locale desk.Locale
}

// AcceptInvitation makes the invited colleague and logs them in. A link works
// once. NotFound if it does not (any more), which is also so when the one who
// made it may not give that role any more; Conflict if the e-mail is taken;
// Invalid if the invitation is for another e-mail.
func (s *Service) AcceptInvitation(ctx context.Context, a Accepted, meta SessionMeta) (LoggedIn, error) {
	const op = "accept invitation"
	row, err := s.invitation(ctx, a.Secret)
	if err != nil {
		return LoggedIn{}, err
	}
	i, err := s.openInvitation(ctx, row)
	if err != nil {
		return LoggedIn{}, err
	}
	if i.Email != "" && s.deps.Emails.HashEmail(a.Email) != s.deps.Emails.HashEmail(i.Email) {
		return LoggedIn{}, desk.InvalidField(op, "email", "the invitation is for another e-mail address")
	}
	if a.Locale == "" {
		account, err := s.deps.Store.Account(ctx, row.AccountID)
		if err != nil {
			return LoggedIn{}, err
		}
		a.Locale = account.Locale
	}
	agent, err := s.newAgent(ctx, op, row.AccountID, NewAgent{Name: a.Name, Email: a.Email, Password: a.Password, Role: i.Role, Locale: a.Locale})
	if err != nil {
		return LoggedIn{}, err
	}
	err = s.staffed(ctx, row.AccountID, "agents", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		people, err := rolesAndTeams(ctx, tx.Reads, row.AccountID)
		if err != nil {
			return err
		}
		// An invitation is worth what its maker may give at this moment.
		if !s.stillGood(ctx, tx, op, people, row) {
			return errInvitation
		}
		if err := tx.DeleteInvitation(ctx, row.AccountID, row.ID); err != nil {
			if errors.Is(err, desk.NotFound) {
				return errInvitation
			}
			return err
		}
		if err := tx.PutAgent(ctx, agent); err != nil {
			return emailTaken(op, err)
		}
		for _, id := range row.Teams {
			team, ok := people.team(id)
			if !ok {
				continue // it is gone meanwhile
			}
			team.Members = append(slices.Clone(team.Members), agent.ID)
			if err := tx.PutTeam(ctx, team); err != nil {
				return err
			}
		}
		return pen.As(agent.ID, meta.Address).Write(ctx, tx, audit.Act{
			Action: "invitation.accepted", Target: audit.Target{Kind: "agent", ID: string(agent.ID), Name: a.Name},
			Details: map[string]any{"invitation": row.ID, "invited_by": row.CreatedBy, "role": row.Role, "teams": row.Teams},
		})
	})
	if err != nil {
		return LoggedIn{}, err
	}
	return s.openSession(ctx, agent, "", meta)
}

// stillGood asks whether who made the invitation might make it now.
func (s *Service) stillGood(ctx context.Context, tx *store.Tx, op string, people house, row store.Invitation) bool {
	role, ok := people.role(row.Role)
	if !ok {
		return false
	}
	if row.CreatedBy == "" {
		return true // the operator
	}
	maker := auth.Principal{Account: row.AccountID, Agent: row.CreatedBy, Permissions: auth.NewSet(auth.Permissions()...)}
	may, _, err := people.now(ctx, tx.Reads, op, maker)
	return err == nil && may.Has(auth.PeopleManage) && people.grants(ctx, tx.Reads, op, maker, role) == nil
}
