package nlu

import (
	"cmp"
	"math"
	"slices"
)

// Model knows the intents it was trained on. It is safe for concurrent use.
type Model struct {
	names      []string
	vocabulary *vocabulary
	// start, intent and weight are the lines by feature: those of feature f are
	// at start[f] up to start[f+1]. weight is in 127ths of scale[intent].
	start  []int32
	intent []uint16
	weight []int8
	scale  []float32
	bias   []float32
	// centre holds the cosine to the intents' centres in the same places.
	centre      []int8
	reach       []float32 // the scale of centre, by intent
	trained     []bool    // an intent that a fold left out has no line
	temperature float64
	gate        gate
	mixed       *mix // nil: the lines answer alone
	known       known
	outer       outer
}

// Guess is an intent and how likely it is, taking for granted that it is one
// of those the model knows.
type Guess struct {
	Intent string
	P      float64
}

// Verdict is what a text means.
type Verdict struct {
	// Guesses are the most likely intents, the likeliest first, at most as many
	// as were asked for; empty if the text says nothing.
	Guesses []Guess
	// Confidence is the chance that the first guess is right, strangers
	// included: low for a text that means none of the intents.
	Confidence float64
}

// Intents are the names the model knows, in the order of the examples.
func (m *Model) Intents() []string { return slices.Clone(m.names) }

// Mixed says whether networks answer together with the lines.
func (m *Model) Mixed() bool { return m.mixed != nil }

// Classify says what a text means, with at most limit guesses.
func (m *Model) Classify(text string, limit int) Verdict {
	tokens := tokenize(text)
	f := extract(tokens)
	if len(f) == 0 || limit <= 0 {
		return Verdict{}
	}
	r := m.read(f)
	var v Verdict
	if m.mixed == nil {
		v = m.verdict(r, m.temperature, m.gate, limit)
	} else {
		m.mixed.hear(&r, tokens)
		v = m.verdict(m.mixed.join(r), 1, m.mixed.gate, limit)
	}
	m.recall(&v, nameOf(tokens), limit)
	return v
}

// ClassifyFast is Classify by the lines alone: a tenth of the work and a little
// more often wrong, for times of overload.
func (m *Model) ClassifyFast(text string, limit int) Verdict {
	tokens := tokenize(text)
	f := extract(tokens)
	if len(f) == 0 || limit <= 0 {
		return Verdict{}
	}
	v := m.verdict(m.read(f), m.temperature, m.gate, limit)
	m.recall(&v, nameOf(tokens), limit)
	return v
}

func (m *Model) verdict(r reading, temperature float64, g gate, limit int) Verdict {
	if r.best < 0 {
		return Verdict{}
	}
	z := r.partition(temperature)
	order := make([]int, 0, len(m.names))
	for c := range m.names {
		if m.trained[c] {
			order = append(order, c)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(r.margin[b], r.margin[a]), cmp.Compare(a, b)) })
	v := Verdict{Confidence: g.confidence(r.signs(temperature))}
	for _, c := range order[:min(limit, len(order))] {
		v.Guesses = append(v.Guesses, Guess{m.names[c], math.Exp(temperature*(r.margin[c]-r.margin[r.best])) / z})
	}
	return v
}

// reading is how a text lies to every intent.
type reading struct {
	margin  []float64 // on which side of the lines, or what came of joining
	centre  []float32 // cosine to the intents' centres
	trained []bool
	best    int
	second  float64 // the margin of the second best
	unknown unknown
	outer   float64 // how far on the side of what means none of the intents
	pieces  int
	// What the networks say, if they were heard.
	net    []float32
	energy float64
	line   float64 // of a joined reading: the margin of the best by the lines
	agree  float64 // 1 if lines and networks have the same best
}

func (m *Model) read(f []counted) reading {
	x, unknown := m.vocabulary.vectorize(f)
	n := len(m.names)
	r := reading{margin: make([]float64, n), centre: make([]float32, n), trained: m.trained, unknown: unknown, pieces: len(f)}
	for k, at := range x.at {
		w := float64(x.w[k])
		r.outer += w * m.outer.at(at)
		for j := m.start[at]; j < m.start[at+1]; j++ {
			c := m.intent[j]
			r.margin[c] += w * float64(m.weight[j])
			r.centre[c] += x.w[k] * float32(m.centre[j])
		}
	}
	r.outer += float64(m.outer.bias)
	for c := range r.margin {
		r.margin[c] = r.margin[c]*float64(m.scale[c])/127 + float64(m.bias[c])
		r.centre[c] *= m.reach[c] / 127
	}
	r.rank()
	return r
}

