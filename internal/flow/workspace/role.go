package workspace

import (
	"context"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
)

// Role is what its holders may do and see.
type Role struct {
	ID desk.Role
	// Name is the account's; built-in roles are named by the pages.
	Name        string
	Permissions auth.Set
	Reach       desk.Reach
	// BuiltIn roles are in every account and cannot be changed.
	BuiltIn bool
	// Agents counts those who have it; only Roles fills it in.
	Agents    int
	CreatedAt time.Time
}

// Revision names what the role is now.
func (r Role) Revision() desk.Revision {
	return desk.RevisionOf(r.Name, r.Permissions.List(), r.Reach)
}

// builtIn are the roles that every account has.
func builtIn() []Role {
	var roles []Role
	for _, id := range []desk.Role{desk.Administrator, desk.Supervisor, desk.Answerer} {
		roles = append(roles, Role{ID: id, Name: string(id), Permissions: auth.RolePermissions(id), Reach: desk.ReachAll, BuiltIn: true})
	}
	return roles
}

func isRoleID(id desk.Role) bool {
	return id == desk.Administrator || id == desk.Supervisor || id == desk.Answerer || strings.HasPrefix(string(id), "rol_")
}

func errNoRole(op string) error { return desk.InvalidField(op, "role_id", "there is no such role") }

// roles lists built-in roles and then the account's own.
func (s *Service) roles(ctx context.Context, account desk.AccountID) ([]Role, error) {
	return readRoles(ctx, s.deps.Store.Reads, account)
}

func readRoles(ctx context.Context, r store.Reads, account desk.AccountID) ([]Role, error) {
	rows, err := r.Roles(ctx, account)
	if err != nil {
		return nil, err
	}
	roles := builtIn()
	for _, row := range rows {
		roles = append(roles, roleOf(row))
	}
	return roles, nil
}

func roleOf(row store.Role) Role {
	names := make([]auth.Permission, len(row.Permissions))
	for i, p := range row.Permissions {
		names[i] = auth.Permission(p)
	}
	// A permission that no longer exists permits nothing.
	return Role{
		ID: row.ID, Name: row.Name, Permissions: auth.NewSet(names...), Reach: desk.Reach(row.Visibility), CreatedAt: row.CreatedAt,
	}
}

// Roles lists the roles of the account, the built-in ones first, with how many have each.
func (s *Service) Roles(ctx context.Context, account desk.AccountID) ([]Role, error) {
	roles, err := s.roles(ctx, account)
	if err != nil {
		return nil, err
	}
	agents, err := s.deps.Store.Agents(ctx, account)
	for _, a := range agents {
		if i := slices.IndexFunc(roles, func(r Role) bool { return r.ID == a.Role }); i >= 0 {
			roles[i].Agents++
		}
	}
	return roles, err
}

// RoleName is what the account calls a role, from the cache; built-in ones are
// named by their id.
func (s *Service) RoleName(ctx context.Context, account desk.AccountID, id desk.Role) string {
	d, err := s.directory(ctx, account)
	if err != nil {
		return string(id)
	}
	return d.roles[id].Name
}

// house is what an account is made of, read in one transaction, to decide by.
type house struct {
	account desk.AccountID
	roles   []Role
	teams   []desk.Team
}

func rolesAndTeams(ctx context.Context, r store.Reads, account desk.AccountID) (h house, err error) {
	h.account = account
	if h.roles, err = readRoles(ctx, r, account); err != nil {
		return h, err
	}
	h.teams, err = r.Teams(ctx, account)
	return h, err
}

func (h house) role(id desk.Role) (Role, bool) {
	i := slices.IndexFunc(h.roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return Role{}, false
	}
	return h.roles[i], true
}

// known refuses roles that the account does not have.
func (h house) known(op string, id desk.Role) error {
	if _, ok := h.role(id); !ok {
		return errNoRole(op)
	}
	return nil
}

// now is what a caller may do at this moment, whatever they might a moment ago.
func (h house) now(ctx context.Context, r store.Reads, op string, by auth.Principal) (auth.Set, desk.Sight, error) {
	agent, err := r.Agent(ctx, h.account, by.Agent)
	if err != nil || agent.Disabled {
		return 0, desk.Sight{}, desk.E(desk.Denied, op, "you may not do this any more")
	}
	role, _ := h.role(agent.Role)
	may, sight := standing(agent.Role, agent.ID, role, h.teams)
	return may.Intersect(by.Permissions), sight, nil
}

// within refuses to touch a role that may more than the caller.
func (h house) within(ctx context.Context, r store.Reads, op string, by auth.Principal, id desk.Role) error {
	role, ok := h.role(id)
	if !ok {
		return errNoRole(op)
	}
	return h.grants(ctx, r, op, by, role)
}

// grants refuses to hand out, or to take away, what the caller has not.
func (h house) grants(ctx context.Context, r store.Reads, op string, by auth.Principal, role Role) error {
	if by.Agent == "" {
		return nil // the operator
	}
	may, sight, err := h.now(ctx, r, op, by)
	if err != nil {
		return err
	}
	if !may.Contains(role.Permissions) {
		return desk.E(desk.Denied, op, "nobody can give or take rights that they do not have")
	}
	if !role.Reach.Within(sight.Reach) {
		return desk.E(desk.Denied, op, "nobody can let others see more than they see")
	}
	return nil
}

