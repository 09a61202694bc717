package store

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Session is an agent's log-in. Hash is of the secret in the cookie.
type Session struct {
	Hash string
	// ID names the session to people; it opens nothing.
	ID        string
	AccountID desk.AccountID
	AgentID   desk.AgentID
	// Meta is what the session list shows: browser and address.
	Meta      desk.Sealed
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// APIToken is a program's access. Hash is of the secret token.
type APIToken struct {
	ID        string
	AccountID desk.AccountID
	// AgentID is who made it and whose rights bound it.
	AgentID     desk.AgentID
	Name        string
	Hash        string
	Permissions []string
	CreatedAt   time.Time
	// UsedAt is the last use, noted now and then; zero means never.
	UsedAt time.Time
	// ExpiresAt zero means never.
	ExpiresAt time.Time
}

// Session finds a session of any account by the hash of its secret, expired
// ones too.
func (r Reads) Session(ctx context.Context, hash string) (Session, error) {
	row, err := r.q.Session(ctx, query.SessionParams{Hash: hash})
	if err != nil {
		return Session{}, r.fail("find session", "session", err)
	}
	return sessionOf(row), nil
}

func sessionOf(row query.Session) Session {
	return Session{
		Hash: row.Hash, ID: row.ID, AccountID: desk.AccountID(row.AccountID), AgentID: desk.AgentID(row.AgentID),
		Meta: row.Meta, CreatedAt: desk.FromMicros(row.CreatedUs),
		SeenAt: desk.FromMicros(row.SeenUs), ExpiresAt: desk.FromMicros(row.ExpiresUs),
	}
}

// SessionByID finds a session of the account by its id.
func (r Reads) SessionByID(ctx context.Context, account desk.AccountID, id string) (Session, error) {
	row, err := r.q.SessionByID(ctx, query.SessionByIDParams{AccountID: string(account), ID: id})
	if err != nil {
		return Session{}, r.fail("find session", "session", err)
	}
	return sessionOf(row), nil
}

// Sessions lists an agent's sessions by id, the oldest first, expired ones too.
func (r Reads) Sessions(ctx context.Context, account desk.AccountID, agent desk.AgentID) ([]Session, error) {
	rows, err := r.q.Sessions(ctx, query.SessionsParams{AccountID: string(account), AgentID: string(agent)})
	return r.sessions(rows, err)
}

// SessionPage walks all sessions of the account by id, from after on.
func (r Reads) SessionPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]Session, error) {
	rows, err := r.q.SessionPage(ctx, query.SessionPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return r.sessions(rows, err)
}

func (r Reads) sessions(rows []query.Session, err error) ([]Session, error) {
	if err != nil {
		return nil, r.fail("list sessions", "session", err)
	}
	out := make([]Session, len(rows))
	for i, row := range rows {
		out[i] = sessionOf(row)
	}
	return out, nil
}

// LastSeen is when each agent of the account last used a session that is still kept.
func (r Reads) LastSeen(ctx context.Context, account desk.AccountID) (map[desk.AgentID]time.Time, error) {
	rows, err := r.q.LastSeen(ctx, query.LastSeenParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list sessions", "session", err)
	}
	out := make(map[desk.AgentID]time.Time, len(rows))
	for _, row := range rows {
		out[desk.AgentID(row.AgentID)] = desk.FromMicros(row.SeenUs)
	}
	return out, nil
}

// UpdateSessionMeta replaces the sealed description.
func (t *Tx) UpdateSessionMeta(ctx context.Context, account desk.AccountID, hash string, meta desk.Sealed) error {
	const op = "update session"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.UpdateSessionMeta(ctx, query.UpdateSessionMetaParams{AccountID: string(account), Hash: hash, Meta: blob(meta)})
	return t.changed(op, "session", n, err)
}

// InsertSession adds a session.
func (t *Tx) InsertSession(ctx context.Context, s Session) error {
	const op = "insert session"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "session", t.q.InsertSession(ctx, query.InsertSessionParams{
		Hash: s.Hash, ID: s.ID, AccountID: string(s.AccountID), AgentID: string(s.AgentID), Meta: blob(s.Meta),
		CreatedUs: desk.Micros(s.CreatedAt), SeenUs: desk.Micros(s.SeenAt), ExpiresUs: desk.Micros(s.ExpiresAt),
	}))
}

// TouchSession notes a use and moves the expiry.
func (t *Tx) TouchSession(ctx context.Context, account desk.AccountID, hash string, expires time.Time) error {
	const op = "touch session"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.TouchSession(ctx, query.TouchSessionParams{
		AccountID: string(account), Hash: hash, SeenUs: desk.Micros(t.now), ExpiresUs: desk.Micros(expires),
	})
	return t.changed(op, "session", n, err)
}

