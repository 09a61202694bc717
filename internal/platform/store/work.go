package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// TimerRef names a timer: one per account, kind and subject.
type TimerRef struct {
	AccountID desk.AccountID
	// Kind chooses the handler, such as "snooze".
	Kind string
	// Subject is what it is about, such as a conversation id.
	Subject string
}

// Timer is something to be done at a time, committed like an event.
type Timer struct {
	TimerRef
	Due time.Time
	// Data is JSON for the handler; may be empty.
	Data string
}

// claimTime is how long what DueOutbox hands out is kept from other nodes. Who
// is slower must expect another to do the same again.
const claimTime = time.Minute

// TimerClaim is how long what DueTimers hands out is kept from other holders. It
// is short, because people wait for what a node that died had in its hands; who
// needs longer says so with HoldTimers.
const TimerClaim = 15 * time.Second

// DueTimers hands out timers of all accounts that are due at now, the oldest
// first, and keeps them from other holders for TimerClaim.
func (s *Store) DueTimers(ctx context.Context, holder string, now time.Time, limit int) ([]Timer, error) {
	var out []Timer
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		rows, err := tx.q.ClaimTimers(ctx, query.ClaimTimersParams{
			Holder: holder, NowUs: desk.Micros(now), UntilUs: desk.Micros(now.Add(TimerClaim)), RowLimit: bound(limit),
		})
		out = make([]Timer, len(rows))
		for i, row := range rows {
			out[i] = timerOf(row)
		}
		slices.SortFunc(out, func(a, b Timer) int {
			return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
		})
		return tx.fail("claim timers", "timer", err)
	})
	return out, err
}

// HoldTimers keeps what a holder was handed out for another TimerClaim from now;
// a now of long ago gives it up. Timers that were done, moved or taken by
// another holder meanwhile are left alone.
func (s *Store) HoldTimers(ctx context.Context, holder string, now time.Time) error {
	return s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		err := tx.q.HoldTimers(ctx, query.HoldTimersParams{Holder: holder, UntilUs: desk.Micros(now.Add(TimerClaim))})
		return tx.fail("hold timers", "timer", err)
	})
}

// TakeAll frees whatever anybody holds: positions, timers, leases and the
// outbox. It is for the only process of a database at its start, so that what
// the one before it had in its hands when it was killed need not expire first.
func (t *Tx) TakeAll(ctx context.Context) error {
	const op = "free what is held"
	if err := t.installation(op); err != nil {
		return err
	}
	for _, free := range []func(context.Context) error{t.q.FreePositions, t.q.FreeTimers, t.q.FreeLeases, t.q.FreeOutbox} {
		if err := free(ctx); err != nil {
			return t.fail(op, "row", err)
		}
	}
	return nil
}

// NextTimer is when the next timer of any account is due; false if there is
// none.
func (r Reads) NextTimer(ctx context.Context) (time.Time, bool, error) {
	due, err := r.q.NextTimer(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return desk.FromMicros(due), err == nil, r.fail("find next timer", "timer", err)
}

// Timer finds a timer by its name.
func (r Reads) Timer(ctx context.Context, ref TimerRef) (Timer, error) {
	row, err := r.q.Timer(ctx, query.TimerParams{AccountID: string(ref.AccountID), Kind: ref.Kind, Subject: ref.Subject})
	if err != nil {
		return Timer{}, r.fail("find timer", "timer", err)
	}
	return timerOf(row), nil
}

// PutTimer sets a timer or moves it.
func (t *Tx) PutTimer(ctx context.Context, timer Timer) error {
	const op = "set timer"
	if err := t.own(op, timer.AccountID); err != nil {
		return err
	}
	return t.fail(op, "timer", t.q.PutTimer(ctx, timerParams(timer)))
}

// DeleteTimer removes a timer that was handled, unless it was moved meanwhile:
// then it stays and nothing is wrong.
func (t *Tx) DeleteTimer(ctx context.Context, ref TimerRef, due time.Time) error {
	const op = "delete timer"
	if err := t.own(op, ref.AccountID); err != nil {
		return err
	}
	_, err := t.q.DeleteTimer(ctx, query.DeleteTimerParams{
		AccountID: string(ref.AccountID), Kind: ref.Kind, Subject: ref.Subject, DueUs: desk.Micros(due),
	})
	return t.fail(op, "timer", err)
}

// CancelTimer removes a timer whenever it is due; one that is not there is
// fine.
func (t *Tx) CancelTimer(ctx context.Context, ref TimerRef) error {
	const op = "cancel timer"
	if err := t.own(op, ref.AccountID); err != nil {
		return err
	}
	_, err := t.q.CancelTimer(ctx, cancelParams(ref))
	return t.fail(op, "timer", err)
}

func timerOf(row query.Timer) Timer {
	return Timer{
		TimerRef: TimerRef{AccountID: desk.AccountID(row.AccountID), Kind: row.Kind, Subject: row.Subject},
		Due:      desk.FromMicros(row.DueUs), Data: row.Data,
	}
}

func timerParams(t Timer) query.PutTimerParams {
	return query.PutTimerParams{
		AccountID: string(t.AccountID), Kind: t.Kind, Subject: t.Subject, DueUs: desk.Micros(t.Due), Data: t.Data,
	}
}

func cancelParams(ref TimerRef) query.CancelTimerParams {
	return query.CancelTimerParams{AccountID: string(ref.AccountID), Kind: ref.Kind, Subject: ref.Subject}
}

// Lease is the right to be the only one who does something, for a while.
type Lease struct {
	Name   string
	Holder string
	// Token grows with each acquisition; give it to whatever must refuse a
	// holder that was too slow.
	Token     int64
	ExpiresAt time.Time
}

// AcquireLease takes the lease if it is free, expired or already the holder's;
// false if somebody else has it.
func (s *Store) AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (Lease, bool, error) {
	var lease Lease
	var ok bool
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		rows, err := tx.q.AcquireLease(ctx, query.AcquireLeaseParams{
			Name: name, Holder: holder, ExpiresUs: desk.Micros(tx.now.Add(ttl)), NowUs: desk.Micros(tx.now),
		})
		if ok = len(rows) > 0; ok {
			lease = Lease{rows[0].Name, rows[0].Holder, rows[0].Token, desk.FromMicros(rows[0].ExpiresUs)}
		}
		return tx.fail("acquire lease", "lease", err)
	})
	return lease, ok, err
}

// RenewLease prolongs a lease; Conflict if it is no longer the holder's.
func (s *Store) RenewLease(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	const op = "renew lease"
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		l.ExpiresAt = tx.now.Add(ttl)
		n, err := tx.q.RenewLease(ctx, query.RenewLeaseParams{
			Name: l.Name, Holder: l.Holder, Token: l.Token, ExpiresUs: desk.Micros(l.ExpiresAt),
		})
		if err == nil && n == 0 {
			return desk.E(desk.Conflict, op, "the lease went to another holder")
		}
		return tx.fail(op, "lease", err)
	})
	return l, err
}

// ReleaseLease gives a lease back; one that is no longer the holder's is left
// alone.
func (s *Store) ReleaseLease(ctx context.Context, l Lease) error {
	return s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		_, err := tx.q.ReleaseLease(ctx, query.ReleaseLeaseParams{Name: l.Name, Holder: l.Holder, Token: l.Token})
		return tx.fail("release lease", "lease", err)
	})
}
