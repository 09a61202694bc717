package nlu

import "math"

// usualTemperature and usualGate serve where there were too few examples to
// learn them; they are the means over the sets of docs/evaluation.md.
const usualTemperature = 7

var usualGate = gate{weights: signs{-1.5, 1.5, 1.2, 1.6, -1.5, 0.8, 0.05, 0, 0, 0, -0.4}}

// signs are what the gate looks at.
type signs [13]float64

// signs of a reading: 1, the best margin, its lead, log of its probability
// against the others, how much of the text was never seen, how near the centre
// of the intent's examples it is, and its length; if networks were heard,
// the lines' own margin, the energy, and whether both agree; how far it lies on
// the side of what means nothing, and how much weight of words and of their
// pieces was never seen.
func (r *reading) signs(t float64) signs {
	lead := r.margin[r.best] - r.second
	most := 2.0
	if r.net != nil {
		most = 8
	}
	return signs{
		1, r.margin[r.best], min(lead, most), math.Log(1 / r.partition(t)), r.unknown.words, float64(r.centre[r.best]), math.Log(float64(1 + r.pieces)),
		r.line, r.energy, r.agree, r.outer, r.unknown.weight, r.unknown.pieces,
	}
}

// gate turns signs into the chance of being right: a logistic regression.
type gate struct{ weights signs }

