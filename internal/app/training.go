package app

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"

	"yingda.dev/internal/app/child"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
	"yingda.dev/internal/platform/timer"
)

// buildTraining builds what learns intents.
func (a *App) buildTraining() error {
	folder, err := dirblob.Open(filesPath(a.config), strings.ToLower(strings.TrimPrefix(a.ids.Other("n"), "n_")))
	if err != nil {
		return err
	}
	self, err := ownProgram()
	if err != nil {
		return err
	}
	a.training, err = training.New(training.Deps{
		Store: a.store, Keys: a.keys, Blobs: blob.New(folder, a.random), Bus: a.bus, Audit: a.audit, IDs: a.ids, Clock: a.clock, After: timer.Wall,
		Trainer: trainer{self}, Log: a.log.With("area", "training"), Metrics: a.metrics, Node: a.node,
	}, training.Config{})
	return err
}

// trainCommand learns what it is told by standard input and tells what it has
// made by standard output: the server runs it, so that a training is in
// nobody's way and takes nobody along when it dies.
type trainCommand struct{}

// Run learns.
func (trainCommand) Run(r *run) error {
	runtime.GOMAXPROCS(1) // the other processors belong to those who wait for answers
	return training.Serve(r.process.In, r.process.Out, systemClock())
}

// trainer learns in processes of its own.
type trainer struct{ program child.Program }

const (
	// trainingMemory bounds a process that learns.
	trainingMemory = 4 << 30
	// trainingLine holds a report with what was taken for what.
	trainingLine = 64 << 20
)

// Train implements training.Trainer.
func (t trainer) Train(ctx context.Context, o training.Order, step func(training.Step), made func(training.Made) error) error {
	const op = "train"
	order, err := json.Marshal(o)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	ear := training.Ear{Step: step, Made: made}
	err = t.program.Run(ctx, child.Job{
		Args: []string{"train"}, In: bytes.NewReader(order), MaxLine: trainingLine, Memory: trainingMemory, Line: ear.Hear,
	})
	if err == nil && !ear.Whole() {
		return desk.E(desk.Unavailable, op, "the training ended before its model was made")
	}
	return err
}
