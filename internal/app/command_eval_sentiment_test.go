package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
)

func TestJudgeMoods(t *testing.T) {
	t.Parallel()
	three := []nlu.Example{{Intent: "-1", Text: "垃圾，骗子"}, {Intent: "0", Text: "几点发货"}, {Intent: "1", Text: "非常满意"}, {Intent: "1", Text: "太差了"}}
	f, err := judgeMoods(systemClock(), three)
	require.NoError(t, err)
	require.InDelta(t, 0.75, f.Accuracy, 1e-9)
	require.Equal(t, 4, f.test)
	// 0 is negative where no line is -1.
	f, err = judgeMoods(systemClock(), []nlu.Example{{Intent: "0", Text: "垃圾，骗子"}, {Intent: "1", Text: "非常满意"}})
	require.NoError(t, err)
	require.InDelta(t, 1, f.Accuracy, 1e-9)
	require.InDelta(t, 1, f.MacroF1, 1e-9)
	_, err = judgeMoods(systemClock(), []nlu.Example{{Intent: "angry", Text: "x"}})
	require.ErrorIs(t, err, desk.Invalid)
}
