package nlu

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
)

// Example is a text and the intent it means.
type Example struct{ Intent, Text string }

// Options tune a training. The zero value is the shipped default.
type Options struct {
	// Outside are texts that mean none of the intents; some hundreds make the
	// model better at strangers, none is fine. The first Own of them were said
	// by people to mean none of these intents; the others are strangers as a
	// rule, and one that resembles an example does not count.
	Outside []string
	Own     int
	// Seed makes another training of the same examples; 0 is the usual one.
	Seed uint64
	// Linear leaves out the networks: seconds instead of minutes, for a model
	// that serves until the better one is ready.
	Linear bool
	// Unjudged leaves out the folds: a quarter of the work, for those who want
	// Margins and judge by themselves. Confidence is then a guess, and there are
	// no networks.
	Unjudged bool
	passes   int // tests: of networks over the examples, where they are fewer than usual
}

// The bounds of a training.
const (
	MaxExamples = 500_000
	MaxIntents  = 20_000
)

// Progress is where a training is.
type Progress struct {
	// Done of Total steps; they take about equally long.
	Done, Total int
}

// Report tells what a training saw.
type Report struct {
	Examples, Intents, Features int
	// Skipped examples have no text that counts.
	Skipped int
	// Contradictions are texts that stand under more than one intent.
	Contradictions int
	// Thin are intents with fewer than 5 examples, in alphabetical order.
	Thin []string
	// Accuracy is the part of examples that a model got right which had not
	// seen them, lines and networks together if Mixed; 0 if there were too few
	// to tell.
	Accuracy float64
	// LinearAccuracy is the same of the lines alone.
	LinearAccuracy float64
	// Mixed says whether networks answer too: they do where they helped.
	Mixed bool
	// Judged are the examples that were judged by a model which had not seen
	// them, with the guess and its confidence; empty if there were too few.
	Judged []Judged
}

// Judged is what a model that had not seen an example made of it.
type Judged struct {
	// Example is its place among those that were given.
	Example    int
	Guess      string
	Confidence float64
}

// The price of an error and how much dearer one of the intent's own is, found
// by cross-validation (docs/evaluation.md).
const (
	svmCost  = 0.5
	svmBoost = 3
)

// Train learns a Model. step is called before each step and may be nil; false
// ends the training with Unavailable. Fewer than two intents are Invalid.
func Train(examples []Example, o Options, step func(Progress) bool) (*Model, Report, error) {
	set, report, err := gather(examples)
	if err != nil {
		return nil, report, err
	}
	set.warn(o.Outside, o.Own)
	var plan []fold
	if !o.Unjudged {
		plan = folds(set, o.Seed)
	}
	c := newCourse(set, plan, o, step)
	var trials []trial
	for n, f := range plan {
		m, err := fit(set, f, o.Seed, c.tick)
		if err != nil {
			return nil, report, err
		}
		e, err := c.teach(f, c.foldNets, uint64(n))
		if err != nil {
			return nil, report, err
		}
		trials = append(trials, m.try(set, f, e)...)
	}
	all := whole(set)
	m, err := fit(set, all, o.Seed, c.tick)
	if err != nil {
		return nil, report, err
	}
	doublings := 0.0
	if len(plan) > 0 {
		doublings = math.Log2(float64(len(all.learn)) / float64(len(plan[0].learn)))
	}
	m.known = remember(set)
	m.temperature = temperature(trials)
	m.gate = learnGate(trials, m.temperature, usualGate, perDoubling*doublings)
	report.Features = len(m.vocabulary.idf)
	report.LinearAccuracy = accuracy(trials)
	report.Accuracy = report.LinearAccuracy
	report.Judged = set.judged(trials, m.temperature, m.gate)
	if c.passes == 0 {
		return m, report, nil
	}
	e, err := c.teach(all, c.nets, uint64(len(plan)))
	if err != nil {
		return nil, report, err
	}
	if x := learnMix(e, trials, perDoublingMixed*doublings, c.gain()); x != nil {
		m.mixed = x
		report.Mixed = true
		trials = x.joined(trials)
		report.Accuracy = accuracy(trials)
		report.Judged = set.judged(trials, 1, x.gate)
	}
	return m, report, nil
}