func (g gate) confidence(s signs) float64 {
	z := 0.0
	for i := range s {
		z += g.weights[i] * s[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// trial is an example judged by a model that has not seen it.
type trial struct {
	reading reading
	truth   int // -1: a stranger
	text    int // which of the set; -1: none
}

func (t trial) right() bool { return t.reading.best == t.truth }

// try judges what a fold kept back.
func (m *Model) try(s *set, f fold, e *ensemble) (out []trial) {
	hear := func(x said, truth, i int) {
		r := m.read(x.features)
		if e != nil {
			e.hear(&r, x.tokens)
		}
		if r.best >= 0 {
			out = append(out, trial{r, truth, i})
		}
	}
	for _, i := range f.known {
		hear(said{features: s.texts[i], tokens: s.tokens[i]}, s.label[i], i)
	}
	for _, i := range f.strange {
		hear(said{features: s.texts[i], tokens: s.tokens[i]}, -1, i)
	}
	for _, i := range f.far {
		hear(s.outside[i], -1, -1)
	}
	return out
}

// judged tells what came of the examples that a fold kept back.
func (s *set) judged(trials []trial, temperature float64, g gate) (out []Judged) {
	for _, t := range trials {
		if t.truth >= 0 {
			out = append(out, Judged{s.given[t.text], s.names[t.reading.best], g.confidence(t.reading.signs(temperature))})
		}
	}
	return out
}

func accuracy(trials []trial) float64 {
	right, all := 0, 0
	for _, t := range trials {
		if t.truth < 0 {
			continue
		}
		all++
		if t.right() {
			right++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(right) / float64(all)
}

// temperature makes probabilities of margins: the factor under which the truth
// of the trials is likeliest, by golden section.
func temperature(trials []trial) float64 {
	loss := func(t float64) (sum float64) {
		for _, x := range trials {
			if x.truth >= 0 && x.reading.trained[x.truth] {
				sum += math.Log(x.reading.partition(t)) + t*(x.reading.margin[x.reading.best]-x.reading.margin[x.truth])
			}
		}
		return sum
	}
	if loss(1) == 0 {
		return usualTemperature
	}
	const ratio = 0.6180339887498949
	low, high := 0.5, 40.0
	a, b := high-ratio*(high-low), low+ratio*(high-low)
	la, lb := loss(a), loss(b)
	for high-low > 0.05 {
		if la < lb {
			high, b, lb = b, a, la
			a = high - ratio*(high-low)
			la = loss(a)
		} else {
			low, a, la = a, b, lb
			b = low + ratio*(high-low)
			lb = loss(b)
		}
	}
	return (low + high) / 2
}

// Strangers count for so much of all that is judged, however many there are.
// More makes the model modest where it is right (0.12: the calibration error on
// clean test sets rises from 0.02 to 0.05), less makes it trust nonsense.
const strangers = 0.05

// fewTrials are too few to learn a gate from.
const fewTrials = 60

// By how much the log odds of being right grow when a model learns from twice
// as many examples, as the whole set is to a fold's; and if it averages more
// networks as well.
const (
	perDoubling      = 0.4
	perDoublingMixed = 0.6
)

// learnGate fits the gate to the trials by Newton's method, with a small
// penalty that keeps it near the usual one. gain is by how much the log odds of
// the final model are better than those of the trials' models.
func learnGate(trials []trial, temperature float64, usual gate, gain float64) gate {
	var known, outside float64
	for _, t := range trials {
		if t.truth < 0 {
			outside++
		} else {
			known++
		}
	}
	if known < fewTrials {
		return usual
	}
	weight := 1.0
	if outside > 0 {
		weight = strangers / (1 - strangers) * known / outside
	}
	fit := regression{weights: make([]float64, 0, len(trials))}
	for _, t := range trials {
		y, w := 0.0, 1.0
		if t.truth < 0 {
			w = weight
		} else if t.right() {
			y = 1
		}
		fit.add(t.reading.signs(temperature), y, w)
	}
	g := fit.solve(usual)
	g.weights[0] += gain
	return g
}

// regression is a logistic regression held near a gate by a small penalty.
type regression struct {
	signs          []signs
	truth, weights []float64
}

func (r *regression) add(s signs, truth, weight float64) {
	r.signs, r.truth, r.weights = append(r.signs, s), append(r.truth, truth), append(r.weights, weight)
}

const gatePenalty = 1.0

// solve goes by Newton's method, each step halved until it does not hurt.
func (r *regression) solve(begin gate) gate {
	g, loss := begin, r.loss(begin, begin)
	for range 100 {
		var gradient signs
		var hessian [len(gradient)][len(gradient)]float64
		for i := range gradient {
			hessian[i][i] = gatePenalty
			gradient[i] = gatePenalty * (g.weights[i] - begin.weights[i])
		}
		for n, s := range r.signs {
			p, w := g.confidence(s), r.weights[n]
			for i := range s {
				gradient[i] += w * (p - r.truth[n]) * s[i]
				for j := range i + 1 {
					hessian[i][j] += w * p * (1 - p) * s[i] * s[j]
				}
			}
		}
		step, ok := solve(hessian, gradient)
		if !ok {
			break
		}
		better := false
		for scale := 1.0; scale > 1e-4; scale /= 2 {
			next := g
			for i := range step {
				next.weights[i] -= scale * step[i]
			}
			if l := r.loss(next, begin); l < loss {
				better = loss-l > 1e-6*math.Abs(loss)
				g, loss = next, l
				break
			}
		}
		if !better {
			break
		}
	}
	return g
}

func (r *regression) loss(g, begin gate) (sum float64) {
	for i := range g.weights {
		d := g.weights[i] - begin.weights[i]
		sum += gatePenalty / 2 * d * d
	}
	for n, s := range r.signs {
		p := g.confidence(s)
		if r.truth[n] == 0 {
			p = 1 - p
		}
		sum -= r.weights[n] * math.Log(max(p, 1e-12))
	}
	return sum
}

// solve finds x of a·x = b for a symmetric positive a (Cholesky).
func solve(a [len(signs{})][len(signs{})]float64, b signs) (x signs, ok bool) {
	n := len(b)
	for i := range n {
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i == j {
				if sum <= 0 || math.IsNaN(sum) {
					return x, false
				}
				a[i][i] = math.Sqrt(sum)
			} else {
				a[i][j] = sum / a[j][j]
			}
		}
	}
	for i := range n {
		sum := b[i]
		for k := range i {
			sum -= a[i][k] * x[k]
		}
		x[i] = sum / a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		sum := x[i]
		for k := i + 1; k < n; k++ {
			sum -= a[k][i] * x[k]
		}
		x[i] = sum / a[i][i]
	}
	return x, true
}
