package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Callback is somebody's wish to be called back.
type Callback struct {
	ID             string
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	ContactID      desk.ContactID
	// Details are the number and what it is about, sealed.
	Details desk.Sealed
	State   desk.CallbackState
	// From and To bound when; zero is any time.
	From, To  time.Time
	CreatedAt time.Time
	// DoneAt and DoneBy say who ticked it off; zero while it is open.
	DoneAt time.Time
	DoneBy desk.AgentID
}

func callbackOf(row query.Callback) Callback {
	return Callback{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID),
		ContactID: desk.ContactID(row.ContactID), Details: row.Details, State: desk.CallbackState(row.State),
		From: desk.FromMicros(row.FromUs), To: desk.FromMicros(row.ToUs), CreatedAt: desk.FromMicros(row.CreatedUs),
		DoneAt: desk.FromMicros(row.DoneUs), DoneBy: desk.AgentID(row.DoneBy),
	}
}

func callbacksOf(rows []query.Callback) []Callback {
	out := make([]Callback, len(rows))
	for i, row := range rows {
		out[i] = callbackOf(row)
	}
	return out
}

// Callback finds a wish to be called.
func (r Reads) Callback(ctx context.Context, account desk.AccountID, id string) (Callback, error) {
	row, err := r.q.Callback(ctx, query.CallbackParams{AccountID: string(account), ID: id})
	if err != nil {
		return Callback{}, r.fail("find callback", "callback", err)
	}
	return callbackOf(row), nil
}

// Callbacks lists the account's wishes in a state, the newest first, before an
// id; "" begins with the newest.
func (r Reads) Callbacks(ctx context.Context, account desk.AccountID, state desk.CallbackState, before string, limit int) ([]Callback, error) {
	if before == "" {
		before = lastID
	}
	rows, err := r.q.Callbacks(ctx, query.CallbacksParams{AccountID: string(account), State: string(state), BeforeID: before, RowLimit: bound(limit)})
	return callbacksOf(rows), r.fail("list callbacks", "callback", err)
}

// CallbacksOf lists a conversation's wishes, the newest first.
func (r Reads) CallbacksOf(ctx context.Context, account desk.AccountID, id desk.ConversationID) ([]Callback, error) {
	rows, err := r.q.CallbacksOf(ctx, query.CallbacksOfParams{AccountID: string(account), ConversationID: string(id), RowLimit: maxPage})
	return callbacksOf(rows), r.fail("list callbacks", "callback", err)
}

// CallbackPage lists wishes of all states after an id, for a change of keys.
func (r Reads) CallbackPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]Callback, error) {
	rows, err := r.q.CallbackPage(ctx, query.CallbackPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return callbacksOf(rows), r.fail("list callbacks", "callback", err)
}

// InsertCallback adds a wish to be called.
func (t *Tx) InsertCallback(ctx context.Context, c Callback) error {
	const op = "add callback"
	if err := t.own(op, c.AccountID); err != nil {
		return err
	}
	return t.fail(op, "callback", t.q.InsertCallback(ctx, query.InsertCallbackParams{
		AccountID: string(c.AccountID), ID: c.ID, ConversationID: string(c.ConversationID), ContactID: string(c.ContactID),
		Details: blob(c.Details), State: string(c.State), FromUs: desk.Micros(c.From), ToUs: desk.Micros(c.To), CreatedUs: desk.Micros(c.CreatedAt),
	}))
}

// UpdateCallback replaces details and state of a wish.
func (t *Tx) UpdateCallback(ctx context.Context, c Callback) error {
	const op = "change callback"
	if err := t.own(op, c.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateCallback(ctx, query.UpdateCallbackParams{
		Details: blob(c.Details), State: string(c.State), DoneUs: desk.Micros(c.DoneAt), DoneBy: string(c.DoneBy),
		AccountID: string(c.AccountID), ID: c.ID,
	})
	return t.changed(op, "callback", n, err)
}