// outer is the line between what means none of the intents and the rest, by
// feature, in 127ths of scale; nothing if no such texts were given.
type outer struct {
	weight      []int8
	scale, bias float32
}

func packLine(w []float32) outer {
	n := len(w) - 1
	if n == 0 {
		return outer{bias: w[0]}
	}
	t := pack(w[:n], n)
	return outer{t.at, t.scale[0], w[n]}
}

func (o outer) at(feature int32) float64 {
	if len(o.weight) == 0 {
		return 0
	}
	return float64(o.weight[feature]) * float64(o.scale)
}

// rank finds the best and the second best of the intents that were learned.
func (r *reading) rank() {
	r.best, r.second = -1, math.Inf(-1)
	for c, x := range r.margin {
		switch {
		case !r.trained[c]:
		case r.best < 0 || x > r.margin[r.best]:
			if r.best >= 0 {
				r.second = r.margin[r.best]
			}
			r.best = c
		case x > r.second:
			r.second = x
		}
	}
}

// partition is the sum of exp(T·(margin − best)).
func (r *reading) partition(t float64) (z float64) {
	for c, s := range r.margin {
		if r.trained[c] {
			z += math.Exp(t * (s - r.margin[r.best]))
		}
	}
	return z
}

// builder collects lines by intent and turns them to lie by feature.
type builder struct {
	m    *Model
	rows [][]entry
	near []float32 // the centre at hand, by feature
}

type entry struct {
	intent         uint16
	weight, centre int8
}

func newBuilder(names []string, v *vocabulary) *builder {
	n := len(names)
	return &builder{
		m: &Model{
			names: names, vocabulary: v, scale: make([]float32, n), bias: make([]float32, n), reach: make([]float32, n),
			trained: make([]bool, n), temperature: usualTemperature, gate: usualGate,
		},
		rows: make([][]entry, len(v.idf)), near: make([]float32, len(v.idf)),
	}
}

// line notes an intent's weights, by features and the bias last, in 127ths of
// the largest. What is smaller than half a 127th is dropped: most features say
// nothing of most intents.
func (b *builder) line(c int, features []int32, w []float32, centre map[int32]float32) {
	m := b.m
	m.trained[c] = true
	m.bias[c] = w[len(w)-1]
	w = w[:len(w)-1]
	var largest, widest float32
	for _, x := range w {
		largest = max(largest, x, -x)
	}
	for at, x := range centre {
		widest = max(widest, x)
		b.near[at] = x
	}
	m.scale[c], m.reach[c] = largest, widest
	for i, at := range features {
		e := entry{intent: uint16(c)} //nolint:gosec // at most MaxIntents
		if largest > 0 {
			e.weight = int8(math.Round(float64(w[i] / largest * 127)))
		}
		if widest > 0 && b.near[at] > 0 {
			e.centre = int8(math.Round(float64(b.near[at] / widest * 127)))
		}
		if e.weight != 0 || e.centre != 0 {
			b.rows[at] = append(b.rows[at], e)
		}
	}
	for at := range centre {
		b.near[at] = 0
	}
}

func (b *builder) model() *Model {
	m := b.m
	m.start = make([]int32, len(b.rows)+1)
	total := 0
	for _, r := range b.rows {
		total += len(r)
	}
	m.intent, m.weight, m.centre = make([]uint16, 0, total), make([]int8, 0, total), make([]int8, 0, total)
	for at, r := range b.rows {
		m.start[at] = int32(len(m.intent)) //nolint:gosec // bounded by the codec's limit
		for _, e := range r {
			m.intent, m.weight, m.centre = append(m.intent, e.intent), append(m.weight, e.weight), append(m.centre, e.centre)
		}
	}
	m.start[len(b.rows)] = int32(len(m.intent)) //nolint:gosec // as above
	return m
}
