package workspace

import (
	"context"
	"errors"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// factorSecret is what is sealed of a second factor.
type factorSecret struct {
	Secret []byte `json:"secret"`
}

func factorPlace(agent desk.AgentID) seal.Place {
	return seal.Place{Owner: string(agent), Table: "second_factor", Row: string(agent), Column: "secret"}
}

var (
	errCodeMissing = &desk.Error{
		Kind: desk.Unauthenticated, Op: "log in", Field: "code", Msg: "enter the code of your authenticator app, or a recovery code",
	}
	errCodeWrong = &desk.Error{
		Kind: desk.Unauthenticated, Op: "log in", Field: "code", Msg: "the code is wrong or was used already; wait for the next one",
	}
)

// proveSecond asks for the second factor if the agent has one, and uses the
// code up.
func (s *Service) proveSecond(ctx context.Context, agent store.Agent, code string, meta SessionMeta) error {
	f, err := s.deps.Store.SecondFactor(ctx, agent.AccountID, agent.ID)
	if errors.Is(err, desk.NotFound) || err == nil && !f.Confirmed {
		return nil
	}
	if err != nil {
		return err
	}
	if code == "" {
		return errCodeMissing
	}
	return s.useCode(ctx, f, code, meta)
}

// useCode spends a code of the app or a recovery code, in one transaction with
// looking whether it was spent.
func (s *Service) useCode(ctx context.Context, f store.SecondFactor, code string, meta SessionMeta) error {
	var secret factorSecret
	if err := s.open(ctx, f.AccountID, factorPlace(f.AgentID), f.Secret, &secret); err != nil {
		return err
	}
	if !auth.IsTOTPCode(code) {
		hash, ok := s.deps.Secrets.HashRecoveryCode(code)
		if !ok {
			return errCodeWrong
		}
		err := s.recorded(ctx, f.AccountID, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
			if err := tx.UseRecoveryCode(ctx, f.AccountID, f.AgentID, hash); err != nil {
				return err
			}
			return pen.As(f.AgentID, meta.Address).Write(ctx, tx, audit.Act{Action: "second_factor.recovered", Target: audit.Target{Kind: "agent", ID: string(f.AgentID)}})
		})
		if errors.Is(err, desk.NotFound) {
			return errCodeWrong
		}
		return err
	}
	return s.deps.Store.Write(ctx, f.AccountID, func(ctx context.Context, tx *store.Tx) error {
		now, err := tx.SecondFactor(ctx, f.AccountID, f.AgentID)
		if errors.Is(err, desk.NotFound) {
			return errCodeWrong // switched off or replaced meanwhile
		}
		if err != nil {
			return err
		}
		step, ok := auth.MatchTOTP(secret.Secret, code, tx.Now(), now.LastStep)
		if !ok {
			return errCodeWrong
		}
		now.LastStep = step
		return tx.PutSecondFactor(ctx, now)
	})
}

// SecondFactor is what an agent sees of their second factor.
type SecondFactor struct {
	Enabled      bool
	RecoveryLeft int
}

// SecondFactor tells whether an agent has a second factor and how many
// recovery codes are left.
func (s *Service) SecondFactor(ctx context.Context, account desk.AccountID, agent desk.AgentID) (SecondFactor, error) {
	f, err := s.deps.Store.SecondFactor(ctx, account, agent)
	if errors.Is(err, desk.NotFound) || err == nil && !f.Confirmed {
		return SecondFactor{}, nil
	}
	if err != nil {
		return SecondFactor{}, err
	}
	left, err := s.deps.Store.RecoveryCodes(ctx, account, agent)
	return SecondFactor{Enabled: true, RecoveryLeft: left}, err
}

// BeginTOTP draws a secret for the caller's authenticator app and returns it
// as text and as the address for its camera. It counts for nothing until
// ConfirmTOTP. Conflict if a second factor is on.
func (s *Service) BeginTOTP(ctx context.Context, by auth.Principal) (text, uri string, err error) {
	const op = "begin second factor"
	agent, err := s.Agent(ctx, by.Account, by.Agent)
	if err != nil {
		return "", "", err
	}
	account, err := s.deps.Store.Account(ctx, by.Account)
	if err != nil {
		return "", "", err
	}
	secret, err := s.deps.Secrets.NewTOTP()
	if err != nil {
		return "", "", err
	}
	sealed, err := s.seal(ctx, by.Account, factorPlace(by.Agent), factorSecret{secret})
	if err != nil {
		return "", "", err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		f, err := tx.SecondFactor(ctx, by.Account, by.Agent)
		if err != nil && !errors.Is(err, desk.NotFound) {
			return err
		}
		if f.Confirmed {
			return desk.E(desk.Conflict, op, "the second factor is on already; switch it off first")
		}
		return tx.PutSecondFactor(ctx, store.SecondFactor{AccountID: by.Account, AgentID: by.Agent, Secret: sealed, CreatedAt: tx.Now()})
	})
	if err != nil {
		return "", "", err
	}
	return auth.TOTPSecretText(secret), auth.TOTPURI(secret, "Yingda "+account.Name, agent.Email), nil
}

