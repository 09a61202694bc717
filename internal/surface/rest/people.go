package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/text"
)

// Agent is a colleague.
type Agent struct {
	ID       desk.AgentID `json:"id"`
	Name     string       `json:"name"`
	Initials string       `json:"initials,omitempty" doc:"Pinyin initials of the name."`
	Email    string       `json:"email"`
	RoleID   desk.Role    `json:"role_id" doc:"administrator, supervisor, agent, or a role of the account's own."`
	RoleName string       `json:"role_name" doc:"What the account calls it; of a built-in role its id."`
	Locale   desk.Locale  `json:"locale,omitempty"`
	Disabled bool         `json:"disabled,omitempty"`
	TOTP     bool         `json:"totp" doc:"Logs in with a second factor."`
	LastSeen time.Time    `json:"last_seen,omitzero" doc:"The last use of a session that is still kept."`
}

func (s *Server) agentShape(ctx context.Context, a desk.Agent) Agent {
	return Agent{
		ID: a.ID, Name: a.Name, Initials: text.NameInitials(a.Name), Email: a.Email, RoleID: a.Role,
		RoleName: s.deps.Workspace.RoleName(ctx, a.AccountID, a.Role), Locale: a.Locale, Disabled: a.Disabled,
	}
}

func (s *Server) listAgents(ctx context.Context, c caller, _ *nothing) (out[Items[Agent]], error) {
	agents, err := s.deps.Workspace.Colleagues(ctx, c.Account)
	return itemsOf(agents, func(a workspace.Colleague) Agent { return s.colleagueShape(ctx, a) }), err
}

func (s *Server) colleagueShape(ctx context.Context, a workspace.Colleague) Agent {
	shape := s.agentShape(ctx, a.Agent)
	shape.TOTP, shape.LastSeen = a.TOTP, a.LastSeen
	return shape
}

type changeAgentInput struct {
	Named
	Body struct {
		Name     *string      `json:"name,omitempty" minLength:"1" maxLength:"400"`
		RoleID   *desk.Role   `json:"role_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		Disabled *bool        `json:"disabled,omitempty" doc:"Ends sessions and tokens at once; conversations stay assigned."`
		Locale   *desk.Locale `json:"locale,omitempty" enum:"zh-CN,en"`
	}
}

func (s *Server) changeAgent(ctx context.Context, c caller, in *changeAgentInput) (out[Agent], error) {
	b := in.Body
	_, err := s.deps.Workspace.ChangeAgent(ctx, c.Principal, c.Account, desk.AgentID(in.ID), workspace.AgentChange{
		Name: b.Name, Role: b.RoleID, Disabled: b.Disabled, Locale: b.Locale,
	})
	if err != nil {
		return out[Agent]{}, err
	}
	changed, err := s.deps.Workspace.Colleague(ctx, c.Account, desk.AgentID(in.ID))
	return out[Agent]{s.colleagueShape(ctx, changed)}, err
}

// Team is a group of agents.
type Team struct {
	ID       desk.TeamID    `json:"id"`
	Name     string         `json:"name"`
	Members  []desk.AgentID `json:"member_ids"`
	Revision desk.Revision  `json:"revision"`
}

func teamShape(t desk.Team) Team {
	return Team{ID: t.ID, Name: t.Name, Members: append([]desk.AgentID{}, t.Members...), Revision: t.Revision()}
}

func (s *Server) listTeams(ctx context.Context, c caller, _ *nothing) (out[Items[Team]], error) {
	teams, err := s.deps.Workspace.Teams(ctx, c.Account)
	return itemsOf(teams, teamShape), err
}

// teamBody is a team to make, or what one becomes.
type teamBody struct {
	Name    string         `json:"name" minLength:"1" maxLength:"400" example:"售后"`
	Members []desk.AgentID `json:"member_ids" maxItems:"1000" nullable:"false"`
	Seen
}

type createTeamInput struct {
	Keyed
	Body teamBody
}

func (s *Server) createTeam(ctx context.Context, c caller, in *createTeamInput) (out[Team], error) {
	t, err := s.deps.Workspace.SaveTeamAs(ctx, c.Principal, workspace.TeamChange{
		Team: desk.Team{AccountID: c.Account, Name: in.Body.Name, Members: in.Body.Members}, Once: in.Key,
	})
	return out[Team]{teamShape(t)}, err
}

type changeTeamInput struct {
	Named
	Body teamBody
}

func (s *Server) changeTeam(ctx context.Context, c caller, in *changeTeamInput) (out[Team], error) {
	t, err := s.deps.Workspace.SaveTeamAs(ctx, c.Principal, workspace.TeamChange{
		Team: desk.Team{ID: desk.TeamID(in.ID), AccountID: c.Account, Name: in.Body.Name, Members: in.Body.Members},
		Seen: in.Body.Revision,
	})
	return out[Team]{teamShape(t)}, err
}

func (s *Server) deleteTeam(ctx context.Context, c caller, in *Named) (noContent, error) {
	return noContent{}, s.deps.Workspace.DeleteTeam(ctx, c.Principal, c.Account, desk.TeamID(in.ID))
}
