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

// OutboxItem is an outgoing message that delivery has to send. Items of one
// conversation are handed out one after the other, in the order of Seq.
type OutboxItem struct {
	AccountID      desk.AccountID
	MessageID      desk.MessageID
	ConversationID desk.ConversationID
	ContactID      desk.ContactID
	InboxID        desk.InboxID
	Seq            int64
	Attempts       int64
	// Due is when to try (again); zero means at once.
	Due time.Time
	// Error is the last failure, a short code.
	Error string
	// Holder is who was handed the item.
	Holder string
}

// DueOutbox hands out items of all accounts that are due at now, the oldest
// first, and keeps them from other callers for a minute.
func (s *Store) DueOutbox(ctx context.Context, holder string, now time.Time, limit int) ([]OutboxItem, error) {
	var out []OutboxItem
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		rows, err := tx.q.ClaimOutbox(ctx, query.ClaimOutboxParams{
			Holder: holder, NowUs: desk.Micros(now), UntilUs: desk.Micros(now.Add(claimTime)), RowLimit: bound(limit),
		})
		out = make([]OutboxItem, len(rows))
		for i, row := range rows {
			out[i] = outboxOf(row)
		}
		slices.SortFunc(out, func(a, b OutboxItem) int {
			return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.MessageID, b.MessageID))
		})
		return tx.fail("claim outbox", "outbox item", err)
	})
	return out, err
}

// NextOutbox is when the next item of any account is due; false if there is
// none.
func (r Reads) NextOutbox(ctx context.Context) (time.Time, bool, error) {
	due, err := r.q.NextOutbox(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return desk.FromMicros(due), err == nil, r.fail("find next outbox item", "outbox item", err)
}

// UpdateOutbox gives an item back with a new Attempts, Due and Error.
// Conflict if another holder has it by now.
func (t *Tx) UpdateOutbox(ctx context.Context, item OutboxItem) error {
	const op = "update outbox"
	if err := t.own(op, item.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateOutbox(ctx, query.UpdateOutboxParams{
		AccountID: string(item.AccountID), MessageID: string(item.MessageID), Holder: item.Holder,
		Attempts: item.Attempts, DueUs: desk.Micros(item.Due), Error: item.Error,
	})
	return t.held(op, n, err)
}

// DeleteOutbox removes an item that was sent or given up. Conflict if another
// holder has it by now.
func (t *Tx) DeleteOutbox(ctx context.Context, item OutboxItem) error {
	const op = "delete outbox"
	if err := t.own(op, item.AccountID); err != nil {
		return err
	}
	n, err := t.q.DeleteOutbox(ctx, query.DeleteOutboxParams{
		AccountID: string(item.AccountID), MessageID: string(item.MessageID), Holder: item.Holder,
	})
	return t.held(op, n, err)
}

func (t *Tx) held(op string, n int64, err error) error {
	if err == nil && n == 0 {
		return desk.E(desk.Conflict, op, "another node has this item now")
	}
	return t.fail(op, "outbox item", err)
}

func outboxOf(row query.Outbox) OutboxItem {
	return OutboxItem{
		AccountID: desk.AccountID(row.AccountID), MessageID: desk.MessageID(row.MessageID),
		ConversationID: desk.ConversationID(row.ConversationID), ContactID: desk.ContactID(row.ContactID),
		InboxID: desk.InboxID(row.InboxID), Seq: row.Seq, Attempts: row.Attempts, Due: desk.FromMicros(row.DueUs),
		Error: row.Error, Holder: row.Holder,
	}
}

// Job is long work that is done in pieces and goes on after a restart.
type Job struct {
	ID string
	// AccountID "" is work of the installation.
	AccountID desk.AccountID
	Kind      string
	// Cursor is where to go on; its meaning is the job's.
	Cursor string
	Done   int64
	// Total is 0 while unknown.
	Total     int64
	State     JobState
	Error     string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// JobState says whether a Job goes on.
type JobState string

// The states of a job.
const (
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
)

// SaveJob adds a job or notes its progress. Only the installation may save
// work of the installation.
func (t *Tx) SaveJob(ctx context.Context, j Job) error {
	const op = "save job"
	if j.AccountID == "" {
		if err := t.installation(op); err != nil {
			return err
		}
	} else if err := t.own(op, j.AccountID); err != nil {
		return err
	}
	n, err := t.q.PutJob(ctx, query.PutJobParams{
		ID: j.ID, AccountID: string(j.AccountID), Kind: j.Kind, Cursor: j.Cursor, Done: j.Done, Total: j.Total,
		State: string(j.State), Error: j.Error, CreatedUs: desk.Micros(t.now), UpdatedUs: desk.Micros(t.now),
	})
	return t.changed(op, "job", n, err)
}

// Job finds the account's newest job of a kind.
func (r Reads) Job(ctx context.Context, account desk.AccountID, kind string) (Job, error) {
	row, err := r.q.Job(ctx, query.JobParams{AccountID: string(account), Kind: kind})
	if err != nil {
		return Job{}, r.fail("find job", "job", err)
	}
	return jobOf(row), nil
}

// RunningJobs lists the jobs of a kind to go on with, of all accounts.
func (r Reads) RunningJobs(ctx context.Context, kind string) ([]Job, error) {
	rows, err := r.q.RunningJobs(ctx, query.RunningJobsParams{Kind: kind})
	if err != nil {
		return nil, r.fail("list jobs", "job", err)
	}
	out := make([]Job, len(rows))
	for i, row := range rows {
		out[i] = jobOf(row)
	}
	return out, nil
}

func jobOf(row query.Job) Job {
	return Job{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Kind: row.Kind, Cursor: row.Cursor, Done: row.Done,
		Total: row.Total, State: JobState(row.State), Error: row.Error,
		CreatedAt: desk.FromMicros(row.CreatedUs), UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}
}
