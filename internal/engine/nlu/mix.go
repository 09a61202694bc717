package nlu

import (
	"math"

	"yingda.dev/internal/desk"
)

// mix is networks and how they answer together with the lines: the score of an
// intent is a weighted sum of its margin and its networks' score, weighed so
// that the truth of examples neither had seen is likeliest (Bordley, 1982, on
// pooling; Guo et al., ICML 2017, on temperature, which is in the weights).
type mix struct {
	*ensemble
	byLines, byNets float64 // the weights
	gate            gate
}

// usualMixGate is what the gate of a mix is held near; see usualGate.
var usualMixGate = gate{weights: signs{-3, 0.1, 0.4, 1, -1.5, 0.8, 0.05, 0.8, 0.2, 0.5, -0.4}}

// hear adds to a reading what the networks say.
func (e *ensemble) hear(r *reading, tokens []token) {
	r.net = make([]float32, len(r.margin))
	r.energy = e.scores(tokens, r.net)
}

// join makes one reading of lines and networks.
func (x *mix) join(r reading) reading {
	j := r
	j.margin = make([]float64, len(r.margin))
	top := -1
	for c := range r.margin {
		if !r.trained[c] {
			continue
		}
		j.margin[c] = x.byLines*r.margin[c] + x.byNets*(float64(r.net[c])-r.energy)
		if top < 0 || r.net[c] > r.net[top] {
			top = c
		}
	}
	j.rank()
	if j.best < 0 {
		return j
	}
	j.line = r.margin[j.best]
	if top == r.best {
		j.agree = 1
	}
	return j
}

func (x *mix) joined(trials []trial) []trial {
	out := make([]trial, len(trials))
	for i, t := range trials {
		out[i] = trial{x.join(t.reading), t.truth, t.text}
	}
	return out
}

// Networks help if they make the truth of the trials likelier by a factor of
// exp(leastHelp), and if no more of them come out wrong than luck explains (a
// standard error or so).
const (
	leastHelp = 3
	luck      = 0.4
)

// learnMix weighs lines and networks; nil if there is too little to judge by
// or the networks do not help. The final model's log odds are better than the
// trials' by odds, and its networks count for gain times what the trials say.
func learnMix(e *ensemble, trials []trial, odds, gain float64) *mix {
	known := 0
	for _, t := range trials {
		if t.truth >= 0 && t.reading.trained[t.truth] {
			known++
		}
	}
	if known < fewTrials {
		return nil
	}
	x := &mix{ensemble: e, byLines: usualTemperature / 2, byNets: 0.5}
	alone, _, _ := (&mix{byLines: temperature(trials)}).slope(trials)
	x.weigh(trials)
	if loss, _, _ := x.slope(trials); x.byNets <= 0 || alone-loss < leastHelp || accuracy(x.joined(trials)) < accuracy(trials)-luck/math.Sqrt(float64(known)) {
		return nil
	}
	x.byNets *= gain
	joined := x.joined(trials)
	t := temperature(joined)
	x.byLines, x.byNets = t*x.byLines, t*x.byNets
	joined = x.joined(trials)
	x.gate = learnGate(joined, 1, usualMixGate, odds)
	return x
}

// weigh finds the two weights by Newton's method; the loss is convex.
func (x *mix) weigh(trials []trial) {
	const rounds = 30
	loss, _, _ := x.slope(trials)
	for range rounds {
		_, g, h := x.slope(trials)
		h[0] += 1e-6
		h[2] += 1e-6
		det := h[0]*h[2] - h[1]*h[1]
		if det <= 0 || math.IsNaN(det) {
			return
		}
		dl, dn := (h[2]*g[0]-h[1]*g[1])/det, (h[0]*g[1]-h[1]*g[0])/det
		better := false
		for scale := 1.0; scale > 1e-3; scale /= 2 {
			next := mix{byLines: x.byLines - scale*dl, byNets: x.byNets - scale*dn}
			if l, _, _ := next.slope(trials); l < loss {
				better = loss-l > 1e-7*loss
				x.byLines, x.byNets, loss = next.byLines, next.byNets, l
				break
			}
		}
		if !better {
			return
		}
	}
}

