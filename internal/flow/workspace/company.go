package workspace

import (
	"context"
	"errors"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
)

// AccountChange says what to change of a company; nil fields stay.
type AccountChange struct {
	Name   *string
	Locale *desk.Locale
	// RequireTOTP lets people work only once they have a second factor. API tokens
	// go on: programs have none.
	RequireTOTP *bool
}

// ChangeAccount changes the company itself. Who requires a second factor of
// all needs one themselves (Conflict): nobody locks themselves out.
func (s *Service) ChangeAccount(ctx context.Context, by auth.Principal, id desk.AccountID, c AccountChange) (desk.Account, error) {
	const op = "change account"
	if c.Name != nil {
		if err := checkName(op, "name", *c.Name); err != nil {
			return desk.Account{}, err
		}
	}
	if c.Locale != nil {
		locale, err := checkLocale(op, *c.Locale)
		if err != nil {
			return desk.Account{}, err
		}
		c.Locale = &locale
	}
	var out desk.Account
	err := s.staffed(ctx, id, "account", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		before, err := tx.Reads.Account(ctx, id)
		if err != nil {
			return err
		}
		out = before
		if c.Name != nil {
			out.Name = strings.TrimSpace(*c.Name)
		}
		if c.Locale != nil {
			out.Locale = *c.Locale
		}
		if c.RequireTOTP != nil {
			out.RequireTOTP = *c.RequireTOTP
		}
		changes := audit.Changes(accountDetails(before), accountDetails(out))
		if len(changes) == 0 {
			return nil // a repeat, or nothing to do
		}
		if out.RequireTOTP && !before.RequireTOTP && by.Agent != "" {
			f, err := tx.SecondFactor(ctx, id, by.Agent)
			if errors.Is(err, desk.NotFound) || err == nil && !f.Confirmed {
				return &desk.Error{Kind: desk.Conflict, Op: op, Field: "require_totp", Msg: "switch on your own second factor first"}
			}
			if err != nil {
				return err
			}
		}
		if err := tx.UpdateAccount(ctx, out); err != nil {
			return err
		}
		return pen.Write(ctx, tx, accountAct("account.changed", out, changes))
	})
	return out, err
}

func accountDetails(a desk.Account) map[string]any {
	return map[string]any{"name": a.Name, "locale": a.Locale, "require_totp": a.RequireTOTP}
}

// unproved are the agents who lack a second factor that their account requires.
func (s *Service) unproved(ctx context.Context, account desk.AccountID, agents []desk.Agent) (map[desk.AgentID]bool, error) {
	company, err := s.deps.Store.Account(ctx, account)
	if errors.Is(err, desk.NotFound) || err == nil && !company.RequireTOTP {
		return nil, nil //nolint:nilnil // a nil map is empty; who is of an account that is gone is told elsewhere
	}
	if err != nil {
		return nil, err
	}
	factors, err := s.deps.Store.SecondFactors(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make(map[desk.AgentID]bool, len(agents))
	for _, a := range agents {
		out[a.ID] = true
	}
	for _, f := range factors {
		if f.Confirmed {
			delete(out, f.AgentID)
		}
	}
	return out, nil
}