// DeleteSession ends a session.
func (t *Tx) DeleteSession(ctx context.Context, account desk.AccountID, hash string) error {
	const op = "delete session"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteSession(ctx, query.DeleteSessionParams{AccountID: string(account), Hash: hash})
	return t.changed(op, "session", n, err)
}

// DeleteAgentSessions ends all sessions of an agent but the one with this hash, if it is not empty.
func (t *Tx) DeleteAgentSessions(ctx context.Context, account desk.AccountID, agent desk.AgentID, but string) error {
	const op = "delete sessions"
	if err := t.own(op, account); err != nil {
		return err
	}
	_, err := t.q.DeleteAgentSessions(ctx, query.DeleteAgentSessionsParams{
		AccountID: string(account), AgentID: string(agent), ButHash: but,
	})
	return t.fail(op, "session", err)
}

// DeleteExpiredSessions removes sessions of all accounts that ended before
// the time, and counts them. Installation work only.
func (t *Tx) DeleteExpiredSessions(ctx context.Context, before time.Time) (int64, error) {
	const op = "delete expired sessions"
	if err := t.installation(op); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteExpiredSessions(ctx, query.DeleteExpiredSessionsParams{BeforeUs: desk.Micros(before)})
	return n, t.fail(op, "session", err)
}

// APIToken finds a token of any account by the hash of its secret, expired
// ones too.
func (r Reads) APIToken(ctx context.Context, hash string) (APIToken, error) {
	row, err := r.q.APIToken(ctx, query.APITokenParams{Hash: hash})
	if err != nil {
		return APIToken{}, r.fail("find API token", "API token", err)
	}
	return apiTokenOf(row)
}

// APITokens lists the account's tokens by id.
func (r Reads) APITokens(ctx context.Context, account desk.AccountID) ([]APIToken, error) {
	rows, err := r.q.APITokens(ctx, query.APITokensParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list API tokens", "API token", err)
	}
	out := make([]APIToken, len(rows))
	for i, row := range rows {
		if out[i], err = apiTokenOf(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func apiTokenOf(row query.ApiToken) (APIToken, error) {
	tok := APIToken{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), AgentID: desk.AgentID(row.AgentID), Name: row.Name,
		Hash: row.Hash, CreatedAt: desk.FromMicros(row.CreatedUs), UsedAt: desk.FromMicros(row.UsedUs),
		ExpiresAt: desk.FromMicros(row.ExpiresUs),
	}
	err := json.Unmarshal([]byte(row.Permissions), &tok.Permissions)
	return tok, desk.Wrap(desk.Internal, "find API token", err)
}

// InsertAPIToken adds a token.
func (t *Tx) InsertAPIToken(ctx context.Context, tok APIToken) error {
	const op = "insert API token"
	if err := t.own(op, tok.AccountID); err != nil {
		return err
	}
	permissions, err := json.Marshal(append([]string{}, tok.Permissions...))
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	return t.fail(op, "API token", t.q.InsertAPIToken(ctx, query.InsertAPITokenParams{
		ID: tok.ID, AccountID: string(tok.AccountID), AgentID: string(tok.AgentID), Name: tok.Name, Hash: tok.Hash,
		Permissions: string(permissions), CreatedUs: desk.Micros(tok.CreatedAt), UsedUs: desk.Micros(tok.UsedAt),
		ExpiresUs: desk.Micros(tok.ExpiresAt),
	}))
}

// TouchAPIToken notes a use.
func (t *Tx) TouchAPIToken(ctx context.Context, account desk.AccountID, id string) error {
	const op = "touch API token"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.TouchAPIToken(ctx, query.TouchAPITokenParams{AccountID: string(account), ID: id, UsedUs: desk.Micros(t.now)})
	return t.changed(op, "API token", n, err)
}

// DeleteAgentTokens revokes all tokens of an agent.
func (t *Tx) DeleteAgentTokens(ctx context.Context, account desk.AccountID, agent desk.AgentID) error {
	const op = "delete API tokens"
	if err := t.own(op, account); err != nil {
		return err
	}
	_, err := t.q.DeleteAgentTokens(ctx, query.DeleteAgentTokensParams{AccountID: string(account), AgentID: string(agent)})
	return t.fail(op, "API token", err)
}

// DeleteAPIToken revokes a token.
func (t *Tx) DeleteAPIToken(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete API token"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteAPIToken(ctx, query.DeleteAPITokenParams{AccountID: string(account), ID: id})
	return t.changed(op, "API token", n, err)
}
