package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Inbox is an inbox with its sealed secrets (passwords and keys of the
// channel).
type Inbox struct {
	desk.Inbox
	Secrets desk.Sealed
}

// Accounts lists all accounts of the installation by id.
func (r Reads) Accounts(ctx context.Context) ([]desk.Account, error) {
	rows, err := r.q.Accounts(ctx)
	if err != nil {
		return nil, r.fail("list accounts", "account", err)
	}
	out := make([]desk.Account, len(rows))
	for i, row := range rows {
		out[i] = accountOf(row)
	}
	return out, nil
}

// Account finds an account; NotFound if there is none.
func (r Reads) Account(ctx context.Context, id desk.AccountID) (desk.Account, error) {
	row, err := r.q.Account(ctx, query.AccountParams{ID: string(id)})
	if err != nil {
		return desk.Account{}, r.fail("find account", "account", err)
	}
	return accountOf(row), nil
}

func accountOf(row query.Account) desk.Account {
	return desk.Account{
		ID: desk.AccountID(row.ID), Name: row.Name, Locale: desk.Locale(row.Locale), RequireTOTP: row.RequireTotp,
		CreatedAt: desk.FromMicros(row.CreatedUs),
	}
}

// InsertAccount adds an account. Conflict if the id is taken.
func (t *Tx) InsertAccount(ctx context.Context, a desk.Account) error {
	const op = "insert account"
	if err := t.own(op, a.ID); err != nil {
		return err
	}
	return t.fail(op, "account", t.q.InsertAccount(ctx, query.InsertAccountParams{
		ID: string(a.ID), Name: a.Name, Locale: string(a.Locale), RequireTotp: a.RequireTOTP, CreatedUs: desk.Micros(a.CreatedAt),
	}))
}

// UpdateAccount changes name, locale and whether a second factor is required.
func (t *Tx) UpdateAccount(ctx context.Context, a desk.Account) error {
	const op = "update account"
	if err := t.own(op, a.ID); err != nil {
		return err
	}
	n, err := t.q.UpdateAccount(ctx, query.UpdateAccountParams{
		ID: string(a.ID), Name: a.Name, Locale: string(a.Locale), RequireTotp: a.RequireTOTP,
	})
	return t.changed(op, "account", n, err)
}

// InboxByKey finds an inbox of any account by its public key.
func (r Reads) InboxByKey(ctx context.Context, key string) (Inbox, error) {
	row, err := r.q.InboxByKey(ctx, query.InboxByKeyParams{Key: key})
	return r.inbox(row, err)
}

// Inbox finds an inbox of the account.
func (r Reads) Inbox(ctx context.Context, account desk.AccountID, id desk.InboxID) (Inbox, error) {
	row, err := r.q.Inbox(ctx, query.InboxParams{AccountID: string(account), ID: string(id)})
	return r.inbox(row, err)
}

// Inboxes lists the account's inboxes by id.
func (r Reads) Inboxes(ctx context.Context, account desk.AccountID) ([]Inbox, error) {
	rows, err := r.q.Inboxes(ctx, query.InboxesParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("list inboxes", "inbox", err)
	}
	out := make([]Inbox, len(rows))
	for i, row := range rows {
		if out[i], err = r.inbox(row, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r Reads) inbox(row query.Inbox, err error) (Inbox, error) {
	const op = "find inbox"
	if err != nil {
		return Inbox{}, r.fail(op, "inbox", err)
	}
	in := Inbox{
		Inbox: desk.Inbox{
			ID: desk.InboxID(row.ID), AccountID: desk.AccountID(row.AccountID), Channel: row.Channel,
			Name: row.Name, Key: row.Key, Enabled: row.Enabled, Version: row.Version, CreatedAt: desk.FromMicros(row.CreatedUs),
		},
		Secrets: row.Secrets,
	}
	if err := json.Unmarshal([]byte(row.Settings), &in.Settings); err != nil {
		return Inbox{}, desk.Wrap(desk.Internal, op, err)
	}
	return in, nil
}

// PutInbox adds an inbox or changes the one with its id. Conflict if another
// inbox has the key; NotFound if another account has the id.
func (t *Tx) PutInbox(ctx context.Context, in Inbox) error {
	const op = "save inbox"
	if err := t.own(op, in.AccountID); err != nil {
		return err
	}
	settings, err := json.Marshal(in.Settings)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	n, err := t.q.PutInbox(ctx, query.PutInboxParams{
		ID: string(in.ID), AccountID: string(in.AccountID), Channel: in.Channel, Name: in.Name, Key: in.Key,
		Settings: string(settings), Secrets: blob(in.Secrets), Enabled: in.Enabled, Version: in.Version,
		CreatedUs: desk.Micros(in.CreatedAt),
	})
	return t.changed(op, "inbox", n, err)
}

// FirstConversation is when the inbox's oldest conversation began; zero if it has none.
func (r Reads) FirstConversation(ctx context.Context, account desk.AccountID, inbox desk.InboxID) (time.Time, error) {
	us, err := r.q.FirstConversationByInbox(ctx, query.FirstConversationByInboxParams{AccountID: string(account), InboxID: string(inbox)})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return desk.FromMicros(us), r.fail("find first conversation", "conversation", err)
}

// DeleteInbox removes an inbox; its conversations stay.
func (t *Tx) DeleteInbox(ctx context.Context, account desk.AccountID, id desk.InboxID) error {
	const op = "delete inbox"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteInbox(ctx, query.DeleteInboxParams{AccountID: string(account), ID: string(id)})
	return t.changed(op, "inbox", n, err)
}

// blob makes nil the empty value, because no column is NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
