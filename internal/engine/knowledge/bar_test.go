package knowledge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the gate is sure of is still not answered if it lacks what the questions
// of an entry usually have, and not more than a part of all answers is given up.
func TestTheBarKeepsNeighboursOut(t *testing.T) {
	t.Parallel()
	w := usual()
	made := func(doubt float64, truth int32) trial {
		c := candidate{p: 0.99, doubt: doubt, doubtMost: doubt}
		c.looks[lookCosine], c.looks[lookMargin] = 0.8, 2
		return trial{found: []candidate{c}, truth: truth}
	}
	var trials []trial
	for i := range 200 {
		trials = append(trials, made(float64(i%4)/2, 0), made(2+float64(i%4)/2, near))
	}
	confidence := func(doubt float64) float64 {
		m := made(doubt, 0)
		return w.confidence(m.question.signs(m.found))
	}
	before := confidence(3)
	require.Greater(t, before, 0.9)
	w = w.learnHome(trials)
	require.InDelta(t, held, confidence(3), 1e-9)
	require.InDelta(t, before, confidence(0), 1e-9, "the question's own entry is as sure as before")

	w = usual()
	trials = trials[:0]
	for i := range 200 {
		trials = append(trials, made(float64(i%100), 0), made(float64(10+i%100), near))
	}
	w = w.learnHome(trials)
	given := 0
	for i := range 100 {
		if confidence(float64(i)) >= 0.9 {
			given++
		}
	}
	require.InDelta(t, 82, given, 3, "where little tells them apart most is still answered")
}