// set is a training set made ready.
type set struct {
	names   []string
	texts   [][]counted
	tokens  [][]token
	label   []int
	called  []feature // the texts' names
	given   []int     // the place among the examples that were given
	outside []said    // texts that mean none of the intents
}

// said is a text made ready.
type said struct {
	features []counted
	tokens   []token
	own      bool // of the outside: people said so
}

func gather(examples []Example) (*set, Report, error) {
	const op = "train intents"
	var r Report
	if len(examples) > MaxExamples {
		return nil, r, desk.InvalidField(op, "examples", "there are more than 500,000 examples")
	}
	s := &set{}
	numbers := make(map[string]int)
	counts := make(map[string]int)
	first := make(map[string]int)
	for i, e := range examples {
		if e.Intent == "" {
			return nil, r, desk.InvalidField(op, "examples", fmt.Sprintf("example %d has no intent", i+1))
		}
		tokens := tokenize(e.Text)
		f := extract(tokens)
		if len(f) == 0 {
			r.Skipped++
			continue
		}
		n, ok := numbers[e.Intent]
		if !ok {
			n = len(s.names)
			numbers[e.Intent] = n
			s.names = append(s.names, e.Intent)
		}
		key := strings.TrimSpace(e.Text)
		if before, ok := first[key]; ok && before != n {
			r.Contradictions++
		} else {
			first[key] = n
		}
		counts[e.Intent]++
		s.texts = append(s.texts, f)
		s.tokens = append(s.tokens, tokens)
		s.label = append(s.label, n)
		s.called = append(s.called, nameOf(tokens))
		s.given = append(s.given, i)
	}
	if len(s.names) < 2 {
		return nil, r, desk.InvalidField(op, "examples", "there must be examples of at least two intents")
	}
	if len(s.names) > MaxIntents {
		return nil, r, desk.InvalidField(op, "examples", "there are more than 20,000 intents")
	}
	for name, n := range counts {
		if n < 5 {
			r.Thin = append(r.Thin, name)
		}
	}
	slices.Sort(r.Thin)
	r.Examples, r.Intents = len(s.texts), len(s.names)
	return s, r, nil
}

// fold is one way to judge: learn from some, try others. Of a few intents none
// is learned; their examples are the strangers, together with some of the texts
// from outside (far), of which the others (outside) are learned from.
type fold struct{ learn, known, strange, outside, far []int }

// whole is all there is to learn from.
func whole(s *set) (f fold) {
	for i := range s.texts {
		f.learn = append(f.learn, i)
	}
	for i := range s.outside {
		f.outside = append(f.outside, i)
	}
	return f
}

const (
	foldsOfMany  = 3
	foldsOfFew   = 5 // of fewer examples each is dearer, and the work is less
	fewExamples  = 3_000
	foldAtMost   = 9_000     // examples to learn from in a fold: judging should not take longer than learning
	judgedAtMost = 2_000_000 // margins: a judged example has one for each intent
	strangeEach  = 5         // every fifth intent is left out of a fold; of fewer than ten, one, as long as three stay
)

func folds(s *set, seed uint64) []fold {
	count := foldsOfMany
	// With no more intents than folds none could be left out, and the gate would
	// never meet a stranger.
	if len(s.texts) < fewExamples && len(s.names) > foldsOfFew {
		count = foldsOfFew
	}
	if len(s.texts) < 2*count || len(s.texts) < 2*len(s.names) && len(s.names) > 200 {
		return nil
	}
	rng := draw(seed + 1)
	order := shuffled(len(s.texts), &rng)
	rank := make([]int, len(s.names))
	for place, c := range shuffled(len(s.names), &rng) {
		rank[c] = place
	}
	seen := make([]int, len(s.names)) // so that every intent is spread over the folds
	place := make([]int, len(s.texts))
	first := make(map[feature]int, len(s.texts)) // a text stands in one fold, or it would have been seen
	for _, i := range order {
		at, ok := first[s.called[i]]
		if !ok {
			at = (seen[s.label[i]] + rank[s.label[i]]) % count
			seen[s.label[i]]++
			first[s.called[i]] = at
		}
		place[i] = at
	}
	out := make([]fold, count)
	most := fewTrials + judgedAtMost/len(s.names)/count
	for f := range out {
		for _, i := range order {
			left := rank[s.label[i]]%strangeEach == f
			if len(s.names) < 2*strangeEach {
				left = rank[s.label[i]] == f && len(s.names) > count
			}
			switch {
			case place[i] == f && left && len(out[f].strange) < most:
				out[f].strange = append(out[f].strange, i)
			case place[i] == f && !left && len(out[f].known) < most:
				out[f].known = append(out[f].known, i)
			case left || place[i] == f:
			case len(out[f].learn) < foldAtMost:
				out[f].learn = append(out[f].learn, i)
			}
		}
	}
	for i := range s.outside {
		for f := range out {
			if i%count == f {
				out[f].far = append(out[f].far, i)
			} else {
				out[f].outside = append(out[f].outside, i)
			}
		}
	}
	return out
}

