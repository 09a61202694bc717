package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
)

// Me is the caller's own account.
type Me struct {
	Session
	TOTP SecondFactor `json:"totp"`
}

// SecondFactor tells how the caller logs in.
type SecondFactor struct {
	Enabled      bool `json:"enabled"`
	RecoveryLeft int  `json:"recovery_left" doc:"How many recovery codes are left."`
}

func (s *Server) me(ctx context.Context, c caller) (out[Me], error) {
	session, err := s.getSession(ctx, c, nil)
	if err != nil {
		return out[Me]{}, err
	}
	f, err := s.deps.Workspace.SecondFactor(ctx, c.Account, c.Agent)
	session.Body.Agent.TOTP = f.Enabled
	return out[Me]{Me{Session: session.Body, TOTP: SecondFactor(f)}}, err
}

func (s *Server) getMe(ctx context.Context, c caller, _ *nothing) (out[Me], error) {
	return s.me(ctx, c)
}

// inPerson refuses API tokens: what changes how somebody proves who they are
// is done by themselves.
func (c caller) inPerson(op string) error {
	if c.secret == "" {
		return desk.E(desk.Denied, op, "an API token cannot do this; log in")
	}
	return nil
}

type changeMeInput struct {
	Keyed
	Body struct {
		Name   *string      `json:"name,omitempty" minLength:"1" maxLength:"400"`
		Locale *desk.Locale `json:"locale,omitempty" enum:"zh-CN,en"`
	}
}

func (s *Server) changeMe(ctx context.Context, c caller, in *changeMeInput) (out[Me], error) {
	if err := c.inPerson("change own account"); err != nil {
		return out[Me]{}, err
	}
	_, err := s.deps.Workspace.ChangeAgent(ctx, c.Principal, c.Account, c.Agent, workspace.AgentChange{Name: in.Body.Name, Locale: in.Body.Locale})
	if err != nil {
		return out[Me]{}, err
	}
	return s.me(ctx, c)
}

type changePasswordInput struct {
	Keyed
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"1024"`
		New string `json:"new" minLength:"1" maxLength:"1024" doc:"At least 8 characters."`
	}
}

func (s *Server) changePassword(ctx context.Context, c caller, in *changePasswordInput) (noContent, error) {
	if err := c.inPerson("change password"); err != nil {
		return noContent{}, err
	}
	return noContent{}, s.deps.Workspace.ChangePassword(ctx, c.Principal, in.Body.Old, in.Body.New, c.from)
}

// NewTOTP is a secret for an authenticator app.
type NewTOTP struct {
	Secret string `json:"secret" doc:"For typing into the app."`
	URI    string `json:"uri" doc:"For the app's camera: draw it as a QR code."`
}

func (s *Server) beginTOTP(ctx context.Context, c caller, _ *keyedOnly) (out[NewTOTP], error) {
	if err := c.inPerson("begin second factor"); err != nil {
		return out[NewTOTP]{}, err
	}
	text, uri, err := s.deps.Workspace.BeginTOTP(ctx, c.Principal)
	return out[NewTOTP]{NewTOTP{Secret: text, URI: uri}}, err
}

type confirmTOTPInput struct {
	Keyed
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"6" pattern:"^[0-9]*$" example:"287082"`
	}
}

// RecoveryCodes let somebody in who has lost their device, each once.
type RecoveryCodes struct {
	Codes []string `json:"recovery_codes" doc:"Shown once."`
}

func (s *Server) confirmTOTP(ctx context.Context, c caller, in *confirmTOTPInput) (out[RecoveryCodes], error) {
	if err := c.inPerson("confirm second factor"); err != nil {
		return out[RecoveryCodes]{}, err
	}
	codes, err := s.deps.Workspace.ConfirmTOTP(ctx, c.Principal, in.Body.Code, c.from)
	return out[RecoveryCodes]{RecoveryCodes{Codes: codes}}, err
}

type disableTOTPInput struct {
	Keyed
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

func (s *Server) disableTOTP(ctx context.Context, c caller, in *disableTOTPInput) (noContent, error) {
	if err := c.inPerson("disable second factor"); err != nil {
		return noContent{}, err
	}
	return noContent{}, s.deps.Workspace.DisableTOTP(ctx, c.Principal, in.Body.Password, c.from)
}

func (s *Server) resetTOTP(ctx context.Context, c caller, in *Named) (noContent, error) {
	return noContent{}, s.deps.Workspace.ResetTOTP(ctx, c.Principal, c.Account, desk.AgentID(in.ID))
}

// Device is a log-in as its owner sees it.
type Device struct {
	ID        string    `json:"id"`
	Device    string    `json:"device" doc:"What the browser calls itself."`
	Address   string    `json:"addr,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"The last use, to ten minutes."`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current,omitempty" doc:"It is the one that asks."`
}

func deviceShape(d workspace.Device) Device {
	return Device{
		ID: d.ID, Device: d.Browser, Address: d.Address, CreatedAt: d.CreatedAt, SeenAt: d.SeenAt, ExpiresAt: d.ExpiresAt, Current: d.Current,
	}
}

func (s *Server) listMySessions(ctx context.Context, c caller, _ *nothing) (out[Items[Device]], error) {
	if err := c.inPerson("list sessions"); err != nil {
		return out[Items[Device]]{}, err
	}
	devices, err := s.deps.Workspace.Devices(ctx, c.Principal, c.Agent)
	return itemsOf(devices, deviceShape), err
}

func (s *Server) listSessions(ctx context.Context, c caller, in *namedQuery) (out[Items[Device]], error) {
	devices, err := s.deps.Workspace.Devices(ctx, c.Principal, desk.AgentID(in.ID))
	return itemsOf(devices, deviceShape), err
}

func (s *Server) endSession(ctx context.Context, c caller, in *Named) (noContent, error) {
	if !c.Permissions.Has(auth.SessionsManage) {
		if err := c.inPerson("end session"); err != nil {
			return noContent{}, err
		}
	}
	return noContent{}, s.deps.Workspace.EndSession(ctx, c.Principal, in.Key, in.ID)
}
