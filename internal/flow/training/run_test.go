package training_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/store"
)

func (s *school) last(t *testing.T) store.TrainingJob {
	t.Helper()
	o, err := s.Overview(s.Ctx, s.ID)
	require.NoError(t, err)
	require.NotNil(t, o.Last)
	return *o.Last
}

// Models are swapped on two nodes while both are asked all the time: every
// answer comes, and each is one that some whole model gives.
func TestModelsAreSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	s := open(t)
	other, _ := s.node(t, "other")
	s.save(t, orders())
	s.settled(t)
	var asked atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for n := range 6 {
		node := []*training.Service{s.Service, other}[n%2]
		all.Go(func() {
			for ctx.Err() == nil {
				c, err := node.Current(t.Context(), s.ID)
				if err != nil {
					t.Error(err)
					return
				}
				v := c.Model.Classify("转人工", 1)
				if len(v.Guesses) == 0 || v.Guesses[0].Intent != training.Person {
					t.Errorf("%v of model %d", v, c.Number)
				}
				if i, ok := c.Find("order_status"); !ok || i.Title == "" {
					t.Error("an intent is lost")
				}
				asked.Add(1)
			}
		})
	}
	var models []string
	for range 4 {
		require.NoError(t, s.Start(s.Ctx, s.by(""), ""))
		s.settled(t)
		models = append(models, s.stored(t).ModelID)
	}
	for n := range 6 {
		require.NoError(t, s.Serve(s.Ctx, s.by(""), models[n%len(models)]))
		s.serves(t, other, models[n%len(models)])
		s.serves(t, s.Service, models[n%len(models)])
	}
	stop()
	all.Wait()
	require.Greater(t, asked.Load(), int64(100))
}