// NewRole is a role to make, or what one becomes.
type NewRole struct {
	// Once, if set, is an idempotency key: a repeat answers with the first role.
	Once string
	// ID "" makes one.
	ID          desk.Role
	Name        string
	Permissions auth.Set
	Reach       desk.Reach
	// Seen, if set, must be the role's revision; otherwise it is a Conflict.
	Seen desk.Revision
}

// SaveRole makes or changes a role of the account. Nobody can put into a role,
// or take from it, what they may not do themselves (Denied). Built-in roles
// cannot be changed (Denied); two roles cannot have one name (Conflict).
func (s *Service) SaveRole(ctx context.Context, by auth.Principal, account desk.AccountID, n NewRole) (Role, error) {
	const op = "save role"
	if err := checkName(op, "name", n.Name); err != nil {
		return Role{}, err
	}
	if !n.Reach.Within(desk.ReachAll) {
		return Role{}, desk.InvalidField(op, "visibility", "visibility is own, team or all")
	}
	if n.Permissions == 0 {
		return Role{}, desk.InvalidField(op, "permissions", "a role permits at least one thing")
	}
	if slices.ContainsFunc(builtIn(), func(r Role) bool { return r.ID == n.ID }) {
		return Role{}, desk.E(desk.Denied, op, "built-in roles cannot be changed; make one of your own")
	}
	role := Role{ID: n.ID, Name: strings.TrimSpace(n.Name), Permissions: n.Permissions, Reach: n.Reach, CreatedAt: s.deps.Clock.Now()}
	if n.ID == "" {
		role.ID = desk.Role(s.deps.IDs.Other("rol"))
	}
	out := role
	err := s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		people, err := rolesAndTeams(ctx, tx.Reads, account)
		if err != nil {
			return err
		}
		if err := people.grants(ctx, tx.Reads, op, by, role); err != nil {
			return err
		}
		free := func() error {
			if slices.ContainsFunc(people.roles, func(r Role) bool { return r.ID != role.ID && strings.EqualFold(r.Name, role.Name) }) {
				return &desk.Error{Kind: desk.Conflict, Op: op, Field: "name", Msg: "there is a role of this name already"}
			}
			return nil
		}
		if n.ID == "" {
			return once(ctx, tx, pen, "create role", n.Once, string(role.ID), func() error {
				out = role
				if err := free(); err != nil {
					return err
				}
				return putRole(ctx, tx, pen, account, "role.created", role, roleDetails(role))
			}, func(first string) error {
				out, _ = people.role(desk.Role(first))
				return nil
			})
		}
		before, ok := people.role(n.ID)
		if !ok {
			return desk.E(desk.NotFound, op, "there is no such role")
		}
		if err := people.grants(ctx, tx.Reads, op, by, before); err != nil {
			return err
		}
		if err := free(); err != nil {
			return err
		}
		role.CreatedAt = before.CreatedAt
		out = role
		changes := audit.Changes(roleDetails(before), roleDetails(role))
		if len(changes) == 0 {
			return nil // a repeat, or nothing to do
		}
		if err := n.Seen.Seen(op, before.Revision()); err != nil {
			return err
		}
		return putRole(ctx, tx, pen, account, "role.changed", role, changes)
	})
	return out, err
}

func putRole(ctx context.Context, tx *store.Tx, pen audit.Pen, account desk.AccountID, action string, r Role, details map[string]any) error {
	row := store.Role{ID: r.ID, AccountID: account, Name: r.Name, Visibility: string(r.Reach), CreatedAt: r.CreatedAt}
	for _, p := range r.Permissions.List() {
		row.Permissions = append(row.Permissions, string(p))
	}
	if err := tx.PutRole(ctx, row); err != nil {
		return err
	}
	return pen.Write(ctx, tx, roleAct(action, r, details))
}

func roleDetails(r Role) map[string]any {
	return map[string]any{"name": r.Name, "permissions": r.Permissions.List(), "visibility": r.Reach}
}

func roleAct(action string, r Role, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "role", ID: string(r.ID), Name: r.Name}, Details: details}
}

// DeleteRole removes a role that nobody has (otherwise Conflict), and the
// invitations to it.
func (s *Service) DeleteRole(ctx context.Context, by auth.Principal, account desk.AccountID, id desk.Role) error {
	const op = "delete role"
	if slices.ContainsFunc(builtIn(), func(r Role) bool { return r.ID == id }) {
		return desk.E(desk.Denied, op, "built-in roles stay")
	}
	return s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		people, err := rolesAndTeams(ctx, tx.Reads, account)
		if err != nil {
			return err
		}
		role, ok := people.role(id)
		if !ok {
			return desk.E(desk.NotFound, op, "there is no such role")
		}
		if err := people.grants(ctx, tx.Reads, op, by, role); err != nil {
			return err
		}
		agents, err := tx.Agents(ctx, account)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(agents, func(a store.Agent) bool { return a.Role == id }) {
			return desk.E(desk.Conflict, op, "colleagues have this role; give them another one first")
		}
		invitations, err := tx.Invitations(ctx, account)
		if err != nil {
			return err
		}
		for _, i := range invitations {
			if i.Role != id {
				continue
			}
			if err := tx.DeleteInvitation(ctx, account, i.ID); err != nil {
				return err
			}
		}
		if err := tx.DeleteRole(ctx, account, id); err != nil {
			return err
		}
		return pen.Write(ctx, tx, roleAct("role.deleted", role, roleDetails(role)))
	})
}
