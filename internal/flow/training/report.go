package training

import (
	"cmp"
	"math"
	"slices"

	"yingda.dev/internal/engine/nlu"
)

// Report is what a training found out about itself, on examples that the
// judging model had not seen.
type Report struct {
	Examples       int `json:"examples"`
	Intents        int `json:"intents"`
	Outside        int `json:"outside"`
	Skipped        int `json:"skipped"`
	Contradictions int `json:"contradictions"`
	// Judged examples count in all that follows; 0 if there were too few.
	Judged        int     `json:"judged"`
	Accuracy      float64 `json:"accuracy"`
	MacroF1       float64 `json:"macro_f1"`
	ECE           float64 `json:"ece"`
	CoverageAt90  float64 `json:"coverage_at_90"`
	PrecisionAt90 float64 `json:"precision_at_90"`
	CoverageAt70  float64 `json:"coverage_at_70"`
	PrecisionAt70 float64 `json:"precision_at_70"`
	// Curve is coverage and precision by threshold, from 0 to 1.
	Curve []CurvePoint `json:"curve"`
	// PerIntent is by name.
	PerIntent []IntentScore `json:"per_intent"`
	// Confusions are what is taken for what, the most frequent first.
	Confusions []Confusion `json:"confusions"`
	// Seconds is how long the training took from its beginning.
	Seconds float64 `json:"seconds"`
}

// CurvePoint is what a threshold does.
type CurvePoint struct {
	Threshold float64 `json:"threshold"`
	// Coverage is the part that is at or above it, Precision how much of that is right.
	Coverage  float64 `json:"coverage"`
	Precision float64 `json:"precision"`
}

// IntentScore is how an intent fared.
type IntentScore struct {
	Name     string `json:"name"`
	Examples int    `json:"examples"`
	Judged   int    `json:"judged"`
	Right    int    `json:"right"`
	// Guessed is how many examples of any intent were taken for this one.
	Guessed int `json:"guessed"`
}

// Confusion is an intent whose examples were taken for another.
type Confusion struct {
	Intent string `json:"intent"`
	Guess  string `json:"guess"`
	Count  int    `json:"count"`
}

// Miss is an example that was taken for another intent.
type Miss struct {
	Intent     string  `json:"intent"`
	Guess      string  `json:"guess"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

const (
	maxConfusions = 200
	maxMisses     = 2_000
	curveSteps    = 20
)

// judge makes the report of what the folds found.
func judge(examples []nlu.Example, r nlu.Report) (out Report, misses []Miss) {
	out = Report{
		Examples: r.Examples, Intents: r.Intents, Skipped: r.Skipped, Contradictions: r.Contradictions, Judged: len(r.Judged),
		Curve: []CurvePoint{}, PerIntent: []IntentScore{}, Confusions: []Confusion{},
	}
	scores := make(map[string]*IntentScore)
	of := func(name string) *IntentScore {
		if scores[name] == nil {
			scores[name] = &IntentScore{Name: name}
		}
		return scores[name]
	}
	for _, e := range examples {
		of(e.Intent).Examples++
	}
	confused := make(map[[2]string]int)
	type answer struct {
		confidence float64
		right      bool
	}
	answers := make([]answer, 0, len(r.Judged))
	right := 0
	for _, j := range r.Judged {
		want := examples[j.Example].Intent
		of(want).Judged++
		of(j.Guess).Guessed++
		answers = append(answers, answer{j.Confidence, want == j.Guess})
		if want == j.Guess {
			of(want).Right++
			right++
			continue
		}
		confused[[2]string{want, j.Guess}]++
		misses = append(misses, Miss{want, j.Guess, examples[j.Example].Text, j.Confidence})
	}
	slices.SortStableFunc(misses, func(a, b Miss) int { return cmp.Compare(b.Confidence, a.Confidence) })
	misses = misses[:min(len(misses), maxMisses)]
	for pair, n := range confused {
		out.Confusions = append(out.Confusions, Confusion{pair[0], pair[1], n})
	}
	slices.SortFunc(out.Confusions, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Intent, b.Intent), cmp.Compare(a.Guess, b.Guess))
	})
	out.Confusions = out.Confusions[:min(len(out.Confusions), maxConfusions)]
	sum, counted := 0.0, 0
	for _, s := range scores {
		out.PerIntent = append(out.PerIntent, *s)
		if s.Judged > 0 {
			counted++
			sum += 2 * float64(s.Right) / float64(s.Judged+s.Guessed)
		}
	}
	slices.SortFunc(out.PerIntent, func(a, b IntentScore) int { return cmp.Compare(a.Name, b.Name) })
	if len(answers) == 0 {
		return out, misses
	}
	out.Accuracy, out.MacroF1 = float64(right)/float64(len(answers)), sum/float64(counted)
	at := func(threshold float64) (coverage, precision float64) {
		above, good := 0, 0
		for _, a := range answers {
			if a.confidence >= threshold {
				above++
				if a.right {
					good++
				}
			}
		}
		if above == 0 {
			return 0, 1
		}
		return float64(above) / float64(len(answers)), float64(good) / float64(above)
	}
	out.CoverageAt90, out.PrecisionAt90 = at(0.9)
	out.CoverageAt70, out.PrecisionAt70 = at(0.7)
	for i := range curveSteps + 1 {
		t := float64(i) / curveSteps
		c, p := at(t)
		out.Curve = append(out.Curve, CurvePoint{t, c, p})
	}
	var bins [10]struct{ n, right, confidence float64 }
	for _, a := range answers {
		b := &bins[min(int(a.confidence*10), 9)]
		b.n++
		b.confidence += a.confidence
		if a.right {
			b.right++
		}
	}
	for _, b := range bins {
		if b.n > 0 {
			out.ECE += math.Abs(b.right-b.confidence) / float64(len(answers))
		}
	}
	return out, misses
}
