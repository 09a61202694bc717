package training

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// errEnded is why a training's context ends when its row was ended: it was
// cancelled, or another node has it.
var errEnded = errors.New("the training was ended")

// errNewer is why a training ends for the next one of its account.
var errNewer = errors.New("a newer training waits")

// Run trains what is queued, one after the other, and keeps what serves up to
// date, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.follow(ctx) })
	g.Go(func() error { s.keepFresh(ctx); return nil })
	g.Go(func() error { s.work(ctx); return nil })
	return g.Wait()
}

func (s *Service) rouse() {
	for _, c := range []chan struct{}{s.wake, s.fresh} {
		select {
		case c <- struct{}{}:
		default: // it is awake already
		}
	}
}

// wait sleeps for d, or until it is woken; false when ctx has ended.
func (s *Service) wait(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	fired, stop := s.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-fired:
	case <-wake:
	}
	return ctx.Err() == nil
}

// follow hears which accounts are not what they were.
func (s *Service) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		from, err := s.deps.Store.Head(ctx)
		if err == nil {
			s.shelf.stale("") // what was loaded before may have missed something
			s.rouse()
			err = s.deps.Bus.Follow(ctx, from, func(events []desk.Event) {
				woken := false
				for _, e := range events {
					if f, ok := e.Fact.(desk.BotChanged); ok && (f.What == desk.BotIntents || f.What == desk.BotModel) {
						s.shelf.stale(e.AccountID)
						woken = true
					}
				}
				if woken {
					s.rouse()
				}
			})
		}
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "the log could not be followed; trying again", "error", err)
			s.wait(ctx, s.config.Look, nil)
		}
	}
	return nil
}

func (s *Service) keepFresh(ctx context.Context) {
	for {
		s.refresh(ctx)
		if !s.wait(ctx, time.Minute, s.fresh) {
			return
		}
	}
}

// work takes trainings one after the other.
func (s *Service) work(ctx context.Context) {
	for {
		job, ok := s.claim(ctx)
		if ok {
			s.train(ctx, job)
			continue
		}
		if !s.wait(ctx, s.config.Look, s.wake) {
			return
		}
	}
}

// claim takes the next training. A change that waits for its debounce is taken
// by a later look.
func (s *Service) claim(ctx context.Context) (store.TrainingJob, bool) {
	now := s.deps.Clock.Now()
	due, err := s.deps.Store.TrainingJobsDue(ctx, now)
	var jobs []store.TrainingJob
	if err == nil && due {
		jobs, err = s.deps.Store.ClaimTrainingJobs(ctx, s.deps.Node, now, 1, s.config.Claim)
	}
	if err != nil && ctx.Err() == nil {
		s.deps.Log.WarnContext(ctx, "trainings could not be looked for; trying again", "error", err)
	}
	if err != nil || len(jobs) == 0 {
		return store.TrainingJob{}, false
	}
	return jobs[0], true
}

// maxAttempts is how often a training is begun whose node dies under it: it may
// be the training that kills the node.
const maxAttempts = 3

// train does one job and notes what came of it.
func (s *Service) train(ctx context.Context, job store.TrainingJob) {
	began := s.deps.Clock.Now()
	var reason string
	var err error
	if job.Attempts > maxAttempts {
		err = desk.E(desk.Unavailable, "train", "the server has ended three times during this training")
	} else {
		err = s.perform(ctx, &job)
	}
	job.State, job.EndedAt = store.TrainingDone, s.deps.Clock.Now()
	switch {
	case err == nil:
		s.duration.Observe(job.EndedAt.Sub(began).Seconds())
	case errors.Is(err, errEnded):
		s.trained.WithLabelValues("cancelled").Inc()
		return // its row says so already
	case errors.Is(err, errNewer):
		job.State, reason = store.TrainingCancelled, ReasonNewer
	case ctx.Err() != nil: // this node stops; the next one begins anew
		job.State, job.EndedAt = store.TrainingQueued, time.Time{}
	case desk.KindOf(err) == desk.Invalid:
		job.State, reason = store.TrainingFailed, ReasonTooFew
	case errors.Is(err, errStorage):
		job.State, reason = store.TrainingFailed, ReasonStorage
	default:
		job.State, reason = store.TrainingFailed, ReasonDied
	}
	if job.State == store.TrainingFailed {
		s.deps.Log.WarnContext(ctx, "a training has failed", "account_id", job.AccountID, "reason", reason, "error", err)
	}
	s.trained.WithLabelValues(string(job.State)).Inc()
	job.Error = reason
	limit, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	err = s.deps.Store.Write(limit, job.AccountID, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.EndTraining(ctx, job); err != nil {
			return err
		}
		if err := tx.TrimTrainingJobs(ctx, job.AccountID, s.deps.Clock.Now().Add(-keepJobs)); err != nil {
			return err
		}
		return changed(tx, desk.By{Account: job.AccountID}, desk.BotModel, "")
	})
	if err != nil && !errors.Is(err, desk.Conflict) {
		s.deps.Log.WarnContext(ctx, "a training's end could not be noted; it begins anew", "training_id", job.ID, "error", err)
	}
}

// keepJobs is how long it is remembered what came of a training.
const keepJobs = 30 * 24 * time.Hour

var errStorage = errors.New("the model could not be stored")

// progress is what is known of a training at work.
type progress struct {
	mu    sync.Mutex
	step  Step
	began time.Time // of the stage
	made  bool      // a model of it serves
}

func (p *progress) note(s Step, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.Stage != p.step.Stage {
		p.began = now
	}
	p.step = s
}

