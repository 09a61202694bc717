package toolbox

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	IDs   *desk.IDs
	Clock desk.Clock
	// Audit keeps who changed what belongs to more than one.
	Audit *audit.Book
	Log   *slog.Logger
}

// Service keeps labels, canned replies and drafts. Build it with New.
type Service struct{ deps Deps }

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Clock == nil || d.Audit == nil || d.Log == nil {
		return nil, desk.E(desk.Invalid, "build toolbox", "a required part is missing")
	}
	return &Service{deps: d}, nil
}

// By is the colleague who gives a command.
type By struct {
	desk.By
	// Seen, if set, must be the revision of what is changed; otherwise it is a Conflict.
	Seen desk.Revision
	// Manages is set for those who may change what belongs to a team or to all.
	Manages bool
}

// changed tells the account's agents that their labels or canned replies are
// not what they were.
func changed(tx *store.Tx, by By, what string) error {
	return tx.Emit(desk.Event{
		AccountID: by.Account, Actor: by.Author(),
		Fact: desk.ToolboxChanged{What: what},
	})
}

// line checks a name: something on one line, without what nobody can see.
func line(op, field, s string, most int) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", desk.InvalidField(op, field, "a name is needed")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", desk.InvalidField(op, field, "a name is one line of text")
	case utf8.RuneCountInString(s) > most:
		return "", desk.InvalidField(op, field, "the name is too long")
	}
	return s, nil
}

func (s *Service) seal(ctx context.Context, account desk.AccountID, p seal.Place, v any) (desk.Sealed, error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "encode", err)
	}
	return keys.Seal(p, plain), nil
}

func open(keys *seal.AccountKeys, p seal.Place, sealed desk.Sealed, into any) error {
	plain, err := keys.Open(p, sealed)
	if err == nil {
		err = json.Unmarshal(plain, into)
	}
	return err
}

// taken says what a Conflict of a unique name means.
func taken(err error, op, field, msg string) error {
	if errors.Is(err, desk.Conflict) {
		return &desk.Error{Kind: desk.Conflict, Op: op, Field: field, Msg: msg, Err: err}
	}
	return err
}
