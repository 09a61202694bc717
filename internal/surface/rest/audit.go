package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
)

// Act is a recorded act of administration.
type Act struct {
	ID      string         `json:"id"`
	At      time.Time      `json:"at"`
	Actor   ActActor       `json:"actor"`
	Action  string         `json:"action" example:"role.changed"`
	Target  ActTarget      `json:"target"`
	Details map[string]any `json:"details" doc:"What was changed, as {from, to} by field, or what was made. Never secrets."`
	Token   string         `json:"token,omitempty" doc:"The API token that was used."`
	Address string         `json:"addr,omitempty" doc:"Where it came from; missing for the command line."`
}

// ActActor is who did it; without an id it was the operator at the command line.
type ActActor struct {
	ID   desk.AgentID `json:"id,omitempty"`
	Name string       `json:"name,omitempty"`
}

// ActTarget is what was acted on, with its name of that time.
type ActTarget struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// ActPage is a page, the newest first.
type ActPage struct {
	Items      []Act  `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Missing at the end."`
}

type listAuditInput struct {
	Actor  desk.AgentID `query:"actor" maxLength:"40" pattern:"^[a-z0-9_]*$"`
	Action string       `query:"action" maxLength:"64" pattern:"^[a-z_.]*$" example:"role.changed"`
	Cursor string       `query:"cursor" maxLength:"64"`
	Limit  int          `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Server) listAudit(ctx context.Context, c caller, in *listAuditInput) (out[ActPage], error) {
	found, next, err := s.deps.Audit.List(ctx, audit.Query{
		Account: c.Account, Actor: in.Actor, Action: in.Action, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return out[ActPage]{}, err
	}
	page := ActPage{Items: make([]Act, len(found)), NextCursor: next}
	for i, r := range found {
		page.Items[i] = Act{
			ID: r.ID, At: r.At, Action: r.Action, Token: r.Token, Address: r.Address, Details: r.Details,
			Actor:  ActActor{ID: r.Actor, Name: s.deps.Workspace.AgentName(ctx, c.Account, r.Actor)},
			Target: ActTarget{Kind: r.Target.Kind, ID: r.Target.ID, Name: s.targetName(ctx, c.Account, r.Target)},
		}
		if page.Items[i].Details == nil {
			page.Items[i].Details = map[string]any{}
		}
	}
	return out[ActPage]{page}, nil
}

// targetName is the recorded name, or for colleagues without one today's.
func (s *Server) targetName(ctx context.Context, account desk.AccountID, t audit.Target) string {
	if t.Name == "" && t.Kind == "agent" {
		return s.deps.Workspace.AgentName(ctx, account, desk.AgentID(t.ID))
	}
	return t.Name
}
