package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Agent is a colleague as databases keep one: name and e-mail are sealed.
type Agent struct {
	ID        desk.AgentID
	AccountID desk.AccountID
	Role      desk.Role
	Locale    desk.Locale
	// Profile holds name and e-mail.
	Profile desk.Sealed
	// EmailHash is unique in the installation; it finds the agent at log-in.
	EmailHash    string
	PasswordHash string
	Disabled     bool
	CreatedAt    time.Time
}

// AgentByEmailHash finds an agent of any account, for log-in.
func (r Reads) AgentByEmailHash(ctx context.Context, hash string) (Agent, error) {
	row, err := r.q.AgentByEmailHash(ctx, query.AgentByEmailHashParams{EmailHash: hash})
	if err != nil {
		return Agent{}, r.fail("find agent", "agent", err)
	}
	return agentOf(row), nil
}

// Agent finds an agent of the account.
func (r Reads) Agent(ctx context.Context, account desk.AccountID, id desk.AgentID) (Agent, error) {
	row, err := r.q.Agent(ctx, query.AgentParams{AccountID: string(account), ID: string(id)})
	if err != nil {
		return Agent{}, r.fail("find agent", "agent", err)
	}
	return agentOf(row), nil
}

// Agents lists the account's agents by id, disabled ones too.
func (r Reads) Agents(ctx context.Context, account desk.AccountID) ([]Agent, error) {
	rows, err := r.q.Agents(ctx, query.AgentsParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list agents", "agent", err)
	}
	out := make([]Agent, len(rows))
	for i, row := range rows {
		out[i] = agentOf(row)
	}
	return out, nil
}

func agentOf(row query.Agent) Agent {
	return Agent{
		ID: desk.AgentID(row.ID), AccountID: desk.AccountID(row.AccountID), Role: desk.Role(row.Role),
		Locale: desk.Locale(row.Locale), Profile: row.Profile, EmailHash: row.EmailHash,
		PasswordHash: row.PasswordHash, Disabled: row.Disabled, CreatedAt: desk.FromMicros(row.CreatedUs),
	}
}

// PutAgent adds an agent or changes the one with its id. Conflict if another
// agent has the e-mail; NotFound if another account has the id.
func (t *Tx) PutAgent(ctx context.Context, a Agent) error {
	const op = "save agent"
	if err := t.own(op, a.AccountID); err != nil {
		return err
	}
	n, err := t.q.PutAgent(ctx, query.PutAgentParams{
		ID: string(a.ID), AccountID: string(a.AccountID), Role: string(a.Role), Locale: string(a.Locale),
		Profile: blob(a.Profile), EmailHash: a.EmailHash, PasswordHash: a.PasswordHash,
		Disabled: a.Disabled, CreatedUs: desk.Micros(a.CreatedAt),
	})
	return t.changed(op, "agent", n, err)
}

// Teams lists the account's teams by id with their members.
func (r Reads) Teams(ctx context.Context, account desk.AccountID) ([]desk.Team, error) {
	const op = "list teams"
	rows, err := r.q.Teams(ctx, query.TeamsParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail(op, "team", err)
	}
	members, err := r.q.TeamMembers(ctx, query.TeamMembersParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail(op, "team", err)
	}
	out := make([]desk.Team, len(rows))
	for i, row := range rows {
		out[i] = desk.Team{ID: desk.TeamID(row.ID), AccountID: desk.AccountID(row.AccountID), Name: row.Name}
		for _, m := range members {
			if m.TeamID == row.ID {
				out[i].Members = append(out[i].Members, desk.AgentID(m.AgentID))
			}
		}
	}
	return out, nil
}

// PutTeam adds or changes a team and replaces its members.
func (t *Tx) PutTeam(ctx context.Context, team desk.Team) error {
	const op = "save team"
	if err := t.own(op, team.AccountID); err != nil {
		return err
	}
	account, id := string(team.AccountID), string(team.ID)
	n, err := t.q.PutTeam(ctx, query.PutTeamParams{ID: id, AccountID: account, Name: team.Name})
	if err := t.changed(op, "team", n, err); err != nil {
		return err
	}
	err = t.q.DeleteTeamMembers(ctx, query.DeleteTeamMembersParams{AccountID: account, TeamID: id})
	for _, agent := range team.Members {
		if err == nil {
			err = t.q.InsertTeamMember(ctx, query.InsertTeamMemberParams{AccountID: account, TeamID: id, AgentID: string(agent)})
		}
	}
	return t.fail(op, "team", err)
}

// DeleteTeam removes a team and its membership.
func (t *Tx) DeleteTeam(ctx context.Context, account desk.AccountID, id desk.TeamID) error {
	const op = "delete team"
	if err := t.own(op, account); err != nil {
		return err
	}
	if err := t.q.DeleteTeamMembers(ctx, query.DeleteTeamMembersParams{AccountID: string(account), TeamID: string(id)}); err != nil {
		return t.fail(op, "team", err)
	}
	n, err := t.q.DeleteTeam(ctx, query.DeleteTeamParams{AccountID: string(account), ID: string(id)})
	return t.changed(op, "team", n, err)
}
