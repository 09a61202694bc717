package knowledge

import (
	_ "embed" // the strangers
	"fmt"
	"math"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/platform/text"
)

// elsewhere are questions that hardly any company's knowledge answers, small
// talk among them. They teach the gate what lies far away; those that resemble
// an entry are left out.
//
//go:embed strangers.txt
var elsewhere string

const tooNear = 0.5

// Entry is something that answers questions: an FAQ and its ways of asking, or
// a piece of an article and its heading.
type Entry struct {
	ID   string
	Ways []string
}

// Options tune a training. The zero value is the shipped default.
type Options struct {
	// Synonyms are groups of words that mean the same.
	Synonyms [][]string
	// Outside are questions that none of the entries answers; a few dozen make
	// the gate better, none is fine.
	Outside []string
	// Seed makes another training of the same entries; 0 is the usual one.
	Seed uint64
}

// The bounds of a training.
const (
	MaxEntries  = 100_000
	MaxWays     = 500_000
	maxPieces   = 60_000_000 // terms over all ways
	maxIDBytes  = 256
	linesAtMost = nlu.MaxIntents // entries that are told apart by lines too
)

// Progress is where a training is.
type Progress struct {
	// Done of Total rounds; they take about equally long.
	Done, Total int
}

// Report tells what a training saw.
type Report struct {
	Entries, Ways int
	// Skipped ways have no text that counts.
	Skipped int
	// Contradictions are ways that stand under more than one entry.
	Contradictions int
	// Thin are entries with fewer than 3 ways, in alphabetical order.
	Thin []string
	// Judged is how many ways were asked that had been kept back, Top1 and
	// Top3 the part that was found, CoverageAt90 and PrecisionAt90 what would
	// have been answered with a confidence of 0.9, and how much of that rightly.
	Judged                                  int
	Top1, Top3, CoverageAt90, PrecisionAt90 float64
}

// Train makes an Index. step is called before each round and many times
// within it, and may be nil; false ends the training with Unavailable. No entry with a text is Invalid.
func Train(entries []Entry, o Options, step func(Progress) bool) (*Index, Report, error) {
	const op = "train knowledge"
	syn, err := newSynonyms(o.Synonyms)
	if err != nil {
		return nil, Report{}, err
	}
	set, report, err := collect(entries, syn)
	if err != nil {
		return nil, report, err
	}
	plan := set.folds(o.Seed)
	now := Progress{Total: len(plan) + 1}
	alive := func() bool { return step == nil || step(now) }
	cancelled := desk.E(desk.Unavailable, op, "the training was cancelled")
	var trials []trial
	for _, f := range plan {
		if !alive() {
			return nil, report, cancelled
		}
		x, err := set.fit(f.learn, o.Seed, alive)
		if err != nil {
			return nil, report, err
		}
		trials = append(trials, x.try(set, f)...)
		now.Done++
	}
	if !alive() {
		return nil, report, cancelled
	}
	x, err := set.fit(nil, o.Seed, alive)
	if err != nil {
		return nil, report, err
	}
	x.synonyms, x.groups, x.slots = syn, o.Synonyms, set.slots
	for _, s := range o.Outside {
		if q := x.ask(s); len(q.terms) > 0 {
			trials = append(trials, trial{q, x.candidates(q, Query{}), far})
		}
	}
	for _, s := range set.scraps(o.Seed) {
		q := x.ask(s)
		if found := x.candidates(q, Query{}); len(found) > 0 {
			trials = append(trials, trial{q, found, scrap})
		}
	}
	for s := range strings.Lines(elsewhere) {
		q := x.ask(s)
		t := trial{q, x.candidates(q, Query{}), far}
		if len(t.found) > 0 && !slices.ContainsFunc(t.found, func(c candidate) bool { return c.looks[lookCosine] > tooNear }) {
			trials = append(trials, t)
		}
	}
	more := set.more(plan)
	x.full = calibrate(trials, more)
	if known := len(trials) - strangers(trials); known >= fewTrials {
		x.tell(trials, &report)
	}
	x.plain = calibrate(withoutLines(trials), more)
	return x, report, nil
}

// set is what is to be learned, made ready.
type set struct {
	names []string
	ways  []built
	texts []string
	rows  [][]int32 // of each entry
	slots []int32   // the number a way was given under
}

