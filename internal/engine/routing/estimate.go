package routing

import (
	"math"
	"time"
)

// Pace is how long an agent is busy with a conversation, learned from those
// that ended: a mean in which the newest count most. The zero value knows nothing.
type Pace struct {
	// Mean is in seconds; 0 means unknown.
	Mean float64 `json:"mean_s"`
	// Seen is how many were counted, up to paceMemory.
	Seen int `json:"seen"`
}

// paceMemory is about how many conversations the mean looks back on.
const paceMemory = 50

// longestCounted cuts what an agent forgot to close out of the mean.
const longestCounted = 2 * time.Hour

// Observe learns from one more conversation.
func (p Pace) Observe(busy time.Duration) Pace {
	s := min(busy, longestCounted).Seconds()
	if s <= 0 {
		return p
	}
	p.Seen = min(p.Seen+1, paceMemory)
	p.Mean += (s - p.Mean) / float64(p.Seen)
	return p
}

// Wait is how long it will take, honestly: in six of ten cases between Low and High.
type Wait struct {
	Mean, Low, High time.Duration
}

// Estimate says how long the one at a position (from 1) will wait if slots
// conversations are worked on at a time. It takes service times as
// exponential, so the wait is a gamma distribution of the shape position; a
// free slot makes it 0. False if nobody works or nothing was measured yet.
func Estimate(position, slots, free int, pace Pace) (Wait, bool) {
	if position < 1 || slots < 1 || pace.Seen < 3 || pace.Mean <= 0 {
		return Wait{}, false
	}
	ahead := position - max(free, 0)
	if ahead <= 0 {
		return Wait{}, true
	}
	each := pace.Mean / float64(slots)
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)).Round(time.Second) }
	const z = 0.8416 // the 20th and 80th percentile of the normal distribution
	return Wait{
		Mean: seconds(float64(ahead) * each),
		Low:  seconds(gamma(float64(ahead), -z) * each),
		High: seconds(gamma(float64(ahead), z) * each),
	}, true
}

// gamma is the quantile of the gamma distribution with scale 1 that
// corresponds to z of the normal one, after Wilson and Hilferty (1931).
func gamma(shape, z float64) float64 {
	c := 1 / (9 * shape)
	return shape * math.Pow(max(1-c+z*math.Sqrt(c), 0), 3)
}