// ConfirmTOTP switches the second factor on once the app shows the right code,
// and returns the recovery codes, which are shown once. Wrong codes are Invalid
// and counted.
func (s *Service) ConfirmTOTP(ctx context.Context, by auth.Principal, code string, meta SessionMeta) ([]string, error) {
	const op = "confirm second factor"
	f, err := s.deps.Store.SecondFactor(ctx, by.Account, by.Agent)
	if errors.Is(err, desk.NotFound) || err == nil && f.Confirmed {
		return nil, desk.E(desk.Conflict, op, "there is nothing to confirm; begin again")
	}
	if err != nil {
		return nil, err
	}
	var secret factorSecret
	if err := s.open(ctx, by.Account, factorPlace(by.Agent), f.Secret, &secret); err != nil {
		return nil, err
	}
	done, err := s.attempt(op, by, meta)
	if err != nil {
		return nil, err
	}
	codes, hashes, err := s.deps.Secrets.NewRecoveryCodes()
	if err != nil {
		return nil, err
	}
	err = s.recorded(ctx, by.Account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		now, err := tx.SecondFactor(ctx, by.Account, by.Agent)
		if err != nil {
			return err
		}
		if now.Confirmed {
			return desk.E(desk.Conflict, op, "there is nothing to confirm; begin again")
		}
		step, ok := auth.MatchTOTP(secret.Secret, code, tx.Now(), now.LastStep)
		if !ok {
			return desk.InvalidField(op, "code", "the code is not the one the app should show; check the time of your device")
		}
		now.Confirmed, now.LastStep = true, step
		if err := tx.PutSecondFactor(ctx, now); err != nil {
			return err
		}
		if err := tx.ReplaceRecoveryCodes(ctx, by.Account, by.Agent, hashes); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{Action: "second_factor.enabled", Target: audit.Target{Kind: "agent", ID: string(by.Agent)}})
	})
	if err != nil {
		return nil, err
	}
	done()
	return codes, nil
}

// DisableTOTP switches the caller's second factor off, for their password.
// Invalid if it is wrong, Limited after too many, Denied if the account requires one.
func (s *Service) DisableTOTP(ctx context.Context, by auth.Principal, password string, meta SessionMeta) error {
	const op = "disable second factor"
	if err := s.provePassword(ctx, op, by, password, "password", meta); err != nil {
		return err
	}
	return s.dropFactor(ctx, op, by.Account, by.Agent, func(ctx context.Context, tx *store.Tx) error {
		company, err := tx.Reads.Account(ctx, by.Account)
		if err == nil && company.RequireTOTP {
			err = desk.E(desk.Denied, op, "your company requires a second factor")
		}
		return err
	})
}

// ResetTOTP takes a colleague's second factor away, for one who has lost
// device and recovery codes. Denied if the colleague may more than the caller.
func (s *Service) ResetTOTP(ctx context.Context, by auth.Principal, account desk.AccountID, agent desk.AgentID) error {
	const op = "reset second factor"
	return s.dropFactor(ctx, op, account, agent, func(ctx context.Context, tx *store.Tx) error {
		return mayReach(ctx, tx, op, by, account, agent)
	})
}

// mayReach refuses to touch a colleague who may more than the caller.
func mayReach(ctx context.Context, tx *store.Tx, op string, by auth.Principal, account desk.AccountID, agent desk.AgentID) error {
	row, err := tx.Agent(ctx, account, agent)
	if err != nil {
		return err
	}
	people, err := rolesAndTeams(ctx, tx.Reads, account)
	if err != nil {
		return err
	}
	return people.within(ctx, tx.Reads, op, by, row.Role)
}

func (s *Service) dropFactor(ctx context.Context, op string, account desk.AccountID, agent desk.AgentID, check func(context.Context, *store.Tx) error) error {
	return s.recorded(ctx, account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		if check != nil {
			if err := check(ctx, tx); err != nil {
				return err
			}
		}
		err := tx.DeleteSecondFactor(ctx, account, agent)
		if errors.Is(err, desk.NotFound) {
			return nil // it is off
		}
		if err != nil {
			return desk.Wrap(desk.KindOf(err), op, err)
		}
		return pen.Write(ctx, tx, audit.Act{Action: "second_factor.disabled", Target: audit.Target{Kind: "agent", ID: string(agent)}})
	})
}

// attempt counts a try of somebody who is logged in; done takes it back.
func (s *Service) attempt(op string, by auth.Principal, meta SessionMeta) (done func(), err error) {
	subject, address := "proof\x00"+string(by.Agent), auth.AddressKey(meta.Address)
	if ok, wait := s.deps.Throttle.Attempt(subject, address, s.deps.Clock.Now()); !ok {
		return nil, limited(op, wait)
	}
	return func() { s.deps.Throttle.Succeeded(subject, address) }, nil
}

// provePassword asks somebody who is logged in for their password once more.
func (s *Service) provePassword(ctx context.Context, op string, by auth.Principal, password, field string, meta SessionMeta) error {
	done, err := s.attempt(op, by, meta)
	if err != nil {
		return err
	}
	row, err := s.deps.Store.Agent(ctx, by.Account, by.Agent)
	if err != nil {
		return err
	}
	ok, _, err := s.deps.Passwords.Verify(ctx, row.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok {
		return desk.InvalidField(op, field, "the password is wrong")
	}
	done()
	return nil
}

// ChangePassword gives the caller another password, for the present one, and
// ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, by auth.Principal, old, password string, meta SessionMeta) error {
	const op = "change password"
	if err := s.provePassword(ctx, op, by, old, "old", meta); err != nil {
		return err
	}
	hash, err := s.deps.Passwords.Hash(ctx, password)
	if err != nil {
		if e, ok := errors.AsType[*desk.Error](err); ok && e.Kind == desk.Invalid {
			return desk.InvalidField(op, "new", e.Msg)
		}
		return err
	}
	return s.recorded(ctx, by.Account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		row, err := tx.Agent(ctx, by.Account, by.Agent)
		if err != nil {
			return err
		}
		row.PasswordHash = hash
		if err := tx.PutAgent(ctx, row); err != nil {
			return err
		}
		if err := tx.DeleteAgentSessions(ctx, by.Account, by.Agent, by.Session); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{Action: "agent.credentials_changed", Target: audit.Target{Kind: "agent", ID: string(by.Agent)}})
	})
}
