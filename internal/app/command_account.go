package app

import (
	"context"
	"strings"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
)

type accountCommand struct {
	Create accountCreate `cmd:"" help:"Add a company and print an invitation for its administrator. The first one registers itself in the browser."`
	List   accountList   `cmd:"" help:"List the companies."`
	Invite accountInvite `cmd:"" help:"Print an invitation for another administrator of a company, for when nobody gets in any more."`
}

type accountCreate struct {
	Name   string      `arg:"" help:"The company's name."`
	Locale desk.Locale `help:"zh-CN or en." default:"zh-CN"`
}

// Run adds the company.
func (a accountCreate) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	return r.withApp(c, func(ctx context.Context, app *App) error {
		account, err := app.workspace.CreateAccount(ctx, a.Name, a.Locale)
		if err != nil {
			return err
		}
		r.printf("%s  %s\n", account.ID, account.Name)
		return r.inviteAdministrator(ctx, c, app, account.ID)
	})
}

type accountList struct{}

// Run prints a line for each company.
func (accountList) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	return r.withApp(c, func(ctx context.Context, app *App) error {
		accounts, err := app.store.Accounts(ctx)
		for _, a := range accounts {
			r.printf("%s  %s  %s\n", a.ID, a.CreatedAt.Format("2006-01-02"), a.Name)
		}
		return err
	})
}

type accountInvite struct {
	Account desk.AccountID `arg:"" help:"The company's id, from \"account list\"."`
}

// Run prints the link.
func (a accountInvite) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	return r.withApp(c, func(ctx context.Context, app *App) error {
		if _, err := app.store.Account(ctx, a.Account); err != nil {
			return err
		}
		return r.inviteAdministrator(ctx, c, app, a.Account)
	})
}

func (r *run) inviteAdministrator(ctx context.Context, c config.Config, app *App, account desk.AccountID) error {
	secret, invited, err := app.workspace.Invite(ctx, auth.Principal{}, account, workspace.NewInvitation{Role: desk.Administrator})
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(c.Server.PublicURL, "/")
	if base == "" {
		base = c.Scheme() + "://" + c.Server.Listen
	}
	r.printf("Open once before %s, with the server running:\n%s/desk/invite#%s\n", invited.ExpiresAt.Format("2006-01-02 15:04 MST"), base, secret)
	return nil
}
