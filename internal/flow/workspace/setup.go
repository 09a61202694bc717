package workspace

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
)

// NewCompany is who registers the installation's first company.
type NewCompany struct {
	Company string
	// Name, Email and Password are the administrator's.
	Name, Email, Password string
	// Locale "" is Chinese. The first inbox greets in it.
	Locale desk.Locale
	// Code is the one that the program printed at its start.
	Code string
}

// SetupNeeded reports whether the installation has no company yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	accounts, err := s.deps.Store.Accounts(ctx)
	return len(accounts) == 0, err
}

// firstAccount is the installation value that one registration wins.
const firstAccount = "first_account"

var errSetUp = desk.E(desk.Conflict, "set up", "a company has been registered already; log in")

// SetUp registers the installation's first company with its administrator and
// a first inbox, and logs the administrator in. Of several at once one wins and
// the others are Conflict, as is everybody later. Denied without the code for
// callers that are not at this machine; Limited after too many wrong ones.
func (s *Service) SetUp(ctx context.Context, n NewCompany, meta SessionMeta) (LoggedIn, error) {
	const op = "set up"
	if needed, err := s.SetupNeeded(ctx); err != nil || !needed {
		if err == nil {
			err = errSetUp
		}
		return LoggedIn{}, err
	}
	if !meta.Local {
		if err := s.checkSetupCode(op, n.Code, meta); err != nil {
			return LoggedIn{}, err
		}
	}
	if err := checkName(op, "company", n.Company); err != nil {
		return LoggedIn{}, err
	}
	locale, err := checkLocale(op, n.Locale)
	if err != nil {
		return LoggedIn{}, err
	}
	account := desk.Account{ID: s.deps.IDs.Account(), Name: strings.TrimSpace(n.Company), Locale: locale, CreatedAt: s.deps.Clock.Now()}
	agent, err := s.newAgent(ctx, op, account.ID, NewAgent{
		Name: n.Name, Email: n.Email, Password: n.Password, Role: desk.Administrator, Locale: locale,
	})
	if err != nil {
		return LoggedIn{}, err
	}
	inbox := store.Inbox{Inbox: firstInbox(s.deps.IDs, account)}
	if inbox.Secrets, err = s.seal(ctx, account.ID, inboxPlace(inbox.ID), inboxSecrets{}); err != nil {
		return LoggedIn{}, err
	}
	pen, err := s.deps.Audit.Open(ctx, account.ID)
	if err != nil {
		return LoggedIn{}, err
	}
	pen = pen.As(agent.ID, meta.Address)
	err = s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		if len(accounts) > 0 {
			return errSetUp
		}
		for _, step := range []func() error{
			func() error { return tx.ClaimInstallationValue(ctx, firstAccount, string(account.ID)) },
			func() error { return tx.InsertAccount(ctx, account) },
			func() error { return tx.PutAgent(ctx, agent) },
			func() error { return tx.PutInbox(ctx, inbox) },
			func() error {
				if s.deps.Begin == nil {
					return nil
				}
				return s.deps.Begin(ctx, tx, account.ID)
			},
			func() error {
				return pen.Write(ctx, tx, accountAct("account.created", account, map[string]any{"name": account.Name, "locale": account.Locale}))
			},
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	s.changed(account.ID)
	if errors.Is(err, desk.Conflict) {
		return LoggedIn{}, errSetUp
	}
	if err != nil {
		return LoggedIn{}, err
	}
	return s.openSession(ctx, agent, "", meta)
}

func (s *Service) checkSetupCode(op, code string, meta SessionMeta) error {
	const subject = "the setup code" // no e-mail is spelled so
	address := auth.AddressKey(meta.Address)
	if ok, wait := s.deps.Throttle.Attempt(subject, address, s.deps.Clock.Now()); !ok {
		return limited(op, wait)
	}
	want, got := plainCode(s.config.SetupCode), plainCode(code)
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return &desk.Error{
			Kind: desk.Denied, Op: op, Field: "code",
			Msg: "registering from another machine needs the code that the program printed at its start",
		}
	}
	s.deps.Throttle.Succeeded(subject, address)
	return nil
}

// plainCode is a code without what people add to it.
func plainCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(code))
}

func limited(op string, wait time.Duration) error {
	return &desk.Error{
		Kind: desk.Limited, Op: op, Err: retryAfterError(wait),
		Msg: "too many attempts; try again in " + seconds(wait),
	}
}

// firstInbox is what a new company begins with: a chat window for its site.
func firstInbox(ids *desk.IDs, account desk.Account) desk.Inbox {
	in := desk.Inbox{
		ID: ids.Inbox(), AccountID: account.ID, Channel: "webchat", Key: ids.Other("chk"), Enabled: true, Version: 1,
		Name: "网站", CreatedAt: account.CreatedAt, Settings: desk.InboxSettings{Greeting: "您好，请问有什么可以帮您？"},
	}
	if account.Locale == desk.English {
		in.Name, in.Settings.Greeting = "Website", "Hello, how can we help you?"
	}
	return in
}
