package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// Items is a list that is short enough to come whole.
type Items[T any] struct {
	Items []T `json:"items"`
}

func itemsOf[A, T any](all []A, shape func(A) T) out[Items[T]] {
	list := make([]T, len(all))
	for i, a := range all {
		list[i] = shape(a)
	}
	return out[Items[T]]{Items[T]{list}}
}

type feedInput struct {
	Epoch string `query:"epoch" maxLength:"128"`
	Since int64  `query:"since" minimum:"0"`
}

func (s *Server) fetchFeed(ctx context.Context, c caller, in *feedInput) (out[wire.Batch], error) {
	b, err := s.deps.Feeds.Fetch(ctx, feed.Audience{Account: c.Account, Agent: c.Agent}, in.Epoch, in.Since, 0)
	return out[wire.Batch]{b}, err
}

// Token is an API token without its secret.
type Token struct {
	ID          string            `json:"id"`
	AgentID     desk.AgentID      `json:"agent_id"`
	Name        string            `json:"name"`
	Permissions []auth.Permission `json:"permissions"`
	CreatedAt   time.Time         `json:"created_at"`
	UsedAt      time.Time         `json:"used_at,omitzero"`
	ExpiresAt   time.Time         `json:"expires_at"`
}

func tokenShape(t workspace.Token) Token {
	return Token{
		ID: t.ID, AgentID: t.AgentID, Name: t.Name, Permissions: t.Permissions.List(),
		CreatedAt: t.CreatedAt, UsedAt: t.UsedAt, ExpiresAt: t.ExpiresAt,
	}
}

func (s *Server) listTokens(ctx context.Context, c caller, _ *nothing) (out[Items[Token]], error) {
	tokens, err := s.deps.Workspace.Tokens(ctx, c.Account)
	return itemsOf(tokens, tokenShape), err
}

type createTokenInput struct {
	Keyed
	Body struct {
		Name        string    `json:"name" minLength:"1" maxLength:"100" example:"CRM"`
		Permissions []string  `json:"permissions" minItems:"1" maxItems:"64" example:"[\"conversations.read\"]" doc:"At most what you may do yourself."`
		ExpiresAt   time.Time `json:"expires_at" example:"2027-01-04T01:00:00Z" doc:"In the future, within a year."`
	}
}

// NewToken is an API token with its secret, shown this once.
type NewToken struct {
	Token
	Secret string `json:"secret" doc:"Shown once. Send it as Authorization: Bearer."`
}

func (s *Server) createToken(ctx context.Context, c caller, in *createTokenInput) (out[NewToken], error) {
	permissions, err := auth.ParseSet(in.Body.Permissions)
	if err != nil {
		return out[NewToken]{}, err
	}
	secret, t, err := s.deps.Workspace.CreateToken(ctx, c.Principal, workspace.NewToken{
		Key: in.Key, Name: in.Body.Name, Permissions: permissions, ExpiresAt: in.Body.ExpiresAt,
	})
	return out[NewToken]{NewToken{Token: tokenShape(t), Secret: secret}}, err
}

// Named is a command about the thing in the path.
type Named struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
}

// namedInput is Named; both names are in use.
type namedInput = Named

// namedQuery asks about the thing in the path.
type namedQuery struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) revokeToken(ctx context.Context, c caller, in *Named) (noContent, error) {
	return noContent{}, s.deps.Workspace.RevokeToken(ctx, c.Principal, in.Key, in.ID)
}

type deadLettersInput struct {
	Cursor string `query:"cursor" maxLength:"64"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// DeadLetter is an event that a consumer could not handle and put aside.
type DeadLetter struct {
	ID             string              `json:"id"`
	Consumer       string              `json:"consumer"`
	ConversationID desk.ConversationID `json:"conversation_id,omitempty"`
	Type           desk.EventKind      `json:"type"`
	Seq            int64               `json:"seq" doc:"The event's place in the log."`
	Error          string              `json:"error"`
	Attempts       int64               `json:"attempts"`
	At             time.Time           `json:"at"`
}

// DeadLetterPage is a page, the newest first.
type DeadLetterPage struct {
	Items      []DeadLetter `json:"items"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

func (s *Server) listDeadLetters(ctx context.Context, c caller, in *deadLettersInput) (out[DeadLetterPage], error) {
	found, err := s.deps.DeadLetters.DeadLetters(ctx, c.Account, store.Page{BeforeID: in.Cursor, Limit: in.Limit})
	if err != nil {
		return out[DeadLetterPage]{}, err
	}
	page := DeadLetterPage{Items: make([]DeadLetter, len(found))}
	for i, d := range found {
		page.Items[i] = DeadLetter{
			ID: d.ID, Consumer: d.Consumer, ConversationID: d.Event.ConversationID, Type: d.Event.Fact.Kind(),
			Seq: d.Event.Pos, Error: d.Error, Attempts: d.Attempts, At: d.At,
		}
	}
	if len(found) == in.Limit {
		page.NextCursor = found[len(found)-1].ID
	}
	return out[DeadLetterPage]{page}, nil
}

func (s *Server) replayDeadLetter(ctx context.Context, c caller, in *Named) (noContent, error) {
	err := s.deps.Audit.Do(ctx, c.Account, audit.Act{
		Action: "dead_letter.replayed", Target: audit.Target{Kind: "dead_letter", ID: in.ID},
	}, func(ctx context.Context, tx *store.Tx) error { return tx.Replay(ctx, c.Account, in.ID) })
	if err != nil {
		return noContent{}, err
	}
	return noContent{}, s.deps.Bus.Replay(ctx, c.Account, in.ID) // the same once more, and the bus is told
}

// Rotation is how far the sealing under a new key is.
type Rotation struct {
	State      string    `json:"state" enum:",running,done,failed" doc:"Empty if there never was one."`
	Pass       int       `json:"pass"`
	Done       int64     `json:"done"`
	Total      int64     `json:"total"`
	Unreadable int64     `json:"unreadable" doc:"Values that no key opens; they stay as they are."`
	StartedAt  time.Time `json:"started_at,omitzero"`
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
}

type keyedOnly struct{ Keyed }

func (s *Server) rotateKeys(ctx context.Context, c caller, in *keyedOnly) (out[Rotation], error) {
	status, err := s.deps.Rotator.RotateKeys(ctx, c.Account, c.Agent, in.Key)
	return rotationShape(status), err
}

func (s *Server) getRotation(ctx context.Context, c caller, _ *nothing) (out[Rotation], error) {
	status, err := s.deps.Rotator.RotationStatus(ctx, c.Account)
	return rotationShape(status), err
}

func rotationShape(r conversation.RotationStatus) out[Rotation] {
	return out[Rotation]{Rotation{
		State: string(r.State), Pass: r.Pass, Done: r.Done, Total: r.Total,
		Unreadable: r.Unreadable, StartedAt: r.StartedAt, UpdatedAt: r.UpdatedAt,
	}}
}
