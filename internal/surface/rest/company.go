package rest

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
)

type changeAccountInput struct {
	Keyed
	Body struct {
		Name        *string      `json:"name,omitempty" minLength:"1" maxLength:"400"`
		Locale      *desk.Locale `json:"locale,omitempty" enum:"zh-CN,en" doc:"Of the company's own mails and of new colleagues."`
		RequireTOTP *bool        `json:"require_totp,omitempty" doc:"Needs a second factor of the caller (otherwise 409). API tokens go on."`
	}
}

func (s *Server) changeAccount(ctx context.Context, c caller, in *changeAccountInput) (out[Account], error) {
	if in.Body.RequireTOTP != nil {
		if err := c.inPerson("change account"); err != nil {
			return out[Account]{}, err
		}
	}
	a, err := s.deps.Workspace.ChangeAccount(ctx, c.Principal, c.Account, workspace.AccountChange{
		Name: in.Body.Name, Locale: in.Body.Locale, RequireTOTP: in.Body.RequireTOTP,
	})
	return out[Account]{accountShape(a)}, err
}
