package scenario

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/outcall"
	"yingda.dev/internal/platform/store"
)

// Why a call was not made, besides the reasons of outcall.
const (
	NoSecret  = "no_secret"
	NotJSON   = "not_json"
	NoStorage = "no_storage"
)

// backoff is how long is waited before the second attempt; it doubles.
const backoff = 250 * time.Millisecond

// Perform makes a call of a flow and says what it gave; it never fails in
// another way. owner names the conversation: with it and the call's id the
// service can tell a repeat (header Idempotency-Key).
func (s *Service) Perform(ctx context.Context, account desk.AccountID, owner string, c dialogue.Call) dialogue.Result {
	result := s.perform(ctx, account, owner, c)
	if ctx.Err() == nil {
		s.note(account, c, result)
	}
	return result
}

func (s *Service) perform(ctx context.Context, account desk.AccountID, owner string, c dialogue.Call) dialogue.Result {
	result := dialogue.Result{Call: c.ID}
	q, failure := s.fill(ctx, account, c)
	if failure != "" {
		result.Failure = failure
		return result
	}
	sum := sha256.Sum256([]byte(string(account) + "\x00" + owner + "\x00" + c.ID + "\x00" + c.Step))
	q.Headers["Idempotency-Key"] = hex.EncodeToString(sum[:16])
	for attempt := 0; ; attempt++ {
		a := s.deps.Caller.Do(ctx, q)
		if attempt >= c.Retries || !again(c.Method, a) || ctx.Err() != nil {
			return answer(result, a)
		}
		s.wait(ctx, backoff<<attempt)
	}
}

// again reports whether another attempt may help and does no harm.
func again(method string, a outcall.Answer) bool {
	switch {
	case a.Failure == outcall.Busy, a.Failure == outcall.Unreachable && !a.Sent:
		return true
	case method == "POST" || method == "PATCH": // the service may have done it
		return a.Status == 429 || a.Status == 503
	case a.Failure == outcall.TimedOut, a.Failure == outcall.Unreachable:
		return true
	}
	return a.Status == 429 || a.Status == 502 || a.Status == 503 || a.Status == 504
}

func answer(r dialogue.Result, a outcall.Answer) dialogue.Result {
	r.Status, r.Failure = a.Status, a.Failure
	if len(a.Body) > 0 && a.Failure == "" {
		if json.Valid(a.Body) {
			r.Body = a.Body
		} else if a.Status >= 200 && a.Status < 300 {
			r.Failure = NotJSON
		}
	}
	return r
}

// fill puts secrets into a call.
func (s *Service) fill(ctx context.Context, account desk.AccountID, c dialogue.Call) (q outcall.Request, failure string) {
	var secrets map[string]string
	find := func(name string) (string, bool) {
		if secrets == nil {
			secrets = s.open(ctx, account)
		}
		v, ok := secrets[name]
		return v, ok
	}
	address, ok := c.URL.Fill(find)
	if !ok {
		return q, NoSecret
	}
	q = outcall.Request{Method: c.Method, URL: joined(address), Headers: make(map[string]string, len(c.Headers)+1), Body: c.Body, Timeout: c.Timeout}
	for _, h := range c.Headers {
		if q.Headers[h.Name], ok = h.Value.Fill(find); !ok {
			return q, NoSecret
		}
	}
	return q, ""
}

// joined removes the second slash where a secret that ends with one meets a path.
func joined(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	before, query, asked := strings.Cut(rest, "?")
	before = strings.ReplaceAll(before, "//", "/")
	if asked {
		before += "?" + query
	}
	return scheme + "://" + before
}

// open opens the account's secrets; what cannot be opened is not there.
func (s *Service) open(ctx context.Context, account desk.AccountID) map[string]string {
	out := map[string]string{}
	rows, err := s.deps.Store.ScenarioSecrets(ctx, account)
	if err != nil {
		s.deps.Log.WarnContext(ctx, "secrets of flows could not be read", "error", err)
		return out
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		s.deps.Log.WarnContext(ctx, "secrets of flows could not be opened", "error", err)
		return out
	}
	for _, row := range rows {
		if plain, err := keys.Open(SecretPlace(row.Name), row.Value); err == nil {
			out[row.Name] = string(plain)
		}
	}
	return out
}

// Secret is what is known of a secret.
type Secret struct {
	Name      string
	AuthorID  desk.AgentID
	UpdatedAt time.Time
	// UsedBy are the published flows that name it.
	UsedBy []string
}

// Secrets lists the account's secrets without their values.
func (s *Service) Secrets(ctx context.Context, account desk.AccountID) ([]Secret, error) {
	rows, err := s.deps.Store.ScenarioSecrets(ctx, account)
	if err != nil {
		return nil, err
	}
	current, err := s.Flows(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]Secret, len(rows))
	for i, row := range rows {
		out[i] = Secret{Name: row.Name, AuthorID: row.AuthorID, UpdatedAt: row.UpdatedAt}
		for _, name := range sorted(current.Set) {
			for _, used := range current.Set[name].Secrets() {
				if used == row.Name {
					out[i].UsedBy = append(out[i].UsedBy, name)
				}
			}
		}
	}
	return out, nil
}

// PutSecret sets a secret.
func (s *Service) PutSecret(ctx context.Context, by desk.By, name, value string) error {
	const op = "save secret of flows"
	if !dialogue.ValidName(name) {
		return desk.InvalidField(op, "name", "a name begins with a small letter and consists of small letters, digits and underscores")
	}
	if value = strings.TrimSpace(value); value == "" || len(value) > maxSecret || strings.ContainsFunc(value, unicode.IsControl) {
		return desk.InvalidField(op, "value", "a value is one line of at most 4,096 characters")
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return err
	}
	row := store.ScenarioSecret{AccountID: by.Account, Name: name, Value: keys.Seal(SecretPlace(name), []byte(value)), AuthorID: by.Agent}
	return s.deps.Audit.Do(ctx, by.Account, audit.Act{Action: "flow_key.set", Target: audit.Target{Kind: "flow_key", ID: name, Name: name}}, func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.ScenarioSecrets(ctx, by.Account)
		if err != nil {
			return err
		}
		if len(rows) >= MaxSecrets && !has(rows, name) {
			return desk.E(desk.Limited, op, "there are 50 secrets already; delete one first")
		}
		row.UpdatedAt = tx.Now()
		return tx.PutScenarioSecret(ctx, row)
	})
}

func has(rows []store.ScenarioSecret, name string) bool {
	for _, row := range rows {
		if row.Name == name {
			return true
		}
	}
	return false
}

// DeleteSecret removes a secret.
func (s *Service) DeleteSecret(ctx context.Context, by desk.By, name string) error {
	return s.deps.Audit.Do(ctx, by.Account, audit.Act{Action: "flow_key.deleted", Target: audit.Target{Kind: "flow_key", ID: name, Name: name}}, func(ctx context.Context, tx *store.Tx) error {
		if by.Key != "" {
			_, repeated, err := tx.Once(ctx, by.Account, "agent:"+string(by.Agent), "delete secret:"+name+":"+by.Key, "")
			if err != nil || repeated {
				return err
			}
		}
		return tx.DeleteScenarioSecret(ctx, by.Account, name)
	})
}
