package sentiment

import (
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each fifth of the corpus is judged by a model that has not seen it.
func TestUnseen(t *testing.T) {
	t.Parallel()
	j, err := New()
	require.NoError(t, err)
	examples, err := corpus()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(examples), 700)
	const folds, bins = 5, 10
	right, sum := 0, 0.0
	var confidence, hits [bins]float64
	for fold := range folds {
		var learn, held []example
		for i, e := range examples {
			if int(mix(uint64(i))%folds) == fold {
				held = append(held, e)
			} else {
				learn = append(learn, e)
			}
		}
		judge := &Judge{english: j.english, chinese: j.chinese}
		judge.learn(learn)
		for _, e := range held {
			r := judge.Read(e.text)
			b := min(int(r.Confidence*bins), bins-1)
			confidence[b] += r.Confidence
			if r.Label == e.label {
				right++
				hits[b]++
			} else if os.Getenv("SENTIMENT_WRONG") != "" {
				t.Logf("%d read as %d (%.2f, zh %.2f en %.2f): %s", e.label, r.Label, r.Confidence, judge.observe(e.text).chinese.compound, judge.observe(e.text).english, e.text)
			}
		}
	}
	for b := range bins {
		sum += math.Abs(confidence[b] - hits[b])
	}
	accuracy, ece := float64(right)/float64(len(examples)), sum/float64(len(examples))
	t.Logf("unseen: %.3f right, calibration error %.3f", accuracy, ece)
	require.Greater(t, accuracy, 0.8)
	require.Less(t, ece, 0.05)
}
