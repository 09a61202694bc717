package store

import (
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Tx is an ordinary transaction. It belongs to the unit it was given to, must
// not be used after the unit returned, nor by two goroutines.
type Tx struct {
	Reads
	account desk.AccountID
	now     time.Time
	events  []desk.Event
}

// NewTx is for drivers: it wraps the queries of an open transaction. kind is
// the driver's Kind.
func NewTx(q *query.Queries, account desk.AccountID, now time.Time, kind func(error) desk.Kind) *Tx {
	return &Tx{Reads: Reads{q: q, kind: kind}, account: account, now: now}
}

// Now is the time of the commit.
func (t *Tx) Now() time.Time { return t.now }

// Account is whose transaction this is; "" is the installation's.
func (t *Tx) Account() desk.AccountID { return t.account }

// Emit adds an event to the log with this commit. Pos and a zero At are
// filled in.
func (t *Tx) Emit(e desk.Event) error {
	if err := t.own("emit event", e.AccountID); err != nil {
		return err
	}
	if e.At.IsZero() {
		e.At = t.now
	}
	t.events = append(t.events, e)
	return nil
}

// Events is for drivers: what the unit emitted, without positions.
func (t *Tx) Events() []desk.Event { return t.events }

// own refuses to touch another account's rows.
func (t *Tx) own(op string, account desk.AccountID) error {
	if account == "" || (t.account != "" && t.account != account) {
		return desk.E(desk.Denied, op, "this belongs to another account")
	}
	return nil
}

// installation refuses what only the installation itself may do.
func (t *Tx) installation(op string) error {
	if t.account != "" {
		return desk.E(desk.Denied, op, "only the installation itself may do this")
	}
	return nil
}