func TestTheSameExamplesAndSeedGiveTheSameModel(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.save(t, orders())
	s.settled(t)
	for _, seed := range []string{"7", "7", "8"} {
		require.NoError(t, s.Start(s.Ctx, s.by(""), seed))
		s.settled(t)
	}
	o, err := s.Overview(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Len(t, o.Models, 4)
	require.Equal(t, []int64{4, 3, 2, 1}, []int64{o.Models[0].Number, o.Models[1].Number, o.Models[2].Number, o.Models[3].Number})
	require.Equal(t, o.Models[1].Hash, o.Models[2].Hash)
	require.NotEqual(t, o.Models[0].Hash, o.Models[1].Hash)
	require.Equal(t, "8", o.Serving.Seed)
	require.True(t, o.Serving.Fresh)
	r := o.Serving.Report
	require.Greater(t, r.Judged, 500)
	require.Greater(t, r.Accuracy, 0.7)
	require.GreaterOrEqual(t, r.PrecisionAt90, r.Accuracy)
	require.Len(t, r.Curve, 21)
	m, err := s.Model(s.Ctx, s.ID, o.Serving.ID)
	require.NoError(t, err)
	require.NotEmpty(t, m.Missed)
	require.ErrorIs(t, s.Start(s.Ctx, s.by(""), "-1"), desk.Invalid)
}

func TestATrainingIsCancelled(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.save(t, orders())
	s.settled(t)
	before := s.stored(t)
	begun := make(chan struct{})
	s.trainer.meanwhile(func(ctx context.Context, _ training.Order) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	require.NoError(t, s.Start(s.Ctx, s.by("key-1"), ""))
	<-begun
	require.NoError(t, s.Cancel(s.Ctx, s.by("key-2")))
	s.settled(t)
	require.Equal(t, store.TrainingCancelled, s.last(t).State)
	require.Equal(t, training.ReasonAsked, s.last(t).Error)
	require.Equal(t, before, s.stored(t), "what served before serves on")
}

func TestAFailedTrainingSaysWhy(t *testing.T) {
	t.Parallel()
	s := open(t)
	for reason, fails := range map[string]error{
		training.ReasonDied: desk.E(desk.Unavailable, "x", "killed"), training.ReasonTooFew: desk.E(desk.Invalid, "x", "too few"),
	} {
		s.trainer.meanwhile(func(context.Context, training.Order) error { return fails })
		require.NoError(t, s.Start(s.Ctx, s.by(""), ""))
		s.settled(t)
		require.Equal(t, store.TrainingFailed, s.last(t).State)
		require.Equal(t, reason, s.last(t).Error)
	}
	require.Empty(t, s.stored(t).ModelID)
}

// A node that stops gives its training back, and one that dies loses it when
// its claim ends.
func TestATrainingSurvivesItsNode(t *testing.T) {
	t.Parallel()
	s := open(t)
	begun := make(chan struct{}, 1)
	s.trainer.meanwhile(func(ctx context.Context, _ training.Order) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	s.save(t, orders())
	<-begun
	s.stop()
	jobs, err := s.deps.Store.ActiveTrainingJobs(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	require.Equal(t, store.TrainingQueued, jobs[0].State)
	// It dies while it has the job: nobody gives it back.
	taken, err := s.deps.Store.ClaimTrainingJobs(s.Ctx, "dead", s.Clock.Now(), 1, 1)
	require.NoError(t, err)
	require.Len(t, taken, 1)
	s.trainer.meanwhile(func(context.Context, training.Order) error { return nil })
	s.Clock.Advance(1000)
	next, _ := s.node(t, "next")
	s.settled(t)
	require.Equal(t, store.TrainingDone, s.last(t).State)
	s.serves(t, next, s.stored(t).ModelID)
}

// A change while a training is at work: a further one follows it and knows it.
func TestAChangeDuringATrainingIsLearnedToo(t *testing.T) {
	t.Parallel()
	s := open(t)
	begun, go1 := make(chan struct{}, 9), make(chan struct{})
	s.trainer.meanwhile(func(ctx context.Context, _ training.Order) error {
		begun <- struct{}{}
		select {
		case <-go1:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	s.save(t, orders())
	<-begun
	s.save(t, refunds())
	close(go1)
	until(t, "the second training serves", func() bool {
		c, err := s.Current(s.Ctx, s.ID)
		require.NoError(t, err)
		return c.Number == 2
	})
	s.settled(t)
	c, err := s.Current(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Contains(t, c.Model.Intents(), "refund")
}

func TestADamagedModelIsTrainedAnew(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.save(t, orders())
	s.settled(t)
	lost := s.stored(t).ModelID
	require.NoError(t, s.blobs.Delete(s.Ctx, lost))
	next, _ := s.node(t, "next")
	c, err := next.Current(s.Ctx, s.ID)
	require.NoError(t, err, "the built-in model serves meanwhile")
	require.NotNil(t, c.Model)
	until(t, "another model serves", func() bool { return s.stored(t).ModelID != lost })
	s.serves(t, next, s.stored(t).ModelID)
	require.Error(t, s.Serve(s.Ctx, s.by(""), lost))
}

func TestBlobsWithoutARowAreSwept(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.save(t, orders())
	s.settled(t)
	_, _, err := s.blobs.Put(s.Ctx, "mdl_01kj6mxpr0000000000000000a", strings.NewReader("left behind"))
	require.NoError(t, err)
	_, _, err = s.blobs.Put(s.Ctx, "att_01kj6mxpr0000000000000000a", strings.NewReader("somebody else's"))
	require.NoError(t, err)
	s.Clock.Advance(10000 * 24 * 3600 * 1e9)
	gone, err := s.Sweep(s.Ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	gone, err = s.Sweep(s.Ctx)
	require.NoError(t, err)
	require.Zero(t, gone, "once a day")
	require.NoError(t, s.Serve(s.Ctx, s.by(""), s.stored(t).ModelID))
}

func TestOldModelsMakeRoom(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stop()
	n, _ := s.nodeWith(t, "two", training.Config{Keep: 2})
	for range 4 {
		require.NoError(t, n.Start(s.Ctx, s.by(""), ""))
		s.settled(t)
	}
	o, err := n.Overview(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Len(t, o.Models, 2)
	require.EqualValues(t, 4, o.Serving.Number)
	blobs, _, err := s.blobs.List(s.Ctx, "", 100)
	require.NoError(t, err)
	require.Len(t, blobs, 2)
}

// Nothing that people wrote is readable in the data folder.
func TestNothingIsReadableAtRest(t *testing.T) {
	t.Parallel()
	s := open(t)
	i := orders()
	i.Title, i.Examples = "Geheimtitel", append(i.Examples, "Geheimbeispiel eins", "Geheimbeispiel zwei")
	i.Actions = []byte(`[{"type":"message","text":"Geheimantwort"}]`)
	s.save(t, i)
	s.settled(t)
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		require.NoError(t, err)
		require.NotContains(t, string(data), "Geheim", path)
		return nil
	})
	require.NoError(t, err)
}