// slope is the loss over the trials, its gradient, and its second derivatives
// (lines twice, both, networks twice).
func (x *mix) slope(trials []trial) (loss float64, g [2]float64, h [3]float64) {
	var scores []float64
	for _, t := range trials {
		r := t.reading
		if t.truth < 0 || !r.trained[t.truth] {
			continue
		}
		scores = scores[:0]
		most := math.Inf(-1)
		for c, m := range r.margin {
			s := math.Inf(-1)
			if r.trained[c] {
				s = x.byLines*m + x.byNets*float64(r.net[c])
			}
			scores, most = append(scores, s), max(most, s)
		}
		var z, a, b, aa, ab, bb float64
		for c, s := range scores {
			if math.IsInf(s, -1) {
				continue
			}
			p, m, n := math.Exp(s-most), r.margin[c], float64(r.net[c])
			z += p
			a, b = a+p*m, b+p*n
			aa, ab, bb = aa+p*m*m, ab+p*m*n, bb+p*n*n
		}
		a, b, aa, ab, bb = a/z, b/z, aa/z, ab/z, bb/z
		loss += most + math.Log(z) - scores[t.truth]
		g[0] += a - r.margin[t.truth]
		g[1] += b - float64(r.net[t.truth])
		h[0] += aa - a*a
		h[1] += ab - a*b
		h[2] += bb - b*b
	}
	return loss, g, h
}

// course is a training under way: its plan of work, its progress.
type course struct {
	set         *set
	seed        uint64
	passes      int // of a network over the examples; 0: no networks
	nets        int // in the end
	foldNets    int // in each fold
	done, total int
	step        func(Progress) bool
}

// The bounds of the work on networks. A pass of an example costs about
// passWork and intentWork for each intent, in multiplications.
const (
	netCount    = 3
	netsOfFew   = 5
	leastPasses = 6 // below that networks are not worth it
	usualPasses = 20
	mostPasses  = 60
	leastSteps  = 1_000 // small sets are passed more often
	passWork    = 300_000
	intentWork  = 3 * netHidden / 2
	netWork     = 120_000_000_000
)

func newCourse(s *set, plan []fold, o Options, step func(Progress) bool) *course {
	c := &course{set: s, seed: o.Seed, step: step, total: (len(plan) + 1) * len(s.names)}
	if o.Linear || len(plan) == 0 {
		return c
	}
	n := len(s.texts)
	c.passes = min(max(usualPasses, leastSteps*lessonBatch/n), mostPasses, netWork/n/(passWork+intentWork*len(s.names)))
	if o.passes > 0 {
		c.passes = min(c.passes, o.passes)
	}
	if c.passes < leastPasses {
		c.passes = 0
		return c
	}
	c.nets, c.foldNets = netCount, 1
	if n < fewExamples {
		c.nets, c.foldNets = netsOfFew, netCount
	}
	for _, f := range plan {
		c.total += c.foldNets * c.passes * batches(lessons(f))
	}
	c.total += c.nets * c.passes * batches(lessons(whole(s)))
	return c
}

// gain is how much more the networks should weigh than the trials say: those
// of a fold learned from less, and fewer were averaged.
func (c *course) gain() float64 {
	if c.foldNets > 1 {
		return 1.5
	}
	return 2.5
}

// tick is called before each step.
func (c *course) tick() error {
	if c.step != nil && !c.step(Progress{c.done, c.total}) {
		return desk.E(desk.Unavailable, "train intents", "the training was cancelled")
	}
	c.done++
	return nil
}

// teach trains some networks; nil if there are to be none.
func (c *course) teach(f fold, count int, salt uint64) (*ensemble, error) {
	if c.passes == 0 {
		return nil, nil //nolint:nilnil // no networks is no error
	}
	sc := newSchool(c.set, f)
	e := &ensemble{pieces: sc.pieces}
	for i := range count {
		l := sc.lesson(c.seed*1_000_003+salt*97+uint64(i)+1, c.passes, lessons(f))
		if err := l.run(c.tick); err != nil {
			return nil, err
		}
		e.nets = append(e.nets, l.network())
	}
	return e, nil
}
