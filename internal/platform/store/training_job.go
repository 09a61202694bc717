package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// TrainingJobs lists the account's trainings, the newest first.
func (r Reads) TrainingJobs(ctx context.Context, account desk.AccountID, limit int) ([]TrainingJob, error) {
	rows, err := r.q.TrainingJobs(ctx, query.TrainingJobsParams{AccountID: string(account), RowLimit: bound(limit)})
	return trainingJobsOf(rows), r.fail("list trainings", "training", err)
}

// ActiveTrainingJobs lists those that wait or run, the oldest first.
func (r Reads) ActiveTrainingJobs(ctx context.Context, account desk.AccountID) ([]TrainingJob, error) {
	rows, err := r.q.ActiveTrainingJobs(ctx, query.ActiveTrainingJobsParams{AccountID: string(account), RowLimit: maxPage})
	return trainingJobsOf(rows), r.fail("list trainings", "training", err)
}

func trainingJobsOf(rows []query.TrainingJob) []TrainingJob {
	out := make([]TrainingJob, len(rows))
	for i, row := range rows {
		out[i] = TrainingJob{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), Origin: row.Origin, AgentID: desk.AgentID(row.AgentID), Seed: row.Seed,
			State: TrainingState(row.State), Stage: row.Stage, Done: row.Done, Total: row.Total, Left: time.Duration(row.LeftUs) * time.Microsecond,
			Error: row.Error, Attempts: row.Attempts, Due: desk.FromMicros(row.DueUs), Holder: row.Holder,
			CreatedAt: desk.FromMicros(row.CreatedUs), StartedAt: desk.FromMicros(row.StartedUs), EndedAt: desk.FromMicros(row.EndedUs),
		}
	}
	return out
}

// InsertTrainingJob queues a training.
func (t *Tx) InsertTrainingJob(ctx context.Context, j TrainingJob) error {
	const op = "queue training"
	if err := t.own(op, j.AccountID); err != nil {
		return err
	}
	return t.fail(op, "training", t.q.InsertTrainingJob(ctx, query.InsertTrainingJobParams{
		AccountID: string(j.AccountID), ID: j.ID, Origin: j.Origin, AgentID: string(j.AgentID), Seed: j.Seed, DueUs: desk.Micros(j.Due),
		CreatedUs: desk.Micros(j.CreatedAt),
	}))
}

// PostponeTrainingJob moves a training that still waits. NotFound if it runs by now.
func (t *Tx) PostponeTrainingJob(ctx context.Context, j TrainingJob) error {
	const op = "postpone training"
	if err := t.own(op, j.AccountID); err != nil {
		return err
	}
	n, err := t.q.PostponeTrainingJob(ctx, query.PostponeTrainingJobParams{
		AccountID: string(j.AccountID), ID: j.ID, DueUs: desk.Micros(j.Due), Seed: j.Seed,
	})
	return t.changed(op, "training", n, err)
}

// ClaimTrainingJobs hands out trainings of all accounts that are due at now, or
// whose holder has not been heard of for the claim's time, and keeps them from
// other callers for that time. Of an account with one at work none is handed out.
func (s *Store) ClaimTrainingJobs(ctx context.Context, holder string, now time.Time, limit int, claim time.Duration) ([]TrainingJob, error) {
	var out []TrainingJob
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		rows, err := tx.q.ClaimTrainingJobs(ctx, query.ClaimTrainingJobsParams{
			Holder: holder, NowUs: desk.Micros(now), UntilUs: desk.Micros(now.Add(claim)), RowLimit: bound(limit),
		})
		out = trainingJobsOf(rows)
		return tx.fail("claim trainings", "training", err)
	})
	return out, err
}

// NoteTraining keeps the progress of a training and the claim on it. Conflict
// if it was cancelled or another holder has it by now.
func (t *Tx) NoteTraining(ctx context.Context, j TrainingJob, until time.Time) error {
	const op = "note training"
	if err := t.own(op, j.AccountID); err != nil {
		return err
	}
	n, err := t.q.NoteTraining(ctx, query.NoteTrainingParams{
		AccountID: string(j.AccountID), ID: j.ID, Holder: j.Holder, Stage: j.Stage, Done: j.Done, Total: j.Total, LeftUs: j.Left.Microseconds(),
		UntilUs: desk.Micros(until),
	})
	return t.held(op, n, err)
}

// EndTraining gives a training back with its State, Error, Due and EndedAt.
// Conflict if it was cancelled or another holder has it by now.
func (t *Tx) EndTraining(ctx context.Context, j TrainingJob) error {
	const op = "end training"
	if err := t.own(op, j.AccountID); err != nil {
		return err
	}
	n, err := t.q.EndTraining(ctx, query.EndTrainingParams{
		AccountID: string(j.AccountID), ID: j.ID, Holder: j.Holder, State: string(j.State), Error: j.Error, DueUs: desk.Micros(j.Due),
		EndedUs: desk.Micros(j.EndedAt),
	})
	return t.held(op, n, err)
}

// CancelTraining ends a training that waits or runs, whoever has it, and says
// why in a short code. NotFound if it has ended already.
func (t *Tx) CancelTraining(ctx context.Context, account desk.AccountID, id, reason string) error {
	const op = "cancel training"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.CancelTraining(ctx, query.CancelTrainingParams{
		AccountID: string(account), ID: id, Error: reason, EndedUs: desk.Micros(t.now),
	})
	return t.changed(op, "training", n, err)
}

// TrimTrainingJobs forgets the account's trainings that ended before a time.
func (t *Tx) TrimTrainingJobs(ctx context.Context, account desk.AccountID, before time.Time) error {
	const op = "trim trainings"
	if err := t.own(op, account); err != nil {
		return err
	}
	_, err := t.q.TrimTrainingJobs(ctx, query.TrimTrainingJobsParams{AccountID: string(account), BeforeUs: desk.Micros(before)})
	return t.fail(op, "training", err)
}

// TrainingJobsDue tells whether ClaimTrainingJobs might hand something out.
func (r Reads) TrainingJobsDue(ctx context.Context, now time.Time) (bool, error) {
	n, err := r.q.TrainingJobsDue(ctx, query.TrainingJobsDueParams{NowUs: desk.Micros(now)})
	return n > 0, r.fail("look for trainings", "training", err)
}
