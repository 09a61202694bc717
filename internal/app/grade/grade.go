package grade

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Answer is one judged answer.
type Answer struct {
	// Want and Got are labels; Got is "" if there was none.
	Want, Got string
	// Confidence is between 0 and 1.
	Confidence float64
}

// Right reports whether the label is the wanted one.
func (a Answer) Right() bool { return a.Want == a.Got }

// Accuracy is the part that is right, 0 of nothing.
func Accuracy(answers []Answer) float64 {
	right := 0
	for _, a := range answers {
		if a.Right() {
			right++
		}
	}
	return part(right, len(answers))
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// MacroF1 is the mean over the wanted labels of the harmonic mean of precision
// and recall.
func MacroF1(answers []Answer) float64 {
	type tally struct{ hit, want, got int }
	tallies := make(map[string]*tally)
	of := func(label string) *tally {
		if tallies[label] == nil {
			tallies[label] = &tally{}
		}
		return tallies[label]
	}
	for _, a := range answers {
		of(a.Want).want++
		of(a.Got).got++
		if a.Right() {
			of(a.Want).hit++
		}
	}
	sum, labels := 0.0, 0
	for _, t := range tallies {
		if t.want == 0 {
			continue
		}
		labels++
		sum += part(2*t.hit, t.want+t.got)
	}
	if labels == 0 {
		return 0
	}
	return sum / float64(labels)
}

// bins is how finely confidence is looked at.
const bins = 15

// ECE is the expected calibration error: the mean distance between confidence
// and the part that is right, over 15 bins of equal width.
func ECE(answers []Answer) float64 {
	var confidence, right [bins]float64
	for _, a := range answers {
		b := min(max(int(a.Confidence*bins), 0), bins-1)
		confidence[b] += a.Confidence
		if a.Right() {
			right[b]++
		}
	}
	sum := 0.0
	for b := range bins {
		sum += math.Abs(confidence[b] - right[b])
	}
	if len(answers) == 0 {
		return 0
	}
	return sum / float64(len(answers))
}

// At is what a threshold would do: the part answered, and how much of that is right.
func At(answers []Answer, threshold float64) (coverage, precision float64) {
	given, right := 0, 0
	for _, a := range answers {
		if a.Confidence >= threshold && a.Got != "" {
			given++
			if a.Right() {
				right++
			}
		}
	}
	return part(given, len(answers)), part(right, given)
}

// Below is the part of confidences below a threshold.
func Below(confidences []float64, threshold float64) float64 {
	n := 0
	for _, c := range confidences {
		if c < threshold {
			n++
		}
	}
	return part(n, len(confidences))
}

// AUROC is the chance that one of inside has a higher confidence than one of
// outside, ties counting half; 0 if either is empty.
func AUROC(inside, outside []float64) float64 {
	if len(inside) == 0 || len(outside) == 0 {
		return 0
	}
	type mark struct {
		confidence float64
		inside     bool
	}
	all := make([]mark, 0, len(inside)+len(outside))
	for _, c := range inside {
		all = append(all, mark{c, true})
	}
	for _, c := range outside {
		all = append(all, mark{c, false})
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(a.confidence, b.confidence) })
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].confidence == all[i].confidence {
			j++
		}
		mean := float64(i+j+1) / 2 // ranks count from 1; ties share the mean
		for _, m := range all[i:j] {
			if m.inside {
				ranks += mean
			}
		}
		i = j
	}
	n := float64(len(inside))
	return (ranks - n*(n+1)/2) / (n * float64(len(outside)))
}

// Percentile is the smallest of times that at least p of 1 do not exceed; times are sorted.
func Percentile(times []time.Duration, p float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(max(int(math.Ceil(p*float64(len(times))))-1, 0), len(times)-1)]
}
