package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// SessionMeta is where a log-in comes from.
type SessionMeta struct {
	// Address is what attempts are counted by, and is shown beside the session.
	Address netip.Addr
	// Local tells that the caller is a person at this machine, not behind a proxy.
	Local bool
	// Browser is shown beside the session; cut to 200 characters.
	Browser string
}

// sessionMeta is what is sealed of a session.
type sessionMeta struct {
	Browser string `json:"browser,omitempty"`
	Address string `json:"address,omitempty"`
}

func sessionPlace(hash string) seal.Place {
	return seal.Place{Owner: hash, Table: "session", Row: hash, Column: "meta"}
}

func (m SessionMeta) stored() sessionMeta {
	out := sessionMeta{Browser: cut(m.Browser, 200)}
	if m.Address.IsValid() {
		out.Address = m.Address.Unmap().WithZone("").String()
	}
	return out
}

// LoggedIn is the answer to a log-in.
type LoggedIn struct {
	// Secret goes into the cookie and nowhere else.
	Secret    string
	Principal auth.Principal
	Agent     desk.Agent
	Account   desk.Account
	ExpiresAt time.Time
}

// session is a stored session.
type session struct{ store.Session }

// retryAfterError is how long a caller who was refused should wait.
type retryAfterError time.Duration

// Error makes it travel inside a desk.Error.
func (r retryAfterError) Error() string { return "retry after " + time.Duration(r).String() }

// RetryAfter is the wait.
func (r retryAfterError) RetryAfter() time.Duration { return time.Duration(r) }

func seconds(wait time.Duration) string { return fmt.Sprintf("%d seconds", int(wait/time.Second)+1) }

var errLogIn = desk.E(desk.Unauthenticated, "log in", "the e-mail or the password is wrong")

// Credentials are what somebody shows to log in.
type Credentials struct {
	Email, Password string
	// Code is the second factor: of an authenticator app, or a recovery code. It
	// is looked at only if the agent has one.
	Code string
}

