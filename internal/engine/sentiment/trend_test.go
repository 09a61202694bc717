package sentiment_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/engine/sentiment"
)

func follow(scores ...float64) (t sentiment.Trend) {
	for _, s := range scores {
		t = t.Next(s)
	}
	return t
}

func TestTrend(t *testing.T) {
	t.Parallel()
	require.False(t, sentiment.Trend{}.Sour())
	require.False(t, follow(5, 5, 6, 5, 4.5).Sour())
	require.True(t, follow(2).Sour(), "angry from the first word")
	require.True(t, follow(6, 5, 1).Steep, "content, then furious")
	require.True(t, follow(5, 1).Sour())
	require.False(t, follow(5, 3).Sour(), "a little annoyed once")
	require.True(t, follow(5, 3, 2, 2).Sour(), "and again, and again")
	require.False(t, follow(8, 8, 5, 5, 5).Steep, "thanks at first, then questions")
	require.False(t, follow(1, 1, 8, 8).Sour(), "won back")
	require.Positive(t, follow(1, 5, 8).Slope)
	require.Negative(t, follow(8, 5, 3).Slope)
}

func TestTrendHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 40).Draw(t, "scores")
		least, most := math.Inf(1), math.Inf(-1)
		var trend sentiment.Trend
		for i, s := range scores {
			least, most = min(least, s), max(most, s)
			worse := trend.Next(s * rapid.Float64Range(0, 1).Draw(t, "worse"))
			trend = trend.Next(s)
			const dust = 1e-9
			switch {
			case trend.Messages != i+1:
				t.Fatal("messages are counted")
			case trend.Level < least-dust || trend.Level > most+dust:
				t.Fatalf("level %v outside %v to %v", trend.Level, least, most)
			case trend.High < trend.Level-dust:
				t.Fatal("the high is below the level")
			case worse.Level > trend.Level+dust || worse.Slope > trend.Slope+dust:
				t.Fatal("a worse message makes a better trend")
			case trend.Sour() && !worse.Sour():
				t.Fatal("a worse message calms")
			}
		}
		// The same mood for long is neither a fall nor a slope.
		last := rapid.Float64Range(3, 10).Draw(t, "last")
		for range 60 {
			trend = trend.Next(last)
		}
		if trend.Sour() || math.Abs(trend.Slope) > 1e-6 || math.Abs(trend.Level-last) > 1e-6 {
			t.Fatalf("%+v after much of %v", trend, last)
		}
	})
	for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, 50} {
		next := follow(5, odd)
		require.False(t, math.IsNaN(next.Level))
		require.LessOrEqual(t, next.Level, 10.0)
		require.GreaterOrEqual(t, next.Level, 0.0)
	}
}
