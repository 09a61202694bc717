package sentiment

import "math"

// How a conversation's mood follows its messages.
const (
	levelShare = 0.5  // of the newest message in the level
	slopeShare = 0.5  // of the newest change in the slope
	fading     = 0.8  // how much of a good mood is remembered from message to message
	steep      = 1.75 // a fall of the level below that memory that is steep
	calm       = 4.5  // from delight to plain questions is no fall
	sour       = 3.0
)

// Trend is the mood of a conversation after some messages of the customer. Its
// zero value is the beginning; it can be kept and continued.
type Trend struct {
	// Level is the exponentially weighted mood, 0 to 10; 5 before any message.
	Level float64 `json:"level"`
	// Slope is the weighted change of the level a message, below 0 if it gets worse.
	Slope float64 `json:"slope"`
	// High is the best level, fading towards the present one.
	High float64 `json:"high"`
	// Messages is how many were counted.
	Messages int `json:"messages"`
	// Steep is whether the newest message was part of a steep fall.
	Steep bool `json:"steep"`
}

// Next is the trend after one more score; what is no number counts as 5.
func (t Trend) Next(score float64) Trend {
	if math.IsNaN(score) {
		score = 5
	}
	score = min(max(score, 0), 10)
	if t.Messages <= 0 {
		return Trend{Level: score, High: score, Messages: 1}
	}
	next := Trend{Messages: t.Messages + 1}
	next.Level = levelShare*score + (1-levelShare)*t.Level
	next.Slope = slopeShare*(next.Level-t.Level) + (1-slopeShare)*t.Slope
	next.High = max(next.Level, t.Level+fading*(t.High-t.Level))
	next.Steep = score < t.Level && next.Level < calm && next.High-next.Level >= steep
	return next
}

// Sour reports whether a person should take over: the level is below 3, or it
// falls steeply.
func (t Trend) Sour() bool { return t.Messages > 0 && (t.Level < sour || t.Steep) }