// LogIn proves an agent by e-mail and password, and by a second factor if
// there is one, and opens a session. Unauthenticated means that one of them is
// wrong or the agent disabled, and takes as long as success; with the field
// "code" that the password is right and the code missing, wrong or used.
// Limited means that there were too many attempts.
func (s *Service) LogIn(ctx context.Context, c Credentials, meta SessionMeta) (LoggedIn, error) {
	const op = "log in"
	emailHash, address := s.deps.Emails.HashEmail(c.Email), auth.AddressKey(meta.Address)
	now := s.deps.Clock.Now()
	if ok, wait := s.deps.Throttle.Attempt(emailHash, address, now); !ok {
		return LoggedIn{}, limited(op, wait)
	}
	row, err := s.deps.Store.AgentByEmailHash(ctx, emailHash)
	if err != nil && !errors.Is(err, desk.NotFound) {
		return LoggedIn{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	// An unknown e-mail has no hash, and checking none takes as long.
	ok, rehash, err := s.deps.Passwords.Verify(ctx, row.PasswordHash, c.Password)
	if err != nil {
		return LoggedIn{}, err
	}
	if !ok || row.Disabled || row.ID == "" {
		return LoggedIn{}, errLogIn
	}
	if err := s.proveSecond(ctx, row, c.Code, meta); err != nil {
		if errors.Is(err, errCodeMissing) { // the form asks for it next
			s.deps.Throttle.TakeBack(emailHash, address)
		}
		return LoggedIn{}, err
	}
	s.deps.Throttle.Succeeded(emailHash, address)
	newHash := ""
	if rehash {
		if newHash, err = s.deps.Passwords.Hash(ctx, c.Password); err != nil {
			newHash = "" // the old one is good enough until next time
		}
	}
	return s.openSession(ctx, row, newHash, meta)
}

func (s *Service) openSession(ctx context.Context, row store.Agent, newHash string, meta SessionMeta) (LoggedIn, error) {
	agent, err := s.openAgent(ctx, row)
	if err != nil {
		return LoggedIn{}, err
	}
	account, err := s.deps.Store.Account(ctx, row.AccountID)
	if err != nil {
		return LoggedIn{}, err
	}
	secret, hash, err := s.deps.Secrets.NewSecret(auth.SessionPrefix)
	if err != nil {
		return LoggedIn{}, err
	}
	sealed, err := s.seal(ctx, row.AccountID, sessionPlace(hash), meta.stored())
	if err != nil {
		return LoggedIn{}, err
	}
	var opened store.Session
	err = s.deps.Store.Write(ctx, row.AccountID, func(ctx context.Context, tx *store.Tx) error {
		now := tx.Now()
		opened = store.Session{
			Hash: hash, ID: s.deps.IDs.Other("ses"), AccountID: row.AccountID, AgentID: row.ID, Meta: sealed,
			CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(s.config.SessionIdle),
		}
		if newHash != "" {
			current, err := tx.Agent(ctx, row.AccountID, row.ID)
			if err != nil {
				return err
			}
			if current.PasswordHash == row.PasswordHash {
				current.PasswordHash = newHash
				if err := tx.PutAgent(ctx, current); err != nil {
					return err
				}
			}
		}
		return tx.InsertSession(ctx, opened)
	})
	if err != nil {
		return LoggedIn{}, err
	}
	if d, err := s.directory(ctx, row.AccountID); err != nil || d.agents[row.ID].ID == "" {
		s.directories.drop(row.AccountID) // added by another process a moment ago
	}
	principal, err := s.sessionPrincipal(ctx, session{opened}, secret)
	return LoggedIn{Secret: secret, Principal: principal, Agent: agent, Account: account, ExpiresAt: opened.ExpiresAt}, err
}

// principal is who a session or a token is of, as far as they may act now.
func (s *Service) principal(ctx context.Context, account desk.AccountID, id desk.AgentID) (auth.Principal, error) {
	d, err := s.directory(ctx, account)
	if err != nil {
		return auth.Principal{}, err
	}
	agent, ok := d.agents[id]
	if !ok || agent.Disabled {
		return auth.Principal{}, desk.E(desk.NotFound, "find agent", "there is no such agent")
	}
	p := auth.Principal{Account: account, Agent: id, Role: agent.Role}
	p.Permissions, p.Sight = d.standing(id)
	return p, nil
}

func (s *Service) sessionPrincipal(ctx context.Context, se session, secret string) (auth.Principal, error) {
	p, err := s.principal(ctx, se.AccountID, se.AgentID)
	if err != nil {
		return auth.Principal{}, unauthenticated(err, errSession)
	}
	p.Session, p.CSRF = se.Hash, auth.CSRFToken(secret)
	d, err := s.directory(ctx, se.AccountID)
	if err != nil {
		return auth.Principal{}, err
	}
	if d.unproved[se.AgentID] {
		p.NeedsFactor, p.Permissions = true, 0
	}
	return p, nil
}

var errSession = desk.E(desk.Unauthenticated, "authenticate", "the session has ended; log in again")

// Authenticate finds who a session belongs to and keeps it alive.
// Unauthenticated if it is unknown or over, or the agent disabled.
func (s *Service) Authenticate(ctx context.Context, secret string) (auth.Principal, error) {
	hash, ok := s.deps.Secrets.Hash(auth.SessionPrefix, secret)
	if !ok {
		return auth.Principal{}, errSession
	}
	se, err := s.sessions.get(hash, func() (session, error) { return s.loadSession(ctx, hash) })
	if err != nil {
		return auth.Principal{}, unauthenticated(err, errSession)
	}
	now := s.deps.Clock.Now()
	if !now.Before(se.ExpiresAt) {
		return auth.Principal{}, errSession
	}
	if now.Sub(se.SeenAt) >= s.config.TouchEvery {
		s.touch(ctx, se, now)
	}
	return s.sessionPrincipal(ctx, se, secret)
}

func (s *Service) loadSession(ctx context.Context, hash string) (session, error) {
	row, err := s.deps.Store.Session(ctx, hash)
	return session{row}, err
}

// touch moves a session's end. A database that cannot write at this moment
// ends no session.
func (s *Service) touch(ctx context.Context, se session, now time.Time) {
	expires := now.Add(s.config.SessionIdle)
	if end := se.CreatedAt.Add(s.config.SessionLife); end.Before(expires) {
		expires = end
	}
	err := s.deps.Store.Write(ctx, se.AccountID, func(ctx context.Context, tx *store.Tx) error {
		return tx.TouchSession(ctx, se.AccountID, se.Hash, expires)
	})
	if err == nil || errors.Is(err, desk.NotFound) {
		s.sessions.drop(se.Hash) // the next use reads what it is now, or that it has ended
		return
	}
	s.deps.Log.WarnContext(ctx, "session use not recorded", "error", err)
	se.SeenAt = now // or every request would try again
	s.sessions.put(se.Hash, se)
}

// LogOut ends a session; one that has ended already is fine.
func (s *Service) LogOut(ctx context.Context, secret string) error {
	hash, ok := s.deps.Secrets.Hash(auth.SessionPrefix, secret)
	if !ok {
		return nil
	}
	row, err := s.deps.Store.Session(ctx, hash)
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.deps.Store.Write(ctx, row.AccountID, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteSession(ctx, row.AccountID, hash)
	})
	s.sessions.drop(hash)
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	return err
}

// Sweep deletes sessions that are over, and invitations, and reports how many sessions. Call it now and then.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	var n int64
	err := s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		var err error
		if n, err = tx.DeleteExpiredSessions(ctx, tx.Now()); err != nil {
			return err
		}
		_, err = tx.DeleteExpiredInvitations(ctx, tx.Now())
		return err
	})
	return n, err
}

