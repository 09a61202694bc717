package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// SecondFactor is an agent's second proof at log-in.
type SecondFactor struct {
	AccountID desk.AccountID
	AgentID   desk.AgentID
	// Secret is the shared secret, sealed.
	Secret desk.Sealed
	// Confirmed is set once a code has proved that the agent's device has the secret.
	Confirmed bool
	// LastStep is the newest time step whose code was used.
	LastStep  int64
	CreatedAt time.Time
}

// SecondFactor finds an agent's second factor; NotFound if there is none.
func (r Reads) SecondFactor(ctx context.Context, account desk.AccountID, agent desk.AgentID) (SecondFactor, error) {
	row, err := r.q.SecondFactor(ctx, query.SecondFactorParams{AccountID: string(account), AgentID: string(agent)})
	if err != nil {
		return SecondFactor{}, r.fail("find second factor", "second factor", err)
	}
	return factorOf(row), nil
}

// SecondFactors lists those of the account by agent.
func (r Reads) SecondFactors(ctx context.Context, account desk.AccountID) ([]SecondFactor, error) {
	rows, err := r.q.SecondFactors(ctx, query.SecondFactorsParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list second factors", "second factor", err)
	}
	out := make([]SecondFactor, len(rows))
	for i, row := range rows {
		out[i] = factorOf(row)
	}
	return out, nil
}

func factorOf(row query.SecondFactor) SecondFactor {
	return SecondFactor{
		AccountID: desk.AccountID(row.AccountID), AgentID: desk.AgentID(row.AgentID), Secret: row.Secret,
		Confirmed: row.Confirmed, LastStep: row.LastStep, CreatedAt: desk.FromMicros(row.CreatedUs),
	}
}

// PutSecondFactor adds or replaces an agent's second factor.
func (t *Tx) PutSecondFactor(ctx context.Context, f SecondFactor) error {
	const op = "save second factor"
	if err := t.own(op, f.AccountID); err != nil {
		return err
	}
	return t.fail(op, "second factor", t.q.PutSecondFactor(ctx, query.PutSecondFactorParams{
		AccountID: string(f.AccountID), AgentID: string(f.AgentID), Secret: blob(f.Secret), Confirmed: f.Confirmed,
		LastStep: f.LastStep, CreatedUs: desk.Micros(f.CreatedAt),
	}))
}

// DeleteSecondFactor removes an agent's second factor with its recovery codes.
// NotFound if there is none.
func (t *Tx) DeleteSecondFactor(ctx context.Context, account desk.AccountID, agent desk.AgentID) error {
	const op = "delete second factor"
	if err := t.own(op, account); err != nil {
		return err
	}
	err := t.q.DeleteRecoveryCodes(ctx, query.DeleteRecoveryCodesParams{AccountID: string(account), AgentID: string(agent)})
	if err != nil {
		return t.fail(op, "second factor", err)
	}
	n, err := t.q.DeleteSecondFactor(ctx, query.DeleteSecondFactorParams{AccountID: string(account), AgentID: string(agent)})
	return t.changed(op, "second factor", n, err)
}

// ReplaceRecoveryCodes gives an agent new recovery codes, by their hashes.
func (t *Tx) ReplaceRecoveryCodes(ctx context.Context, account desk.AccountID, agent desk.AgentID, hashes []string) error {
	const op = "save recovery codes"
	if err := t.own(op, account); err != nil {
		return err
	}
	err := t.q.DeleteRecoveryCodes(ctx, query.DeleteRecoveryCodesParams{AccountID: string(account), AgentID: string(agent)})
	for _, hash := range hashes {
		if err == nil {
			err = t.q.InsertRecoveryCode(ctx, query.InsertRecoveryCodeParams{AccountID: string(account), AgentID: string(agent), Hash: hash})
		}
	}
	return t.fail(op, "recovery code", err)
}

// UseRecoveryCode uses a code up. NotFound if the agent has no such code left.
func (t *Tx) UseRecoveryCode(ctx context.Context, account desk.AccountID, agent desk.AgentID, hash string) error {
	const op = "use recovery code"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteRecoveryCode(ctx, query.DeleteRecoveryCodeParams{AccountID: string(account), AgentID: string(agent), Hash: hash})
	return t.changed(op, "recovery code", n, err)
}

// RecoveryCodes counts the codes an agent has left.
func (r Reads) RecoveryCodes(ctx context.Context, account desk.AccountID, agent desk.AgentID) (int, error) {
	n, err := r.q.CountRecoveryCodes(ctx, query.CountRecoveryCodesParams{AccountID: string(account), AgentID: string(agent)})
	return int(n), r.fail("count recovery codes", "recovery code", err)
}
