package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Staffing is what the account has said about who can do what and how teams
// work: settings as JSON by agent and by team, "" being the account itself.
type Staffing struct {
	Agents map[desk.AgentID]string
	Teams  map[desk.TeamID]string
}

// Skills lists the account's skills by name.
func (r Reads) Skills(ctx context.Context, account desk.AccountID) ([]desk.Skill, error) {
	rows, err := r.q.Skills(ctx, query.SkillsParams{AccountID: string(account), RowLimit: maxPage})
	if err != nil {
		return nil, r.fail("list skills", "skill", err)
	}
	out := make([]desk.Skill, len(rows))
	for i, row := range rows {
		out[i] = desk.Skill{
			ID: desk.SkillID(row.ID), AccountID: desk.AccountID(row.AccountID), Name: row.Name, CreatedAt: desk.FromMicros(row.CreatedUs),
		}
	}
	return out, nil
}

// InsertSkill adds a skill; Conflict if the account has one whose name has the key.
func (t *Tx) InsertSkill(ctx context.Context, s desk.Skill, key string) error {
	const op = "add skill"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "skill", t.q.InsertSkill(ctx, query.InsertSkillParams{
		AccountID: string(s.AccountID), ID: string(s.ID), Name: s.Name, NameKey: key, CreatedUs: desk.Micros(s.CreatedAt),
	}))
}

// RenameSkill changes a skill's name; Conflict if another has the key.
func (t *Tx) RenameSkill(ctx context.Context, s desk.Skill, key string) error {
	const op = "rename skill"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	n, err := t.q.RenameSkill(ctx, query.RenameSkillParams{Name: s.Name, NameKey: key, AccountID: string(s.AccountID), ID: string(s.ID)})
	return t.changed(op, "skill", n, err)
}

// DeleteSkill removes a skill; settings that name it are the caller's matter.
func (t *Tx) DeleteSkill(ctx context.Context, account desk.AccountID, id desk.SkillID) error {
	const op = "delete skill"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteSkill(ctx, query.DeleteSkillParams{AccountID: string(account), ID: string(id)})
	return t.changed(op, "skill", n, err)
}

// Staffing reads all the account's settings at once.
func (r Reads) Staffing(ctx context.Context, account desk.AccountID) (Staffing, error) {
	const op = "read staffing"
	agents, err := r.q.AgentWorks(ctx, query.AgentWorksParams{AccountID: string(account)})
	if err != nil {
		return Staffing{}, r.fail(op, "setting", err)
	}
	teams, err := r.q.TeamWorks(ctx, query.TeamWorksParams{AccountID: string(account)})
	if err != nil {
		return Staffing{}, r.fail(op, "setting", err)
	}
	s := Staffing{Agents: make(map[desk.AgentID]string, len(agents)), Teams: make(map[desk.TeamID]string, len(teams))}
	for _, a := range agents {
		s.Agents[desk.AgentID(a.AgentID)] = a.Settings
	}
	for _, t := range teams {
		s.Teams[desk.TeamID(t.TeamID)] = t.Settings
	}
	return s, nil
}

// PutAgentWork sets what an agent can take, as JSON.
func (t *Tx) PutAgentWork(ctx context.Context, account desk.AccountID, agent desk.AgentID, settings string) error {
	const op = "save agent's work"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "agent", t.q.PutAgentWork(ctx, query.PutAgentWorkParams{AccountID: string(account), AgentID: string(agent), Settings: settings}))
}

// PutTeamWork sets how a team works, as JSON; the team "" is the account itself.
func (t *Tx) PutTeamWork(ctx context.Context, account desk.AccountID, team desk.TeamID, settings string) error {
	const op = "save team's work"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "team", t.q.PutTeamWork(ctx, query.PutTeamWorkParams{AccountID: string(account), TeamID: string(team), Settings: settings}))
}

// Presences lists where the account's agents are; who never came is not in it.
func (r Reads) Presences(ctx context.Context, account desk.AccountID) ([]desk.Presence, error) {
	rows, err := r.q.Presences(ctx, query.PresencesParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list presence", "presence", err)
	}
	out := make([]desk.Presence, len(rows))
	for i, row := range rows {
		out[i] = presenceOf(row)
	}
	return out, nil
}

// Presence is where an agent is; Offline since ever if the agent never came.
func (r Reads) Presence(ctx context.Context, account desk.AccountID, agent desk.AgentID) (desk.Presence, error) {
	row, err := r.q.Presence(ctx, query.PresenceParams{AccountID: string(account), AgentID: string(agent)})
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Presence{AccountID: account, AgentID: agent, Status: desk.Offline, Reason: desk.PresenceDisconnected}, nil
	}
	if err != nil {
		return desk.Presence{}, r.fail("read presence", "presence", err)
	}
	return presenceOf(row), nil
}

