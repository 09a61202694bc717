package audit

import (
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// By is who acts.
type By struct {
	Account desk.AccountID
	// Agent "" is the operator at the command line.
	Agent desk.AgentID
	// Token is the id of the API token that was used, if one was.
	Token string
	// Address is where the act came from; the zero value is this machine's command line.
	Address netip.Addr
}

type byKey struct{}

// With returns a context whose acts are this caller's. The doors set it once a
// caller is known.
func With(ctx context.Context, by By) context.Context { return context.WithValue(ctx, byKey{}, by) }

// from is who acts in ctx on the account; the operator if nobody else is known.
func from(ctx context.Context, account desk.AccountID) By {
	if by, ok := ctx.Value(byKey{}).(By); ok && by.Account == account {
		return by
	}
	return By{Account: account}
}

// Target is what was acted on. Name is what people call it, at that time.
type Target struct {
	Kind string
	ID   string
	Name string
}

// Act is what was done.
type Act struct {
	// Action is "noun.verb" with the verb in the past: "role.changed".
	Action string
	Target Target
	// Details are non-secret fields, for a change as Changes makes them.
	Details map[string]any
}

// Changes returns the fields that differ, each as {"from": …, "to": …}.
func Changes(before, after map[string]any) map[string]any {
	out := make(map[string]any)
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for field := range keys {
		if !reflect.DeepEqual(before[field], after[field]) {
			out[field] = map[string]any{"from": before[field], "to": after[field]}
		}
	}
	return out
}

// Deps are the book's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	IDs   *desk.IDs
}

// Book is the record of administrative acts. Build it with New.
type Book struct{ deps Deps }

// New builds a Book. A missing collaborator is Invalid.
func New(d Deps) (*Book, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil {
		return nil, desk.E(desk.Invalid, "build audit", "a required part is missing")
	}
	return &Book{deps: d}, nil
}

// Pen writes the acts of one caller into transactions.
type Pen struct {
	book *Book
	keys *seal.AccountKeys
	by   By
}

// Open prepares to record acts on the account by whom ctx names (With). Call
// it before the transaction begins: it may have to read the account's keys.
func (b *Book) Open(ctx context.Context, account desk.AccountID) (Pen, error) {
	keys, err := b.deps.Keys.Account(ctx, account)
	if err != nil {
		return Pen{}, desk.Wrap(desk.KindOf(err), "open audit", err)
	}
	return Pen{book: b, keys: keys, by: from(ctx, account)}, nil
}

// As is the pen in the hand of an agent who was not known before, such as one
// who accepts an invitation.
func (p Pen) As(agent desk.AgentID, address netip.Addr) Pen {
	p.by = By{Account: p.by.Account, Agent: agent, Address: address}
	return p
}

// Actor is who the pen writes for; "" is the operator.
func (p Pen) Actor() desk.AgentID { return p.by.Agent }

// Account is whose acts the pen writes.
func (p Pen) Account() desk.AccountID { return p.by.Account }

// details is what is sealed of an act.
type details struct {
	Name    string         `json:"name,omitempty"`
	Token   string         `json:"token,omitempty"`
	Address string         `json:"address,omitempty"`
	Details map[string]any `json:"details,omitempty"`
}

func place(id string) seal.Place {
	return seal.Place{Owner: id, Table: "audit", Row: id, Column: "details"}
}

// Place is where an act's details are sealed, for sealing them anew.
func Place(id string) seal.Place { return place(id) }

var (
	actionName = regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)
	secretName = regexp.MustCompile(`(?i)password|secret|token_hash|recovery|totp_code`)
)

// Write records an act in the transaction that does it.
func (p Pen) Write(ctx context.Context, tx *store.Tx, a Act) error {
	const op = "record act"
	if !actionName.MatchString(a.Action) || a.Target.Kind == "" {
		return desk.E(desk.Internal, op, "")
	}
	for name := range a.Details {
		if secretName.MatchString(name) {
			return desk.E(desk.Internal, op, "")
		}
	}
	d := details{Name: a.Target.Name, Token: p.by.Token, Details: a.Details}
	if p.by.Address.IsValid() {
		d.Address = p.by.Address.Unmap().WithZone("").String()
	}
	plain, err := json.Marshal(d)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	id := p.book.deps.IDs.Other("act")
	return tx.InsertAct(ctx, store.Act{
		ID: id, AccountID: p.by.Account, At: tx.Now(), ActorID: p.by.Agent, Action: a.Action,
		TargetKind: a.Target.Kind, TargetID: a.Target.ID, Details: p.keys.Seal(place(id), plain),
	})
}

// Do runs a unit that is nobody else's transaction together with its record.
func (b *Book) Do(ctx context.Context, account desk.AccountID, a Act, unit func(context.Context, *store.Tx) error) error {
	pen, err := b.Open(ctx, account)
	if err != nil {
		return err
	}
	return b.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		if err := unit(ctx, tx); err != nil {
			return err
		}
		return pen.Write(ctx, tx, a)
	})
}

// Record is a recorded act as it is shown.
type Record struct {
	ID      string
	At      time.Time
	Actor   desk.AgentID
	Action  string
	Target  Target
	Details map[string]any
	// Token is the id of the API token that was used, if one was.
	Token string
	// Address is the caller's; empty for the command line.
	Address string
}

// Query asks for a page of acts, the newest first.
type Query struct {
	Account desk.AccountID
	// Actor and Action narrow the list; empty means any.
	Actor  desk.AgentID
	Action string
	// Cursor is what the page before returned; empty begins.
	Cursor string
	// Limit is 1 to 100; 0 means 50.
	Limit int
}

// List returns a page of acts and the cursor of the next, empty at the end.
func (b *Book) List(ctx context.Context, q Query) (out []Record, next string, err error) {
	const op = "list acts"
	if q.Cursor != "" && (!strings.HasPrefix(q.Cursor, "act_") || len(q.Cursor) != len("act_")+26) {
		return nil, "", desk.InvalidField(op, "cursor", "the cursor is not one of ours")
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 100)
	keys, err := b.deps.Keys.Account(ctx, q.Account)
	if err != nil {
		return nil, "", desk.Wrap(desk.KindOf(err), op, err)
	}
	rows, err := b.deps.Store.Acts(ctx, q.Account, store.ActFilter{Actor: q.Actor, Action: q.Action}, store.Page{BeforeID: q.Cursor, Limit: q.Limit + 1})
	if err != nil {
		return nil, "", err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		next = rows[q.Limit-1].ID
	}
	for _, row := range rows {
		plain, err := keys.Open(place(row.ID), row.Details)
		if err != nil {
			return nil, "", err
		}
		var d details
		if err := json.Unmarshal(plain, &d); err != nil {
			return nil, "", desk.Wrap(desk.Internal, op, err)
		}
		out = append(out, Record{
			ID: row.ID, At: row.At, Actor: row.ActorID, Action: row.Action, Details: d.Details,
			Target: Target{Kind: row.TargetKind, ID: row.TargetID, Name: d.Name}, Token: d.Token, Address: d.Address,
		})
	}
	return slices.Clip(out), next, nil
}