// NewToken is an API token to make.
type NewToken struct {
	// Key, if set, makes one token: a second call of the same agent with the same
	// key is a Conflict, because the secret cannot be shown again.
	Key  string
	Name string
	// Permissions must be among those of the caller.
	Permissions auth.Set
	// ExpiresAt is in the future, at most MaxTokenLife ahead.
	ExpiresAt time.Time
}

// MaxTokenLife is how long an API token may be valid.
const MaxTokenLife = 366 * 24 * time.Hour

// Token is an API token without its secret.
type Token struct {
	ID          string
	AgentID     desk.AgentID
	Name        string
	Permissions auth.Set
	CreatedAt   time.Time
	// UsedAt is the last use, to Config.TouchEvery; zero means never.
	UsedAt    time.Time
	ExpiresAt time.Time
}

// CreateToken makes an API token of the caller and returns its secret, which
// is shown once. Denied if it would permit more than the caller may, Conflict
// if the key has made a token already.
func (s *Service) CreateToken(ctx context.Context, by auth.Principal, n NewToken) (secret string, t Token, err error) {
	const op = "create API token"
	if err := checkName(op, "name", n.Name); err != nil {
		return "", Token{}, err
	}
	now := s.deps.Clock.Now()
	switch {
	case n.Permissions == 0:
		return "", Token{}, desk.InvalidField(op, "permissions", "a token needs at least one permission")
	case n.Permissions.Intersect(by.Permissions) != n.Permissions:
		return "", Token{}, desk.E(desk.Denied, op, "a token cannot permit more than its owner may")
	case !n.ExpiresAt.After(now) || n.ExpiresAt.Sub(now) > MaxTokenLife:
		return "", Token{}, desk.InvalidField(op, "expires_at", "a token expires within a year, in the future")
	}
	secret, hash, err := s.deps.Secrets.NewSecret(auth.TokenPrefix)
	if err != nil {
		return "", Token{}, err
	}
	row := store.APIToken{
		ID: s.tokenID(by, n.Key), AccountID: by.Account, AgentID: by.Agent, Name: n.Name, Hash: hash,
		CreatedAt: now, ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	for _, p := range n.Permissions.List() {
		row.Permissions = append(row.Permissions, string(p))
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return "", Token{}, err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAPIToken(ctx, row); err != nil {
			return err
		}
		return pen.Write(ctx, tx, tokenAct("token.created", row, map[string]any{"permissions": row.Permissions, "expires_at": row.ExpiresAt}))
	})
	if n.Key != "" && errors.Is(err, desk.Conflict) {
		return "", Token{}, &desk.Error{
			Kind: desk.Conflict, Op: op, Err: err,
			Msg: "this token has been made already and its secret was shown then; revoke it and make another if the secret is lost",
		}
	}
	if err != nil {
		return "", Token{}, err
	}
	return secret, tokenOf(row), nil
}

// tokenID is drawn, or made of the idempotency key so that a repeat collides.
func (s *Service) tokenID(by auth.Principal, key string) string {
	if key == "" {
		return s.deps.IDs.Other("tok")
	}
	sum := sha256.Sum256([]byte(string(by.Account) + "\x00" + string(by.Agent) + "\x00" + key))
	return "tok_" + hex.EncodeToString(sum[:16])
}