func shuffled(n int, rng *draw) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	for i := range out {
		j := i + rng.below(n-i)
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// manyIntents is from where on an intent is no longer told from everything
// else but from what resembles it.
const (
	manyIntents = 400
	nearAll     = 600_000 // rows to tell from, over all intents
	nearLeast   = 100
	farPart     = 5 // one row drawn at random for each five that are near
)

// fit learns vocabulary, lines and centres from some of the examples, and what
// lies outside of all of them.
func fit(s *set, f fold, seed uint64, tick func() error) (*Model, error) {
	from := f.learn
	texts := make([][]counted, len(from), len(from)+len(f.outside))
	each := make([]int, len(s.names))
	for i, at := range from {
		texts[i] = s.texts[at]
		each[s.label[at]]++
	}
	v := learn(texts, func(i int) bool { return each[s.label[from[i]]] < fewOfOne })
	for _, at := range f.outside { // what only strangers say is as unknown as what nobody says
		texts = append(texts, s.outside[at].features)
	}
	rows := make([]vector, len(texts))
	own := make([][]int32, len(s.names))
	for i := range texts {
		rows[i], _ = v.vectorize(texts[i])
	}
	for i, at := range from {
		own[s.label[at]] = append(own[s.label[at]], int32(i))
	}
	inside := rows[:len(from)]
	b := newBuilder(s.names, v)
	everything := make([]int32, len(v.idf))
	for at := range everything {
		everything[at] = int32(at)
	}
	var near *neighbours
	if len(s.names) > manyIntents {
		near = newNeighbours(inside, len(v.idf), max(nearLeast, nearAll/len(s.names)))
	}
	is := make([]bool, len(rows))
	for c := range s.names {
		if err := tick(); err != nil {
			return nil, err
		}
		if len(own[c]) == 0 {
			continue // left out of this fold
		}
		centre := centreOf(rows, own[c])
		if near == nil {
			for _, i := range own[c] {
				is[i] = true
			}
			b.line(c, everything, separate(inside, is[:len(from)], len(v.idf), svmCost, svmBoost, seed+uint64(c)), centre)
			for _, i := range own[c] {
				is[i] = false
			}
			continue
		}
		chosen, mine := near.choose(centre, own[c], seed+uint64(c))
		chosen, features := near.compact(chosen)
		b.line(c, features, separate(chosen, mine, len(features), svmCost, svmBoost, seed+uint64(c)), centre)
	}
	if len(f.outside) > 0 {
		for i := range f.outside {
			is[len(from)+i] = true
		}
		b.m.outer = packLine(separate(rows, is, len(v.idf), svmCost, svmBoost, seed+uint64(len(s.names))))
	}
	return b.model(), nil
}

// centreOf is the mean direction of an intent's examples.
func centreOf(rows []vector, own []int32) map[int32]float32 {
	sum := make(map[int32]float32)
	for _, i := range own {
		for k, at := range rows[i].at {
			sum[at] += rows[i].w[k]
		}
	}
	square := 0.0
	for _, at := range sortedKeys(sum) {
		square += float64(sum[at]) * float64(sum[at])
	}
	scale := float32(1 / math.Sqrt(max(square, 1e-12)))
	for at := range sum {
		sum[at] *= scale
	}
	return sum
}

func sortedKeys(m map[int32]float32) []int32 {
	out := make([]int32, 0, len(m))
	for at := range m {
		out = append(out, at)
	}
	slices.Sort(out)
	return out
}