func presenceOf(row query.Presence) desk.Presence {
	return desk.Presence{
		AccountID: desk.AccountID(row.AccountID), AgentID: desk.AgentID(row.AgentID), Choice: desk.PresenceStatus(row.Choice),
		Reason: row.Reason, Status: desk.PresenceStatus(row.Status), Since: desk.FromMicros(row.SinceUs),
	}
}

// PutPresence sets where an agent is.
func (t *Tx) PutPresence(ctx context.Context, p desk.Presence) error {
	const op = "save presence"
	if err := t.own(op, p.AccountID); err != nil {
		return err
	}
	return t.fail(op, "presence", t.q.PutPresence(ctx, query.PutPresenceParams{
		AccountID: string(p.AccountID), AgentID: string(p.AgentID), Choice: string(p.Choice), Reason: p.Reason,
		Status: string(p.Status), SinceUs: desk.Micros(p.Since),
	}))
}

// PresenceLink says that a node has connections of an agent.
type PresenceLink struct {
	AccountID desk.AccountID
	AgentID   desk.AgentID
	Node      string
	// Idle says that none of them has seen a hand for a while.
	Idle    bool
	Expires time.Time
}

// PresenceLinks lists the nodes that have connections of an agent now.
func (t *Tx) PresenceLinks(ctx context.Context, account desk.AccountID, agent desk.AgentID) ([]PresenceLink, error) {
	if err := t.own("list connections", account); err != nil {
		return nil, err
	}
	rows, err := t.q.PresenceLinks(ctx, query.PresenceLinksParams{AccountID: string(account), AgentID: string(agent), NowUs: desk.Micros(t.now)})
	return presenceLinks(rows), t.fail("list connections", "connection", err)
}

// ExpiredPresenceLinks lists connections of all accounts whose node had not
// renewed them at a moment, at most limit.
func (t *Tx) ExpiredPresenceLinks(ctx context.Context, at time.Time, limit int) ([]PresenceLink, error) {
	const op = "list lost connections"
	if err := t.installation(op); err != nil {
		return nil, err
	}
	rows, err := t.q.ExpiredPresenceLinks(ctx, query.ExpiredPresenceLinksParams{NowUs: desk.Micros(at), RowLimit: bound(limit)})
	return presenceLinks(rows), t.fail(op, "connection", err)
}

func presenceLinks(rows []query.PresenceLink) []PresenceLink {
	out := make([]PresenceLink, len(rows))
	for i, row := range rows {
		out[i] = PresenceLink{
			AccountID: desk.AccountID(row.AccountID), AgentID: desk.AgentID(row.AgentID), Node: row.Node, Idle: row.Idle,
			Expires: desk.FromMicros(row.ExpiresUs),
		}
	}
	return out
}

// PutPresenceLink notes that a node has connections of an agent.
func (t *Tx) PutPresenceLink(ctx context.Context, l PresenceLink) error {
	const op = "save connection"
	if err := t.own(op, l.AccountID); err != nil {
		return err
	}
	return t.fail(op, "connection", t.q.PutPresenceLink(ctx, query.PutPresenceLinkParams{
		AccountID: string(l.AccountID), AgentID: string(l.AgentID), Node: l.Node, Idle: l.Idle, ExpiresUs: desk.Micros(l.Expires),
	}))
}

// DeletePresenceLink notes that a node has none any more.
func (t *Tx) DeletePresenceLink(ctx context.Context, account desk.AccountID, agent desk.AgentID, node string) error {
	const op = "delete connection"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "connection", t.q.DeletePresenceLink(ctx, query.DeletePresenceLinkParams{
		AccountID: string(account), AgentID: string(agent), Node: node,
	}))
}

// RenewPresenceLinks says that a node is alive: all its connections, of all
// accounts, at once. It returns how many there were.
func (t *Tx) RenewPresenceLinks(ctx context.Context, node string, expires time.Time) (int64, error) {
	const op = "renew connections"
	if err := t.installation(op); err != nil {
		return 0, err
	}
	n, err := t.q.RenewPresenceLinks(ctx, query.RenewPresenceLinksParams{Node: node, ExpiresUs: desk.Micros(expires)})
	return n, t.fail(op, "connection", err)
}

// OpenLoad counts the open conversations of each agent, by an index look-up
// each; more than maxPage count as that.
func (r Reads) OpenLoad(ctx context.Context, account desk.AccountID) (map[desk.AgentID]int, error) {
	agents, err := r.Agents(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make(map[desk.AgentID]int, len(agents))
	for _, a := range agents {
		n, err := r.q.OpenLoad(ctx, query.OpenLoadParams{AccountID: string(account), AssigneeID: string(a.ID), RowLimit: maxPage})
		if err != nil {
			return nil, r.fail("count open conversations", "conversation", err)
		}
		out[a.ID] = int(n)
	}
	return out, nil
}
