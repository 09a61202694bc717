package store

import (
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Mail is an e-mail of the program's own on its way: an invitation, a
// transcript. What it says and to whom is sealed.
type Mail struct {
	ID        string
	AccountID desk.AccountID
	Kind      string
	Body      desk.Sealed
	// Dead mails are not tried any more.
	Dead     bool
	Attempts int64
	Due      time.Time
	// Error is why the last attempt failed, a short code.
	Error string
	// Holder is who was handed the mail.
	Holder    string
	CreatedAt time.Time
}

const (
	mailQueued = "queued"
	mailDead   = "dead"
)

// DueMails hands out mails of all accounts that are due at now, the oldest
// first, and keeps them from other callers for a while longer than sending them
// one after the other may take.
func (s *Store) DueMails(ctx context.Context, holder string, now time.Time, limit int, claim time.Duration) ([]Mail, error) {
	var out []Mail
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		rows, err := tx.q.ClaimMails(ctx, query.ClaimMailsParams{
			Holder: holder, NowUs: desk.Micros(now), UntilUs: desk.Micros(now.Add(claim)), RowLimit: bound(limit),
		})
		out = mailsOf(rows)
		slices.SortFunc(out, func(a, b Mail) int { return a.Due.Compare(b.Due) })
		return tx.fail("claim mails", "mail", err)
	})
	return out, err
}

// Mails lists the account's mails that were not sent yet, the newest first,
// below an id ("" is the top).
func (r Reads) Mails(ctx context.Context, account desk.AccountID, before string, limit int) ([]Mail, error) {
	rows, err := r.q.Mails(ctx, query.MailsParams{AccountID: string(account), BeforeID: beforeID(before), RowLimit: bound(limit)})
	return mailsOf(rows), r.fail("list mails", "mail", err)
}

// Mail finds a mail of the account that was not sent yet.
func (r Reads) Mail(ctx context.Context, account desk.AccountID, id string) (Mail, error) {
	row, err := r.q.Mail(ctx, query.MailParams{AccountID: string(account), ID: id})
	if err != nil {
		return Mail{}, r.fail("find mail", "mail", err)
	}
	return mailsOf([]query.Mail{row})[0], nil
}

// MailPage walks all mails of the account by id, from after on.
func (r Reads) MailPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]Mail, error) {
	rows, err := r.q.MailPage(ctx, query.MailPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return mailsOf(rows), r.fail("list mails", "mail", err)
}

// InsertMail queues a mail.
func (t *Tx) InsertMail(ctx context.Context, m Mail) error {
	const op = "queue mail"
	if err := t.own(op, m.AccountID); err != nil {
		return err
	}
	return t.fail(op, "mail", t.q.InsertMail(ctx, query.InsertMailParams{
		ID: m.ID, AccountID: string(m.AccountID), Kind: m.Kind, Body: blob(m.Body), DueUs: desk.Micros(m.Due), CreatedUs: desk.Micros(m.CreatedAt),
	}))
}

// UpdateMail gives a mail back with new Attempts, Due, Error and Dead. Conflict
// if another holder has it by now.
func (t *Tx) UpdateMail(ctx context.Context, m Mail) error {
	const op = "update mail"
	if err := t.own(op, m.AccountID); err != nil {
		return err
	}
	state := mailQueued
	if m.Dead {
		state = mailDead
	}
	n, err := t.q.UpdateMail(ctx, query.UpdateMailParams{
		AccountID: string(m.AccountID), ID: m.ID, Holder: m.Holder, State: state, Attempts: m.Attempts, DueUs: desk.Micros(m.Due), Error: m.Error,
	})
	return t.held(op, n, err)
}

// UpdateMailBody replaces the sealed content, for a change of keys.
func (t *Tx) UpdateMailBody(ctx context.Context, account desk.AccountID, id string, body desk.Sealed) error {
	const op = "update mail"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.UpdateMailBody(ctx, query.UpdateMailBodyParams{AccountID: string(account), ID: id, Body: blob(body)})
	return t.changed(op, "mail", n, err)
}

// DeleteMail removes a mail that was sent. Conflict if another holder has it by
// now.
func (t *Tx) DeleteMail(ctx context.Context, m Mail) error {
	const op = "delete mail"
	if err := t.own(op, m.AccountID); err != nil {
		return err
	}
	n, err := t.q.DeleteMail(ctx, query.DeleteMailParams{AccountID: string(m.AccountID), ID: m.ID, Holder: m.Holder})
	return t.held(op, n, err)
}

// DeleteDeadMails removes dead mails from before a time, of all accounts.
func (t *Tx) DeleteDeadMails(ctx context.Context, before time.Time) (int64, error) {
	const op = "delete dead mails"
	if err := t.installation(op); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteDeadMails(ctx, query.DeleteDeadMailsParams{BeforeUs: desk.Micros(before)})
	return n, t.fail(op, "mail", err)
}

func mailsOf(rows []query.Mail) []Mail {
	out := make([]Mail, len(rows))
	for i, row := range rows {
		out[i] = Mail{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), Kind: row.Kind, Body: row.Body, Dead: row.State == mailDead,
			Attempts: row.Attempts, Due: desk.FromMicros(row.DueUs), Error: row.Error, Holder: row.Holder, CreatedAt: desk.FromMicros(row.CreatedUs),
		}
	}
	return out
}
