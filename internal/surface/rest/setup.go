package rest

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
)

// Setup tells whether the installation waits for its first company.
type Setup struct {
	Needed     bool `json:"needed"`
	CodeNeeded bool `json:"code_needed" doc:"The caller is on another machine and needs the code that the program printed at its start."`
}

func (s *Server) getSetup(ctx context.Context, c caller, _ *nothing) (out[Setup], error) {
	needed, err := s.deps.Workspace.SetupNeeded(ctx)
	return out[Setup]{Setup{Needed: needed, CodeNeeded: needed && !c.from.Local}}, err
}

type setUpInput struct {
	Body struct {
		Company  string      `json:"company" minLength:"1" maxLength:"400" example:"应答优选商城"`
		Name     string      `json:"name" minLength:"1" maxLength:"400" example:"陈晨"`
		Email    string      `json:"email" minLength:"3" maxLength:"254" example:"chen@example.com"`
		Password string      `json:"password" minLength:"1" maxLength:"1024" doc:"At least 8 characters."`
		Locale   desk.Locale `json:"locale,omitempty" enum:"zh-CN,en" default:"zh-CN"`
		Code     string      `json:"code,omitempty" maxLength:"40" doc:"As printed at the start; not needed on the same machine."`
	}
}

func (s *Server) setUp(ctx context.Context, c caller, in *setUpInput) (sessionOutput, error) {
	b := in.Body
	l, err := s.deps.Workspace.SetUp(ctx, workspace.NewCompany{
		Company: b.Company, Name: b.Name, Email: b.Email, Password: b.Password, Locale: b.Locale, Code: b.Code,
	}, c.from)
	if err != nil {
		return sessionOutput{}, err
	}
	return s.loggedIn(ctx, l), nil
}
