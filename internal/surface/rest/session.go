package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
)

type logInInput struct {
	Body struct {
		Email    string `json:"email" minLength:"3" maxLength:"254" example:"demo@yingda.dev"`
		Password string `json:"password" minLength:"1" maxLength:"1024" example:"yingda-demo"`
		Code     string `json:"code,omitempty" maxLength:"40" doc:"Of the authenticator app, or a recovery code; asked for by a 401 with the field code."`
	}
}

// Account is the company.
type Account struct {
	ID          desk.AccountID `json:"id"`
	Name        string         `json:"name"`
	Locale      desk.Locale    `json:"locale"`
	RequireTOTP bool           `json:"require_totp" doc:"People can work only once they have a second factor."`
}

func accountShape(a desk.Account) Account {
	return Account{ID: a.ID, Name: a.Name, Locale: a.Locale, RequireTOTP: a.RequireTOTP}
}

// Features are what this installation can do.
type Features struct {
	Mail           bool  `json:"mail" doc:"Mails can be sent: transcripts and invitations."`
	MaxUploadBytes int64 `json:"max_upload_bytes"`
}

// Session is who is logged in and what they may do.
type Session struct {
	Agent       Agent             `json:"agent"`
	Account     Account           `json:"account"`
	Permissions []auth.Permission `json:"permissions"`
	Visibility  desk.Reach        `json:"visibility" enum:"own,team,all" doc:"Which conversations are seen."`
	Features    Features          `json:"features"`
	Must        string            `json:"must,omitempty" enum:",totp" doc:"What has to be done before anything else is permitted: totp is to set up a second factor."`
	CSRFToken   string            `json:"csrf_token,omitempty" doc:"Send it as X-CSRF-Token with every command; empty for API tokens."`
}

type sessionOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Session
}

type nothing struct{}

type noContent struct{}

func (s *Server) logIn(ctx context.Context, c caller, in *logInInput) (sessionOutput, error) {
	l, err := s.deps.Workspace.LogIn(ctx, workspace.Credentials{
		Email: in.Body.Email, Password: in.Body.Password, Code: strings.TrimSpace(in.Body.Code),
	}, c.from)
	if err != nil {
		return sessionOutput{}, err
	}
	return s.loggedIn(ctx, l), nil
}

// loggedIn hands the session to the browser.
func (s *Server) loggedIn(ctx context.Context, l workspace.LoggedIn) sessionOutput {
	return sessionOutput{
		SetCookie: []http.Cookie{s.cookie(l.Secret, 0)},
		Body:      s.sessionShape(ctx, l.Agent, l.Account, l.Principal),
	}
}

func (s *Server) sessionShape(ctx context.Context, a desk.Agent, account desk.Account, p auth.Principal) Session {
	return Session{
		Agent: s.agentShape(ctx, a), Account: accountShape(account),
		Permissions: p.Permissions.List(), Visibility: p.Sight.Reach,
		Features:  Features{Mail: s.deps.Mails.Enabled(), MaxUploadBytes: s.deps.Files.MaxSize()},
		CSRFToken: p.CSRF,
		Must:      map[bool]string{true: "totp"}[p.NeedsFactor],
	}
}

// cookie carries a session secret; a negative age takes it away.
func (s *Server) cookie(secret string, maxAge int) http.Cookie {
	if maxAge == 0 {
		maxAge = int((90 * 24 * time.Hour).Seconds()) // the session's own end comes first
	}
	return http.Cookie{ //nolint:gosec // Secure where the site is reached by https; a demonstration on this machine is not
		Name: sessionCookie, Value: secret, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.config.Secure, SameSite: http.SameSiteLaxMode,
	}
}

func (s *Server) getSession(ctx context.Context, c caller, _ *nothing) (sessionOutput, error) {
	agent, err := s.deps.Workspace.Agent(ctx, c.Account, c.Agent)
	if err != nil {
		return sessionOutput{}, err
	}
	account, err := s.deps.Workspace.Account(ctx, c.Account)
	if err != nil {
		return sessionOutput{}, err
	}
	return sessionOutput{Body: s.sessionShape(ctx, agent, account, c.Principal)}, nil
}

type logOutOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (s *Server) logOut(ctx context.Context, c caller, _ *nothing) (logOutOutput, error) {
	if c.secret == "" {
		return logOutOutput{}, desk.E(desk.Invalid, "log out", "an API token is revoked, not logged out")
	}
	if err := s.deps.Workspace.LogOut(ctx, c.secret); err != nil {
		return logOutOutput{}, err
	}
	return logOutOutput{SetCookie: []http.Cookie{s.cookie("", -1)}}, nil
}