func tokenOf(row store.APIToken) Token {
	names := make([]auth.Permission, len(row.Permissions))
	for i, p := range row.Permissions {
		names[i] = auth.Permission(p)
	}
	return Token{
		// A permission that no longer exists permits nothing.
		ID: row.ID, AgentID: row.AgentID, Name: row.Name, Permissions: auth.NewSet(names...),
		CreatedAt: row.CreatedAt, UsedAt: row.UsedAt, ExpiresAt: row.ExpiresAt,
	}
}

// Tokens lists the account's API tokens by id.
func (s *Service) Tokens(ctx context.Context, account desk.AccountID) ([]Token, error) {
	rows, err := s.deps.Store.APITokens(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]Token, len(rows))
	for i, row := range rows {
		out[i] = tokenOf(row)
	}
	return out, nil
}

func tokenAct(action string, t store.APIToken, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "token", ID: t.ID, Name: t.Name}, Details: details}
}

// RevokeToken ends an API token; NotFound if there is none of that id. A repeat
// of by's idempotency key changes nothing; an empty key is none.
func (s *Service) RevokeToken(ctx context.Context, by auth.Principal, key, id string) error {
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if key != "" {
			if _, repeated, err := tx.Once(ctx, by.Account, "revoke_token:"+string(by.Agent), key, id); err != nil || repeated {
				return err
			}
		}
		tokens, err := tx.APITokens(ctx, by.Account)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(tokens, func(t store.APIToken) bool { return t.ID == id })
		if i < 0 {
			return desk.E(desk.NotFound, "revoke API token", "there is no such token")
		}
		if err := tx.DeleteAPIToken(ctx, by.Account, id); err != nil {
			return err
		}
		return pen.Write(ctx, tx, tokenAct("token.revoked", tokens[i], nil))
	})
	s.tokens.forget(func(_ string, t store.APIToken) bool { return t.ID == id })
	return err
}

var errToken = desk.E(desk.Unauthenticated, "authenticate", "the API token is unknown, revoked or expired")

// AuthenticateToken finds who an API token belongs to and what it permits now.
func (s *Service) AuthenticateToken(ctx context.Context, secret string) (auth.Principal, error) {
	hash, ok := s.deps.Secrets.Hash(auth.TokenPrefix, secret)
	if !ok {
		return auth.Principal{}, errToken
	}
	row, err := s.tokens.get(hash, func() (store.APIToken, error) { return s.deps.Store.APIToken(ctx, hash) })
	if err != nil {
		return auth.Principal{}, unauthenticated(err, errToken)
	}
	now := s.deps.Clock.Now()
	if !row.ExpiresAt.IsZero() && !now.Before(row.ExpiresAt) {
		return auth.Principal{}, errToken
	}
	p, err := s.principal(ctx, row.AccountID, row.AgentID)
	if err != nil {
		return auth.Principal{}, unauthenticated(err, errToken)
	}
	if now.Sub(row.UsedAt) >= s.config.TouchEvery {
		err := s.deps.Store.Write(ctx, row.AccountID, func(ctx context.Context, tx *store.Tx) error {
			return tx.TouchAPIToken(ctx, row.AccountID, row.ID)
		})
		switch {
		case err == nil:
			s.tokens.drop(hash) // the next use reads what it is now
		case errors.Is(err, desk.NotFound): // revoked meanwhile
			s.tokens.drop(hash)
			return auth.Principal{}, errToken
		default:
			s.deps.Log.WarnContext(ctx, "API token use not recorded", "error", err)
			row.UsedAt = now // or every request would try again
			s.tokens.put(hash, row)
		}
	}
	p.Token, p.Permissions = row.ID, tokenOf(row).Permissions.Intersect(p.Permissions)
	return p, nil
}

// unauthenticated turns "there is no such row" into the answer for strangers
// and leaves failures of the database what they are.
func unauthenticated(err error, answer *desk.Error) error {
	if errors.Is(err, desk.NotFound) {
		return answer
	}
	return err
}

func cut(s string, runes int) string {
	s = strings.ToValidUTF8(s, "")
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes])
}