// into fills a job's progress in.
func (p *progress) into(job *store.TrainingJob, now time.Time) (made bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	job.Stage, job.Done, job.Total, job.Left = p.step.Stage, int64(p.step.Done), int64(p.step.Total), 0
	if p.step.Done > 0 && p.step.Total > p.step.Done {
		each := now.Sub(p.began) / time.Duration(p.step.Done)
		job.Left = each * time.Duration(p.step.Total-p.step.Done)
	}
	return p.made
}

// perform trains and puts each model to service.
func (s *Service) perform(ctx context.Context, job *store.TrainingJob) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.mu.Lock()
	s.running[job.ID] = cancel
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.running, job.ID)
		s.mu.Unlock()
	}()
	snap, err := s.snapshot(ctx, s.deps.Store.Reads, job.AccountID)
	if err != nil {
		return err
	}
	var seed uint64
	if job.Seed != "" {
		if seed, err = strconv.ParseUint(job.Seed, 10, 64); err != nil {
			return desk.Wrap(desk.Internal, "train", err)
		}
	}
	p := &progress{began: s.deps.Clock.Now()}
	beats := make(chan struct{})
	held, stop := context.WithCancel(ctx)
	copied := *job
	go func() { // ends before perform does
		defer close(beats)
		s.hold(held, copied, p, cancel)
	}()
	err = s.deps.Trainer.Train(ctx, orderOf(snap.list, seed), func(step Step) { p.note(step, s.deps.Clock.Now()) }, func(m Made) error {
		if err := s.adopt(ctx, *job, snap.revision, seed, m); err != nil {
			return err
		}
		p.mu.Lock()
		p.made = true
		p.mu.Unlock()
		return nil
	})
	stop()
	<-beats
	if cause := context.Cause(ctx); errors.Is(cause, errEnded) || errors.Is(cause, errNewer) {
		return cause
	}
	if err == nil && !p.made {
		return desk.E(desk.Unavailable, "train", "the trainer made nothing")
	}
	return err
}

// hold notes a job's progress each second, which keeps it from other nodes, and
// ends it if its row was ended, or if a newer one waits and this one has served.
func (s *Service) hold(ctx context.Context, job store.TrainingJob, p *progress, cancel context.CancelCauseFunc) {
	for s.wait(ctx, time.Second, nil) {
		now := s.deps.Clock.Now()
		made := p.into(&job, now)
		err := s.deps.Store.Write(ctx, job.AccountID, func(ctx context.Context, tx *store.Tx) error {
			return tx.NoteTraining(ctx, job, now.Add(s.config.Claim))
		})
		if errors.Is(err, desk.Conflict) {
			cancel(errEnded)
			return
		}
		if err != nil || !made {
			continue // a claim that could not be renewed ends by itself
		}
		jobs, err := s.deps.Store.ActiveTrainingJobs(ctx, job.AccountID)
		for _, j := range jobs {
			if err == nil && j.State == store.TrainingQueued && !j.Due.After(now) {
				cancel(errNewer)
				return
			}
		}
	}
}

// adopt stores a model and lets it serve, in the place of the one that the same
// training made before.
func (s *Service) adopt(ctx context.Context, job store.TrainingJob, revision int64, seed uint64, m Made) error {
	if _, err := modelOf(m.Model); err != nil {
		return desk.Wrap(desk.Unavailable, "adopt model", err)
	}
	row, err := s.keep(ctx, job.AccountID, m)
	if err != nil {
		return errors.Join(errStorage, err)
	}
	row.JobID, row.Seed, row.Revision = job.ID, strconv.FormatUint(seed, 10), revision
	var gone []string
	err = s.deps.Store.Write(ctx, job.AccountID, func(ctx context.Context, tx *store.Tx) error {
		gone = gone[:0]
		active, err := tx.ActiveTrainingJobs(ctx, job.AccountID)
		if err != nil {
			return err
		}
		if !holds(active, job) {
			return errEnded
		}
		models, err := tx.IntentModels(ctx, job.AccountID, 0)
		if err != nil {
			return err
		}
		first := true
		for n, old := range models {
			if old.JobID == job.ID {
				row.Number, first = old.Number, false
			} else if n < s.config.Keep-1 {
				continue
			}
			gone = append(gone, old.ID)
			if err := tx.DeleteIntentModel(ctx, job.AccountID, old.ID); err != nil {
				return err
			}
		}
		numbers := int64(0)
		if first {
			numbers = 1
		}
		now, err := tx.TouchTraining(ctx, job.AccountID, 0, numbers)
		if err != nil {
			return err
		}
		if first {
			row.Number = now.Number
		}
		row.CreatedAt = tx.Now()
		if err := tx.InsertIntentModel(ctx, row); err != nil {
			return err
		}
		if err := tx.ServeModel(ctx, job.AccountID, row.ID); err != nil {
			return err
		}
		return changed(tx, desk.By{Account: job.AccountID}, desk.BotModel, row.ID)
	})
	if err != nil {
		gone = []string{row.ID}
	}
	s.discard(context.WithoutCancel(ctx), gone)
	if err == nil {
		s.shelf.stale(job.AccountID)
		s.refresh(ctx)
	}
	return err
}

func holds(active []store.TrainingJob, job store.TrainingJob) bool {
	for _, j := range active {
		if j.ID == job.ID && j.State == store.TrainingRunning && j.Holder == job.Holder {
			return true
		}
	}
	return false
}

// discard deletes blobs; what cannot be deleted is swept later.
func (s *Service) discard(ctx context.Context, ids []string) {
	for _, id := range ids {
		if err := s.deps.Blobs.Delete(ctx, blobName(id)); err != nil {
			s.deps.Log.WarnContext(ctx, "a model that serves no more could not be deleted", "model_id", id, "error", err)
		}
	}
}
