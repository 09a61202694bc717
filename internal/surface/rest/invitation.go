package rest

import (
	"context"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/courier"
	"yingda.dev/internal/flow/workspace"
)

// Invitation waits for a colleague to follow its link.
type Invitation struct {
	ID        string        `json:"id"`
	Email     string        `json:"email,omitempty" doc:"Whom it is for; missing means whoever has the link."`
	RoleID    desk.Role     `json:"role_id"`
	Teams     []desk.TeamID `json:"team_ids"`
	CreatedBy desk.AgentID  `json:"created_by,omitempty"`
	CreatedAt time.Time     `json:"created_at"`
	ExpiresAt time.Time     `json:"expires_at"`
}

func invitationShape(i workspace.Invitation) Invitation {
	return Invitation{
		ID: i.ID, Email: i.Email, RoleID: i.Role, Teams: append([]desk.TeamID{}, i.Teams...), CreatedBy: i.CreatedBy,
		CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}
}

func (s *Server) listInvitations(ctx context.Context, c caller, _ *nothing) (out[Items[Invitation]], error) {
	found, err := s.deps.Workspace.Invitations(ctx, c.Account)
	return itemsOf(found, invitationShape), err
}

type inviteInput struct {
	Keyed
	Body struct {
		Email string        `json:"email,omitempty" maxLength:"254"`
		Role  desk.Role     `json:"role_id" minLength:"1" maxLength:"40" pattern:"^[a-z0-9_]*$" example:"agent"`
		Teams []desk.TeamID `json:"team_ids,omitempty" maxItems:"50" nullable:"false"`
	}
}

// NewInvitation is an invitation with its link, shown this once.
type NewInvitation struct {
	Invitation
	URL string `json:"url" doc:"Shown once. Without a configured public address it begins with a slash: put the page's origin before it."`
	// Mailed tells that the link is on its way to the colleague.
	Mailed bool `json:"mailed" doc:"The link is on its way by e-mail."`
}

func (s *Server) invite(ctx context.Context, c caller, in *inviteInput) (out[NewInvitation], error) {
	secret, made, err := s.deps.Workspace.Invite(ctx, c.Principal, c.Account, workspace.NewInvitation{
		Once: in.Key, Email: in.Body.Email, Role: in.Body.Role, Teams: in.Body.Teams,
	})
	// In the fragment: it is sent to no server and stands in no log.
	url := strings.TrimSuffix(s.config.PublicURL, "/") + "/desk/invite#" + secret
	shape := NewInvitation{Invitation: invitationShape(made), URL: url}
	if err == nil && made.Email != "" && s.config.PublicURL != "" && s.deps.Mails.Enabled() {
		// The invitation stands without the mail, and the link is in the answer.
		if e := s.deps.Mails.Invite(ctx, courier.Invitation{
			Account: c.Account, To: made.Email, By: c.Agent, URL: url, Expires: made.ExpiresAt,
		}); e != nil {
			s.deps.Log.WarnContext(ctx, "an invitation was not mailed", "error", e)
		} else {
			shape.Mailed = true
		}
	}
	return out[NewInvitation]{shape}, err
}

func (s *Server) revokeInvitation(ctx context.Context, c caller, in *Named) (noContent, error) {
	return noContent{}, s.deps.Workspace.RevokeInvitation(ctx, c.Account, in.Key, in.ID)
}

type lookInvitationInput struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"100" doc:"What stands behind # in the link."`
	}
}

// Invited is what somebody sees who follows a link.
type Invited struct {
	Company   string      `json:"company"`
	Email     string      `json:"email,omitempty"`
	RoleID    desk.Role   `json:"role_id"`
	RoleName  string      `json:"role_name"`
	Locale    desk.Locale `json:"locale"`
	ExpiresAt time.Time   `json:"expires_at"`
}

func (s *Server) lookInvitation(ctx context.Context, _ caller, in *lookInvitationInput) (out[Invited], error) {
	i, err := s.deps.Workspace.LookInvitation(ctx, in.Body.Token)
	return out[Invited]{Invited{
		Company: i.Company, Email: i.Email, RoleID: i.Role, RoleName: i.RoleName, Locale: i.Locale, ExpiresAt: i.ExpiresAt,
	}}, err
}

type acceptInvitationInput struct {
	Body struct {
		Token    string      `json:"token" minLength:"1" maxLength:"100" doc:"What stands behind # in the link."`
		Name     string      `json:"name" minLength:"1" maxLength:"400"`
		Email    string      `json:"email" minLength:"3" maxLength:"254"`
		Password string      `json:"password" minLength:"1" maxLength:"1024" doc:"At least 8 characters."`
		Locale   desk.Locale `json:"locale,omitempty" enum:"zh-CN,en"`
	}
}

func (s *Server) acceptInvitation(ctx context.Context, c caller, in *acceptInvitationInput) (sessionOutput, error) {
	b := in.Body
	l, err := s.deps.Workspace.AcceptInvitation(ctx, workspace.Accepted{
		Secret: b.Token, Name: b.Name, Email: b.Email, Password: b.Password, Locale: b.Locale,
	}, c.from)
	if err != nil {
		return sessionOutput{}, err
	}
	return s.loggedIn(ctx, l), nil
}
