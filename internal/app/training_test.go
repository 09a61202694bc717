package app

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/child"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/flow/training"
)

func someOrder() (o training.Order) {
	for n := range 20 {
		o.Examples = append(o.Examples, nlu.Example{Intent: "refund", Text: fmt.Sprintf("退款 %d 号订单", n)}, nlu.Example{Intent: "invoice", Text: fmt.Sprintf("开 %d 号发票", n)})
	}
	return o
}

// A training in a process of its own makes the same model, byte for byte, as
// one in this process.
func TestTrainingInAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	learn := func(by training.Trainer) (made []training.Made, steps int) {
		require.NoError(t, by.Train(t.Context(), someOrder(), func(training.Step) { steps++ }, func(m training.Made) error {
			made = append(made, m)
			return nil
		}))
		return made, steps
	}
	there, steps := learn(trainer{child.Program{Path: self}})
	here, _ := learn(training.Here{Clock: systemClock()})
	require.NotZero(t, steps)
	require.Len(t, there, len(here))
	for i := range here {
		require.Equal(t, here[i].Model, there[i].Model)
		here[i].Report.Seconds = there[i].Report.Seconds
		require.Equal(t, here[i].Report, there[i].Report)
	}
}

func TestATrainerThatRefusesIsKilledOrDies(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	by := trainer{child.Program{Path: self}}
	none := func(training.Made) error { return nil }
	require.ErrorIs(t, by.Train(t.Context(), training.Order{}, func(training.Step) {}, none), desk.Invalid, "it says what is wrong")
	ctx, cancel := context.WithCancel(t.Context())
	err = by.Train(ctx, someOrder(), func(training.Step) { cancel() }, none)
	require.Error(t, err)
	require.NotErrorIs(t, err, desk.Invalid)
	err = trainer{child.Program{Path: "/bin/false"}}.Train(t.Context(), someOrder(), func(training.Step) {}, none)
	require.ErrorIs(t, err, desk.Unavailable)
	err = trainer{child.Program{Path: "/bin/true"}}.Train(t.Context(), someOrder(), func(training.Step) {}, none)
	require.NoError(t, err, "a child that ends well and says nothing made nothing; the service sees to that")
}