func collect(entries []Entry, syn *synonyms) (*set, Report, error) {
	const op = "train knowledge"
	var r Report
	if len(entries) > MaxEntries {
		return nil, r, desk.InvalidField(op, "entries", "there are more than 100,000 entries")
	}
	s := &set{}
	ids, first, pieces := make(map[string]bool, len(entries)), make(map[string]int), 0
	for i, e := range entries {
		if e.ID == "" || len(e.ID) > maxIDBytes || ids[e.ID] {
			return nil, r, desk.InvalidField(op, "entries", fmt.Sprintf("entry %d has no id, one that is too long, or one that was there before", i+1))
		}
		ids[e.ID] = true
		n := len(s.names)
		var rows []int32
		for slot, way := range e.Ways {
			spots := syn.apply(text.Spots(way))
			spots = spots[:min(len(spots), maxWay)]
			list := terms(tokenize(spots, maxWay))
			if len(list) == 0 {
				r.Skipped++
				continue
			}
			whole := write(spots)
			if before, ok := first[whole]; ok && before != n {
				r.Contradictions++
			} else {
				first[whole] = n
			}
			rows = append(rows, int32(len(s.ways)))                                         //nolint:gosec // bounded below
			s.ways, s.texts = append(s.ways, built{int32(n), list}), append(s.texts, whole) //nolint:gosec // bounded above
			s.slots = append(s.slots, int32(slot))
			if pieces += len(list); len(s.ways) > MaxWays || pieces > maxPieces {
				return nil, r, desk.InvalidField(op, "entries", "there are more than 500,000 ways of asking, or they are too long")
			}
		}
		if len(rows) == 0 {
			continue
		}
		if len(rows) < 3 {
			r.Thin = append(r.Thin, e.ID)
		}
		s.names, s.rows = append(s.names, e.ID), append(s.rows, rows)
	}
	if len(s.names) == 0 {
		return nil, r, desk.InvalidField(op, "entries", "there is no entry with a text")
	}
	slices.Sort(r.Thin)
	r.Entries, r.Ways = len(s.names), len(s.ways)
	return s, r, nil
}

// fold is one way to judge: learn from some, ask others. Of a few entries
// nothing is learned; their ways are questions without an answer.
type fold struct {
	learn          []bool // by way
	known, strange []int32
}

const (
	foldCount    = 10
	foldsOfSome  = 5 // with more ways
	some         = 5_000
	foldsOfMany  = 2 // with many ways, where each round takes long and two judge enough
	many         = 20_000
	judgedAtMost = 6_000 // questions over all folds
	strangeEach  = 10    // every tenth entry is left out of a fold
)

func (s *set) folds(seed uint64) []fold {
	if len(s.names) < 5 || len(s.ways) < len(s.names)+10 {
		return nil
	}
	count := foldCount
	switch {
	case len(s.ways) > many:
		count = foldsOfMany
	case len(s.ways) > some || len(s.ways) < foldCount*len(s.names):
		// With few ways each, as many folds as most entries have: else a question's
		// own entry lacks a way and its rivals do not.
		count = foldsOfSome
	}
	rng := draw(seed + 1)
	rank := rng.shuffled(len(s.names))
	out := make([]fold, count)
	for f := range out {
		out[f].learn = make([]bool, len(s.ways))
	}
	place := make([]int, len(s.ways))
	for e, rows := range s.rows {
		for i, at := range rng.shuffled(len(rows)) {
			place[rows[i]] = (at + rank[e]) % max(count, foldsOfSome)
		}
	}
	for _, w := range rng.shuffled(len(s.ways)) {
		e := s.ways[w].entry
		for f := range out {
			left := rank[e]%strangeEach == f || len(s.names) < strangeEach && rank[e] == f
			switch back := place[w] == f; {
			case left && len(out[f].strange) < judgedAtMost/count:
				out[f].strange = append(out[f].strange, int32(w)) //nolint:gosec // bounded
			case back && !left && len(s.rows[e]) > 1 && len(out[f].known) < judgedAtMost/count:
				out[f].known = append(out[f].known, int32(w)) //nolint:gosec // bounded
			case !left:
				out[f].learn[w] = true
			}
		}
	}
	return out
}

// more is how many times as many ways there are as a fold learns from.
func (s *set) more(plan []fold) float64 {
	back := 0
	for _, f := range plan {
		back += len(f.known)
	}
	if len(plan) == 0 {
		return 1
	}
	return 1 / (1 - min(float64(back)/float64(len(plan)*len(s.ways)), 0.5))
}

// fit makes an index of some ways, nil being all.
func (s *set) fit(learn []bool, seed uint64, alive func() bool) (*Index, error) {
	var ways []built
	var examples []nlu.Example
	for w := range s.ways {
		if learn == nil || learn[w] {
			ways = append(ways, s.ways[w])
			examples = append(examples, nlu.Example{Intent: s.names[s.ways[w].entry], Text: s.texts[w]})
		}
	}
	x := newIndex(s.names, ways)
	distinct := 0
	for e := range s.names {
		if x.from[e+1] > x.from[e] {
			distinct++
		}
	}
	if distinct > 1 && distinct <= linesAtMost {
		m, _, err := nlu.Train(examples, nlu.Options{Seed: seed, Unjudged: true}, func(nlu.Progress) bool { return alive() })
		if err != nil {
			return nil, err
		}
		x.model = m
		x.align()
	}
	return x, nil
}

