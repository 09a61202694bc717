package storetest

import (
	"context"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// furnishPeople gives the victim a role, an invitation, a second factor and a recorded act.
func furnishPeople(v *victim) {
	n := v.Tenant
	v.role = store.Role{ID: desk.Role(n.IDs.Other("rol")), AccountID: n.ID, Name: "theirs"}
	v.invited = store.Invitation{ID: n.IDs.Other("inv"), AccountID: n.ID, Hash: n.IDs.Other("hash")}
	v.factor = store.SecondFactor{AccountID: n.ID, AgentID: n.Agent.ID, Secret: desk.Sealed("secret")}
	v.act = store.Act{ID: n.IDs.Other("act"), AccountID: n.ID, Action: "role.created", ActorID: n.Agent.ID, Details: desk.Sealed("secret")}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for _, err := range []error{
			tx.PutRole(ctx, v.role), tx.InsertInvitation(ctx, v.invited), tx.PutSecondFactor(ctx, v.factor), tx.InsertAct(ctx, v.act),
			tx.ReplaceRecoveryCodes(ctx, n.ID, n.Agent.ID, []string{"hash"}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func peopleReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	ctx, s, me := n.Ctx, n.Store, n.ID
	return map[string]func(){
		"Acts": func() {
			empty(s.Acts(ctx, me, store.ActFilter{Actor: v.Agent.ID, Action: "role.created"}, store.Page{}))
		},
		"ActsAfter":              func() { empty(s.ActsAfter(ctx, me, "", 0)) },
		"ConversationsOfContact": func() { empty(s.ConversationsOfContact(ctx, me, v.in.ContactID)) },
		"FirstConversation": func() {
			at, err := s.FirstConversation(ctx, me, v.Inbox.ID)
			require.NoError(n, err)
			require.Zero(n, at)
		},
		"Invitations": func() { empty(s.Invitations(ctx, me)) },
		"LastSeen":    func() { empty(s.LastSeen(ctx, me)) },
		"RecoveryCodes": func() {
			left, err := s.RecoveryCodes(ctx, me, v.Agent.ID)
			require.NoError(n, err)
			require.Zero(n, left)
		},
		"Roles":         func() { empty(s.Roles(ctx, me)) },
		"SecondFactor":  func() { missing(s.SecondFactor(ctx, me, v.Agent.ID)) },
		"SecondFactors": func() { empty(s.SecondFactors(ctx, me)) },
		"SessionByID":   func() { missing(s.SessionByID(ctx, me, v.session.ID)) },
		"SessionPage":   func() { empty(s.SessionPage(ctx, me, "", 0)) },
		"Sessions":      func() { empty(s.Sessions(ctx, me, v.Agent.ID)) },
	}
}

func peopleWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	return map[string]func(){
		"Once": denied(func(ctx context.Context, tx *store.Tx) error {
			_, _, err := tx.Once(ctx, v.ID, "scope", "key", "result")
			return err
		}),
		"InsertAct": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertAct(ctx, v.act) }),
		"ResealAct": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.ResealAct(ctx, a, v.act.ID, desk.Sealed("intruder"))
		}),
		"PutRole": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			role := v.role
			role.AccountID = a
			return tx.PutRole(ctx, role)
		}),
		"DeleteRole": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteRole(ctx, a, v.role.ID)
		}),
		"InsertInvitation": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertInvitation(ctx, v.invited) }),
		"UpdateInvitationProfile": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateInvitationProfile(ctx, a, v.invited.ID, desk.Sealed("intruder"))
		}),
		"DeleteInvitation": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteInvitation(ctx, a, v.invited.ID)
		}),
		"DeleteExpiredInvitations": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteExpiredInvitations(ctx, tx.Now())
			return err
		}),
		"PutSecondFactor": denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutSecondFactor(ctx, v.factor) }),
		"DeleteSecondFactor": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteSecondFactor(ctx, a, v.Agent.ID)
		}),
		"ReplaceRecoveryCodes": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.ReplaceRecoveryCodes(ctx, v.ID, v.Agent.ID, nil)
		}),
		"UseRecoveryCode": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UseRecoveryCode(ctx, a, v.Agent.ID, "hash")
		}),
		"ClaimInstallationValue": denied(func(ctx context.Context, tx *store.Tx) error { return tx.ClaimInstallationValue(ctx, "k", "v") }),
		"DeleteAgentTokens":      denied(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAgentTokens(ctx, v.ID, v.Agent.ID) }),
		"UpdateSessionMeta": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateSessionMeta(ctx, a, v.session.Hash, desk.Sealed("intruder"))
		}),
	}
}
