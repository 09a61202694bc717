package training

import (
	"context"
	"strconv"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
)

// Why a training was asked for.
const (
	OriginChange = "change"
	OriginHand   = "hand"
	// OriginRepair is for a model that could not be read any more.
	OriginRepair = "repair"
)

// Why a training did not end well.
const (
	// ReasonAsked: somebody has cancelled it.
	ReasonAsked = "asked"
	// ReasonNewer: the intents have changed meanwhile, and another one begins.
	ReasonNewer = "newer"
	// ReasonTooFew: there are examples of fewer than two intents.
	ReasonTooFew = "too_few"
	// ReasonDied: the process that trained has ended before it was done.
	ReasonDied = "died"
	// ReasonStorage: the model could not be stored.
	ReasonStorage = "storage"
)

// queue asks for a training after a delay. One that waits already takes both.
func (s *Service) queue(ctx context.Context, tx *store.Tx, by desk.By, origin, seed string, delay time.Duration) error {
	jobs, err := tx.ActiveTrainingJobs(ctx, by.Account)
	if err != nil {
		return err
	}
	now := s.deps.Clock.Now()
	for _, j := range jobs {
		if j.State != store.TrainingQueued {
			continue
		}
		due := now.Add(delay)
		if origin == OriginChange {
			due = earlier(due, j.CreatedAt.Add(10*s.config.Debounce))
			if j.Origin == OriginHand {
				due = j.Due // it was to begin at once
			}
		}
		if seed == "" {
			seed = j.Seed
		}
		j.Due, j.Seed = due, seed
		return tx.PostponeTrainingJob(ctx, j)
	}
	return tx.InsertTrainingJob(ctx, store.TrainingJob{
		ID: s.deps.IDs.Other("trn"), AccountID: by.Account, Origin: origin, AgentID: by.Agent, Seed: seed, Due: now.Add(delay), CreatedAt: now,
	})
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Start asks for a training now, with a seed ("" is the usual one).
func (s *Service) Start(ctx context.Context, by desk.By, seed string) error {
	const op = "start training"
	if seed != "" {
		if _, err := strconv.ParseUint(seed, 10, 64); err != nil {
			return desk.InvalidField(op, "seed", "a seed is a whole number from 0 to 18446744073709551615")
		}
	}
	err := s.act(ctx, by, op, audit.Act{Action: "training.started", Target: audit.Target{Kind: "training"}, Details: map[string]any{"seed": seed}},
		func(ctx context.Context, tx *store.Tx) error { return s.queue(ctx, tx, by, OriginHand, seed, 0) })
	if err == nil {
		s.rouse()
	}
	return err
}

// Cancel ends the trainings that wait or run. What serves goes on serving.
func (s *Service) Cancel(ctx context.Context, by desk.By) error {
	const op = "cancel training"
	active, err := s.deps.Store.ActiveTrainingJobs(ctx, by.Account)
	if err != nil || len(active) == 0 {
		return err
	}
	var ended []string
	err = s.act(ctx, by, op, audit.Act{Action: "training.cancelled", Target: audit.Target{Kind: "training"}},
		func(ctx context.Context, tx *store.Tx) (err error) {
			ended, err = s.cancelAll(ctx, tx, by.Account)
			return err
		})
	if err == nil {
		s.stop(ended)
	}
	return err
}

func (s *Service) cancelAll(ctx context.Context, tx *store.Tx, account desk.AccountID) (ended []string, err error) {
	jobs, err := tx.ActiveTrainingJobs(ctx, account)
	for _, j := range jobs {
		if err := tx.CancelTraining(ctx, account, j.ID, ReasonAsked); err != nil {
			return nil, err
		}
		ended = append(ended, j.ID)
	}
	return ended, err
}

// stop ends trainings of this node at once; other nodes notice by their rows.
func (s *Service) stop(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if cancel := s.running[id]; cancel != nil {
			cancel(errEnded)
		}
	}
}

// Serve makes another stored model the one that serves: the way back. A
// training at work is cancelled, because it would take that model's place.
func (s *Service) Serve(ctx context.Context, by desk.By, id string) error {
	const op = "serve model"
	var ended []string
	m, err := s.deps.Store.IntentModel(ctx, by.Account, id)
	if err != nil {
		return err
	}
	now, err := s.deps.Store.Training(ctx, by.Account)
	if err != nil {
		return err
	}
	active, err := s.deps.Store.ActiveTrainingJobs(ctx, by.Account)
	if err != nil || now.ModelID == id && len(active) == 0 {
		return err // it serves, and nothing is about to take its place
	}
	if _, err := s.fetch(ctx, m); err != nil {
		return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "this model cannot be read any more; train anew", Err: err}
	}
	err = s.act(ctx, by, op, audit.Act{
		Action: "model.chosen", Target: audit.Target{Kind: "intent_model", ID: id, Name: strconv.FormatInt(m.Number, 10)},
	}, func(ctx context.Context, tx *store.Tx) (err error) {
		if _, err := tx.IntentModel(ctx, by.Account, id); err != nil {
			return err
		}
		if ended, err = s.cancelAll(ctx, tx, by.Account); err != nil {
			return err
		}
		if err := tx.ServeModel(ctx, by.Account, id); err != nil {
			return err
		}
		return changed(tx, by, desk.BotModel, id)
	})
	if err == nil {
		s.stop(ended)
		s.shelf.stale(by.Account)
		s.rouse()
	}
	return err
}

// act does something once per key and records it.
func (s *Service) act(ctx context.Context, by desk.By, op string, a audit.Act, do func(context.Context, *store.Tx) error) error {
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	return s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		return once(ctx, tx, by, op+":"+a.Target.ID, func() error {
			if err := do(ctx, tx); err != nil {
				return err
			}
			if err := pen.Write(ctx, tx, a); err != nil {
				return err
			}
			if a.Target.Kind == "training" {
				return changed(tx, by, desk.BotModel, "") // pages look at the training
			}
			return nil
		})
	})
}
