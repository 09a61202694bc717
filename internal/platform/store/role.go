package store

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Role is a role that an account made. Built-in ones are not stored.
type Role struct {
	ID          desk.Role
	AccountID   desk.AccountID
	Name        string
	Permissions []string
	Visibility  string
	CreatedAt   time.Time
}

// Roles lists the account's own roles by id.
func (r Reads) Roles(ctx context.Context, account desk.AccountID) ([]Role, error) {
	const op = "list roles"
	rows, err := r.q.Roles(ctx, query.RolesParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail(op, "role", err)
	}
	out := make([]Role, len(rows))
	for i, row := range rows {
		out[i] = Role{
			ID: desk.Role(row.ID), AccountID: account, Name: row.Name, Visibility: row.Visibility, CreatedAt: desk.FromMicros(row.CreatedUs),
		}
		if err := json.Unmarshal([]byte(row.Permissions), &out[i].Permissions); err != nil {
			return nil, desk.Wrap(desk.Internal, op, err)
		}
	}
	return out, nil
}

// PutRole adds a role or changes the one with its id. NotFound if another
// account has the id.
func (t *Tx) PutRole(ctx context.Context, role Role) error {
	const op = "save role"
	if err := t.own(op, role.AccountID); err != nil {
		return err
	}
	permissions, err := json.Marshal(append([]string{}, role.Permissions...))
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	n, err := t.q.PutRole(ctx, query.PutRoleParams{
		ID: string(role.ID), AccountID: string(role.AccountID), Name: role.Name, Permissions: string(permissions),
		Visibility: role.Visibility, CreatedUs: desk.Micros(role.CreatedAt),
	})
	return t.changed(op, "role", n, err)
}

// DeleteRole removes a role.
func (t *Tx) DeleteRole(ctx context.Context, account desk.AccountID, id desk.Role) error {
	const op = "delete role"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteRole(ctx, query.DeleteRoleParams{AccountID: string(account), ID: string(id)})
	return t.changed(op, "role", n, err)
}

// Invitation waits for a colleague. Hash is of the secret in the link.
type Invitation struct {
	ID        string
	AccountID desk.AccountID
	Hash      string
	Role      desk.Role
	Teams     []desk.TeamID
	CreatedBy desk.AgentID
	// Profile holds the e-mail it is for.
	Profile   desk.Sealed
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Invitations lists the account's invitations, the newest first, expired ones too.
func (r Reads) Invitations(ctx context.Context, account desk.AccountID) ([]Invitation, error) {
	rows, err := r.q.Invitations(ctx, query.InvitationsParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list invitations", "invitation", err)
	}
	out := make([]Invitation, len(rows))
	for i, row := range rows {
		if out[i], err = invitationOf(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// InvitationByHash finds an invitation of any account by the hash of its secret.
func (r Reads) InvitationByHash(ctx context.Context, hash string) (Invitation, error) {
	row, err := r.q.InvitationByHash(ctx, query.InvitationByHashParams{Hash: hash})
	if err != nil {
		return Invitation{}, r.fail("find invitation", "invitation", err)
	}
	return invitationOf(row)
}

func invitationOf(row query.Invitation) (Invitation, error) {
	i := Invitation{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Hash: row.Hash, Role: desk.Role(row.Role),
		CreatedBy: desk.AgentID(row.CreatedBy), Profile: row.Profile,
		CreatedAt: desk.FromMicros(row.CreatedUs), ExpiresAt: desk.FromMicros(row.ExpiresUs),
	}
	return i, desk.Wrap(desk.Internal, "find invitation", json.Unmarshal([]byte(row.Teams), &i.Teams))
}

// InsertInvitation adds an invitation.
func (t *Tx) InsertInvitation(ctx context.Context, i Invitation) error {
	const op = "insert invitation"
	if err := t.own(op, i.AccountID); err != nil {
		return err
	}
	teams, err := json.Marshal(append([]desk.TeamID{}, i.Teams...))
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	return t.fail(op, "invitation", t.q.InsertInvitation(ctx, query.InsertInvitationParams{
		ID: i.ID, AccountID: string(i.AccountID), Hash: i.Hash, Role: string(i.Role), Teams: string(teams),
		CreatedBy: string(i.CreatedBy), Profile: blob(i.Profile), CreatedUs: desk.Micros(i.CreatedAt), ExpiresUs: desk.Micros(i.ExpiresAt),
	}))
}

// UpdateInvitationProfile replaces what is sealed of an invitation.
func (t *Tx) UpdateInvitationProfile(ctx context.Context, account desk.AccountID, id string, profile desk.Sealed) error {
	const op = "update invitation"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.UpdateInvitationProfile(ctx, query.UpdateInvitationProfileParams{AccountID: string(account), ID: id, Profile: blob(profile)})
	return t.changed(op, "invitation", n, err)
}

// DeleteInvitation takes an invitation back, or uses it up. NotFound if that
// has happened already.
func (t *Tx) DeleteInvitation(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete invitation"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteInvitation(ctx, query.DeleteInvitationParams{AccountID: string(account), ID: id})
	return t.changed(op, "invitation", n, err)
}

// DeleteExpiredInvitations removes invitations of all accounts that ended
// before the time, and counts them. Installation work only.
func (t *Tx) DeleteExpiredInvitations(ctx context.Context, before time.Time) (int64, error) {
	const op = "delete expired invitations"
	if err := t.installation(op); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteExpiredInvitations(ctx, query.DeleteExpiredInvitationsParams{BeforeUs: desk.Micros(before)})
	return n, t.fail(op, "invitation", err)
}
