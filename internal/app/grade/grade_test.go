package grade_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/grade"
)

// Worked out by hand.
func TestFigures(t *testing.T) {
	t.Parallel()
	answers := []grade.Answer{{"a", "a", 0.95}, {"a", "b", 0.75}, {"b", "b", 0.95}, {"b", "b", 0.5}, {"c", "", 0}}
	require.InDelta(t, 0.6, grade.Accuracy(answers), 1e-9)
	// a: 2·1/(2+1); b: 2·2/(2+3); c: 0
	require.InDelta(t, (2.0/3+4.0/5)/3, grade.MacroF1(answers), 1e-9)
	coverage, precision := grade.At(answers, 0.7)
	require.InDelta(t, 0.6, coverage, 1e-9)
	require.InDelta(t, 2.0/3, precision, 1e-9)
	// |1.9−2| + |0.75−0| + |0.5−1| + |0−0|, by five
	require.InDelta(t, (0.1+0.75+0.5)/5, grade.ECE(answers), 1e-9)
	require.InDelta(t, 0.5, grade.Below([]float64{0.1, 0.69, 0.7, 1}, 0.7), 1e-9)
	// (0.9 beats both, 0.4 beats one and ties with one)/(2·2)
	require.InDelta(t, 3.5/4, grade.AUROC([]float64{0.9, 0.4}, []float64{0.4, 0.1}), 1e-9)
	require.Zero(t, grade.AUROC(nil, []float64{1}))
	times := []time.Duration{4, 1, 3, 2}
	require.EqualValues(t, 2, grade.Percentile(times, 0.5))
	require.EqualValues(t, 4, grade.Percentile(times, 0.99))
	require.Zero(t, grade.Percentile(nil, 0.5))
	require.Zero(t, grade.Accuracy(nil))
	require.Zero(t, grade.ECE(nil))
	require.Zero(t, grade.MacroF1(nil))
}