// trial is a question that was kept back, and what an index found that had
// not seen it. truth is below 0 of a question without an answer.
type trial struct {
	question question
	found    []candidate
	truth    int32
}

const (
	near = -1 // an entry's question that was kept back with its entry
	far  = -2 // a question from elsewhere
	// scrap is a word or two that stand in several entries' ways: no question.
	scrap = -3
)

func (x *Index) try(s *set, f fold) (out []trial) {
	for _, list := range [][]int32{f.known, f.strange} {
		for _, w := range list {
			q := x.prepare(s.texts[w], s.ways[w].terms)
			t := trial{q, x.candidates(q, Query{}), s.ways[w].entry}
			if x.from[t.truth+1] == x.from[t.truth] {
				t.truth = near
			}
			if len(t.found) > 0 {
				out = append(out, t)
			}
		}
	}
	return out
}

// fewTrials are too few to learn weights from. Strangers count for so much of
// all that is judged, however many there are. The penalties hold weights near
// the usual ones.
const (
	fewTrials   = 40
	nearPart    = 0.01
	farPart     = 0.005
	scrapPart   = 0.01
	rankPenalty = 1
	gatePenalty = 1
	// gainOfDouble is by how much the odds of being right grow (in logarithms)
	// when there are twice as many ways of asking. The index knows all ways,
	// those it was judged by knew a part.
	gainOfDouble = 0.6
)

func strangers(trials []trial) (n int) {
	for _, t := range trials {
		if t.truth < 0 {
			n++
		}
	}
	return n
}

// withoutLines are the trials as they look without the model.
func withoutLines(trials []trial) []trial {
	out := make([]trial, len(trials))
	for i, t := range trials {
		t.found = slices.Clone(t.found)
		for j := range t.found {
			t.found[j].looks[lookMargin] = 2*t.found[j].looks[lookCosine] - 1
		}
		out[i] = t
	}
	return out
}

// calibrate learns how much each look and sign counts, and leaves the trials
// in their order.
func calibrate(trials []trial, more float64) weights {
	w := usual()
	var choices []choice
	var known float64
	strange := make(map[int32]float64)
	for _, t := range trials {
		if t.truth < 0 {
			strange[t.truth]++
			continue
		}
		known++
		c := choice{weight: 1, right: -1}
		for i := range t.found {
			if t.found[i].entry == t.truth {
				c.right = i
			}
			c.looks = append(c.looks, t.found[i].looks[:])
		}
		if c.right >= 0 && len(c.looks) > 1 {
			choices = append(choices, c)
		}
	}
	if known < fewTrials {
		for _, t := range trials {
			w.order(t.found)
		}
		return w
	}
	w.rank = learn(choices, w.rank, rankPenalty)
	choices = choices[:0]
	nothing := make([]float64, signCount)
	for _, t := range trials {
		w.order(t.found)
		c := choice{looks: [][]float64{t.question.signs(t.found), nothing}, weight: 1, right: 1}
		if t.truth < 0 {
			c.weight = nearPart * known / strange[t.truth]
			switch t.truth {
			case far:
				c.weight = farPart * known / strange[t.truth]
			case scrap:
				c.weight = scrapPart * known / strange[t.truth]
			}
		} else if t.found[0].entry == t.truth {
			c.right = 0
		}
		choices = append(choices, c)
	}
	w.gate = learn(choices, w.gate, gatePenalty)
	w.gate[signOne] += gainOfDouble * math.Log2(more)
	return w.learnHome(trials)
}

// tell fills in what the trials say of the index.
func (x *Index) tell(trials []trial, r *Report) {
	var first, third, given, right float64
	for _, t := range trials {
		if t.truth < 0 {
			continue
		}
		r.Judged++
		at := slices.IndexFunc(t.found, func(c candidate) bool { return c.entry == t.truth })
		if at == 0 {
			first++
		}
		if at >= 0 && at < 3 {
			third++
		}
		if x.full.confidence(t.question.signs(t.found)) >= 0.9 {
			given++
			if at == 0 {
				right++
			}
		}
	}
	n := float64(r.Judged)
	r.Top1, r.Top3, r.CoverageAt90, r.PrecisionAt90 = first/n, third/n, given/n, right/max(given, 1)
}

// draw is a small deterministic source of randomness (SplitMix64).
type draw uint64

func (d *draw) below(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n)) //nolint:gosec // n is a length
}

func (d *draw) shuffled(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	for i := range out {
		j := i + d.below(n-i)
		out[i], out[j] = out[j], out[i]
	}
	return out
}
