package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func (n *Tenant) intent(name string) store.Intent {
	n.Helper()
	i := store.Intent{
		ID: n.IDs.Other("int"), AccountID: n.ID, Name: name, Topic: "orders", Enabled: true, Content: desk.Sealed("sealed intent"), Version: 1,
		CreatedAt: n.Clock.Now(), UpdatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertIntent(ctx, i) })
	return i
}

func (n *Tenant) intentModel(number int64) store.IntentModel {
	n.Helper()
	m := store.IntentModel{
		ID: n.IDs.Other("mdl"), AccountID: n.ID, JobID: "trn_1", Number: number, Kind: "linear", Seed: "18446744073709551615", Hash: "ab", Size: 7,
		Revision: 3, Report: "{}", Secret: desk.Sealed("sealed key"), CreatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertIntentModel(ctx, m) })
	return m
}

func (n *Tenant) trainingJob() store.TrainingJob {
	n.Helper()
	j := store.TrainingJob{
		ID: n.IDs.Other("trn"), AccountID: n.ID, Origin: "change", AgentID: n.Agent.ID, State: store.TrainingQueued, Due: n.Clock.Now(), CreatedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertTrainingJob(ctx, j) })
	return j
}

func intents(n *Tenant) {
	b, a := n.intent("b"), n.intent("a")
	got, err := n.Store.Intents(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []store.Intent{a, b}, got)
	one, err := n.Store.Intent(n.Ctx, n.ID, a.ID)
	require.NoError(n, err)
	require.Equal(n, a, one)
	twin := b
	twin.ID = n.IDs.Other("int")
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.InsertIntent(ctx, twin) }))
	a = n.changeIntent(a)
	page, err := n.Store.IntentPage(n.Ctx, n.ID, "", 1)
	require.NoError(n, err)
	rest, err := n.Store.IntentPage(n.Ctx, n.ID, page[0].ID, 0)
	require.NoError(n, err)
	require.ElementsMatch(n, []store.Intent{a, b}, append(page, rest...))
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.UpdateIntentContent(ctx, n.ID, a.ID, desk.Sealed("rotated")); err != nil {
			return err
		}
		return tx.DeleteIntent(ctx, n.ID, b.ID)
	})
	_, err = n.Store.Intent(n.Ctx, n.ID, b.ID)
	n.kind(desk.NotFound, err)
}

// changeIntent changes an intent and proves that an older version is refused.
func (n *Tenant) changeIntent(i store.Intent) store.Intent {
	n.Helper()
	before := i.Version
	i.Topic, i.Enabled, i.Version, i.Content = "refunds", false, before+1, desk.Sealed("newer")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIntent(ctx, i, before) })
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIntent(ctx, i, before) }))
	got, err := n.Store.Intent(n.Ctx, n.ID, i.ID)
	require.NoError(n, err)
	require.Equal(n, i, got)
	return got
}

func intentModels(n *Tenant) {
	none, err := n.Store.Training(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Zero(n, none)
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.ServeModel(ctx, n.ID, "mdl_1") }))
	var now store.Training
	for range 2 {
		n.Write(func(ctx context.Context, tx *store.Tx) (err error) {
			now, err = tx.TouchTraining(ctx, n.ID, 1, 2)
			return err
		})
	}
	require.Equal(n, store.Training{AccountID: n.ID, Revision: 2, Number: 4}, now)
	first, second := n.intentModel(1), n.intentModel(2)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.ServeModel(ctx, n.ID, second.ID) })
	now, err = n.Store.Training(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, second.ID, now.ModelID)
	list, err := n.Store.IntentModels(n.Ctx, n.ID, 0)
	require.NoError(n, err)
	require.Equal(n, []store.IntentModel{second, first}, list)
	known, err := n.Store.IntentModelsKnown(n.Ctx, []string{first.ID, "mdl_none"})
	require.NoError(n, err)
	require.Equal(n, map[string]bool{first.ID: true}, known)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.UpdateIntentModelSecret(ctx, n.ID, second.ID, desk.Sealed("newer")); err != nil {
			return err
		}
		return tx.DeleteIntentModel(ctx, n.ID, first.ID)
	})
	_, err = n.Store.IntentModel(n.Ctx, n.ID, first.ID)
	n.kind(desk.NotFound, err)
	got, err := n.Store.IntentModel(n.Ctx, n.ID, second.ID)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("newer"), got.Secret)
}

