package rest

import (
	"context"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
)

// Role is what its holders may do and see.
type Role struct {
	ID          desk.Role         `json:"id"`
	Name        string            `json:"name" doc:"Of a built-in role its id."`
	Permissions []auth.Permission `json:"permissions"`
	Visibility  desk.Reach        `json:"visibility" enum:"own,team,all"`
	BuiltIn     bool              `json:"builtin"`
	Agents      int               `json:"agents" doc:"How many colleagues have it."`
	CreatedAt   time.Time         `json:"created_at,omitzero"`
	Revision    desk.Revision     `json:"revision"`
}

func roleShape(r workspace.Role) Role {
	return Role{
		ID: r.ID, Name: r.Name, Permissions: r.Permissions.List(), Visibility: r.Reach, BuiltIn: r.BuiltIn,
		Agents: r.Agents, CreatedAt: r.CreatedAt, Revision: r.Revision(),
	}
}

func (s *Server) listRoles(ctx context.Context, c caller, _ *nothing) (out[Items[Role]], error) {
	roles, err := s.deps.Workspace.Roles(ctx, c.Account)
	return itemsOf(roles, roleShape), err
}

// roleBody is a role to make, or what one becomes.
type roleBody struct {
	Name        string     `json:"name" minLength:"1" maxLength:"400" example:"夜班客服"`
	Permissions []string   `json:"permissions" minItems:"1" maxItems:"64" nullable:"false" example:"[\"conversations.read\"]" doc:"At most what you may do yourself."`
	Visibility  desk.Reach `json:"visibility" enum:"own,team,all"`
	Seen
}

// Seen is in what several people edit.
type Seen struct {
	Revision desk.Revision `json:"revision,omitempty" maxLength:"64" doc:"What was seen of it. A change is refused (409) if it is something else now."`
}

func (s *Server) saveRole(ctx context.Context, c caller, key string, id desk.Role, b roleBody, seen desk.Revision) (out[Role], error) {
	permissions, err := auth.ParseSet(b.Permissions)
	if err != nil {
		return out[Role]{}, err
	}
	role, err := s.deps.Workspace.SaveRole(ctx, c.Principal, c.Account, workspace.NewRole{
		Once: key, ID: id, Name: b.Name, Permissions: permissions, Reach: b.Visibility, Seen: seen,
	})
	return out[Role]{roleShape(role)}, err
}

type createRoleInput struct {
	Keyed
	Body roleBody
}

func (s *Server) createRole(ctx context.Context, c caller, in *createRoleInput) (out[Role], error) {
	return s.saveRole(ctx, c, in.Key, "", in.Body, "")
}

type changeRoleInput struct {
	Named
	Body roleBody
}

func (s *Server) changeRole(ctx context.Context, c caller, in *changeRoleInput) (out[Role], error) {
	return s.saveRole(ctx, c, in.Key, desk.Role(in.ID), in.Body, in.Body.Revision)
}

func (s *Server) deleteRole(ctx context.Context, c caller, in *Named) (noContent, error) {
	return noContent{}, s.deps.Workspace.DeleteRole(ctx, c.Principal, c.Account, desk.Role(in.ID))
}

// PermissionGroup are permissions about one thing.
type PermissionGroup struct {
	Group       string            `json:"group" doc:"The noun before the point."`
	Permissions []auth.Permission `json:"permissions"`
}

// listPermissions groups them for the editor of roles, in their own order.
func (s *Server) listPermissions(context.Context, caller, *nothing) (out[Items[PermissionGroup]], error) {
	groups := []PermissionGroup{}
	at := make(map[string]int)
	for _, p := range auth.Permissions() {
		noun, _, _ := strings.Cut(string(p), ".")
		i, ok := at[noun]
		if !ok {
			i = len(groups)
			at[noun], groups = i, append(groups, PermissionGroup{Group: noun})
		}
		groups[i].Permissions = append(groups[i].Permissions, p)
	}
	return out[Items[PermissionGroup]]{Items[PermissionGroup]{groups}}, nil
}