// trainings: one at a time for an account, kept from others for the claim's
// time, taken up by another when that has passed.
func trainings(n *Tenant) {
	first, second := n.trainingJob(), n.trainingJob()
	now, claim := n.Clock.Now(), time.Minute
	take := func(holder string, now time.Time) []store.TrainingJob {
		n.Helper()
		jobs, err := n.Store.ClaimTrainingJobs(n.Ctx, holder, now, 1, claim)
		require.NoError(n, err)
		return jobs
	}
	due, err := n.Store.TrainingJobsDue(n.Ctx, now.Add(-time.Second))
	require.NoError(n, err)
	require.False(n, due)
	require.Empty(n, take("a", now.Add(-time.Second)))
	due, err = n.Store.TrainingJobsDue(n.Ctx, now)
	require.NoError(n, err)
	require.True(n, due)
	jobs := take("a", now)
	require.Len(n, jobs, 1)
	job := jobs[0]
	require.Equal(n, store.TrainingRunning, job.State)
	require.EqualValues(n, 1, job.Attempts)
	require.Contains(n, []string{first.ID, second.ID}, job.ID)
	require.Empty(n, take("b", now), "the account has one at work")
	job.Stage, job.Done, job.Total, job.Left = "linear", 3, 9, 7*time.Second
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.NoteTraining(ctx, job, now.Add(claim)) })
	list, err := n.Store.TrainingJobs(n.Ctx, n.ID, 0)
	require.NoError(n, err)
	require.Len(n, list, 2)
	require.Contains(n, list, job)
	again := take("b", now.Add(2*claim))
	require.Len(n, again, 1)
	if again[0].ID == job.ID {
		n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.NoteTraining(ctx, job, now) }))
		n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.EndTraining(ctx, job) }))
	}
	done := again[0]
	done.State, done.EndedAt = store.TrainingDone, now.Add(time.Second)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.EndTraining(ctx, done) })
	active, err := n.Store.ActiveTrainingJobs(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Len(n, active, 1)
	if active[0].State == store.TrainingQueued {
		active[0].Due, active[0].Seed = now.Add(time.Hour), "5"
		n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PostponeTrainingJob(ctx, active[0]) })
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.CancelTraining(ctx, n.ID, active[0].ID, "asked")
	})
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.PostponeTrainingJob(ctx, active[0]) }))
	n.kind(desk.NotFound, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.CancelTraining(ctx, n.ID, active[0].ID, "asked")
	}))
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.TrimTrainingJobs(ctx, n.ID, now.Add(100*time.Hour))
	})
	list, err = n.Store.TrainingJobs(n.Ctx, n.ID, 0)
	require.NoError(n, err)
	require.Empty(n, list)
}

// trainingReads calls the reading methods with the other's ids and the own account.
func trainingReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	i, m := v.intent("theirs"), v.intentModel(1)
	v.trainingJob()
	v.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.TouchTraining(ctx, v.ID, 1, 1)
		return err
	})
	return map[string]func(){
		"Intents":            func() { empty(n.Store.Intents(n.Ctx, n.ID)) },
		"Intent":             func() { missing(n.Store.Intent(n.Ctx, n.ID, i.ID)) },
		"IntentPage":         func() { empty(n.Store.IntentPage(n.Ctx, n.ID, "", 0)) },
		"IntentModel":        func() { missing(n.Store.IntentModel(n.Ctx, n.ID, m.ID)) },
		"IntentModels":       func() { empty(n.Store.IntentModels(n.Ctx, n.ID, 0)) },
		"TrainingJobs":       func() { empty(n.Store.TrainingJobs(n.Ctx, n.ID, 0)) },
		"ActiveTrainingJobs": func() { empty(n.Store.ActiveTrainingJobs(n.Ctx, n.ID)) },
		"Training": func() {
			now, err := n.Store.Training(n.Ctx, n.ID)
			require.NoError(n, err)
			require.Zero(n, now)
		},
	}
}

// trainingWrites are the same for a transaction's methods.
func trainingWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	i, m, j := v.intent("theirs too"), v.intentModel(9), v.trainingJob()
	return map[string]func(){
		"InsertIntent":      denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertIntent(ctx, i) }),
		"InsertIntentModel": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertIntentModel(ctx, m) }),
		"InsertTrainingJob": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertTrainingJob(ctx, j) }),
		"TouchTraining": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TouchTraining(ctx, v.ID, 1, 1)
			return err
		}),
		"TrimTrainingJobs": denied(func(ctx context.Context, tx *store.Tx) error { return tx.TrimTrainingJobs(ctx, v.ID, v.Clock.Now()) }),
		"UpdateIntent": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			x := i
			x.AccountID = a
			return tx.UpdateIntent(ctx, x, i.Version)
		}),
		"UpdateIntentContent": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateIntentContent(ctx, a, i.ID, desk.Sealed("intruder"))
		}),
		"DeleteIntent": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error { return tx.DeleteIntent(ctx, a, i.ID) }),
		"ServeModel":   denied(func(ctx context.Context, tx *store.Tx) error { return tx.ServeModel(ctx, v.ID, m.ID) }),
		"UpdateIntentModelSecret": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.UpdateIntentModelSecret(ctx, a, m.ID, desk.Sealed("intruder"))
		}),
		"DeleteIntentModel": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteIntentModel(ctx, a, m.ID)
		}),
		"PostponeTrainingJob": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			x := j
			x.AccountID = a
			return tx.PostponeTrainingJob(ctx, x)
		}),
		"NoteTraining": denied(func(ctx context.Context, tx *store.Tx) error { return tx.NoteTraining(ctx, j, v.Clock.Now()) }),
		"EndTraining":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.EndTraining(ctx, j) }),
		"CancelTraining": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.CancelTraining(ctx, a, j.ID, "asked")
		}),
	}
}
