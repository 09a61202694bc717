package knowledge

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// looks are what a candidate is ranked by.
const (
	lookCosine  = iota // to the nearest way
	lookThree          // mean of the three nearest
	lookBM25           // of the best way, as a part of the best possible
	lookMargin         // the side of the entry's line
	lookLikely         // how much likelier the question's terms are here than anywhere
	lookCovered        // the part of the question that is in any of the ways
	lookAgainst        // of lookLikely, what speaks against
	lookWays           // log of how many ways there are
	lookCount
)

// signs are what the gate looks at.
const (
	signOne = iota
	signOdds
	signLead
	signCosine
	signBM25
	signMargin
	signCovered
	signUnknown
	signLength
	signThree
	signSame
	signLikely
	signAgainst
	signWays
	signExact
	signMissing // the rarest of the question's terms that the entry lacks
	signWay     // the part of the nearest way that is in the question
	signTypical // how much nearer the question is than the entry's ways are to each other
	signAhead   // the lead of the line over all other candidates'
	signCosineSquared
	signCoveredSquared
	signMarginSquared
	signDoubt      // what the terms that the entry lacks say against it
	signDoubtMost  // the strongest of them
	signAbsent     // what the entry's terms that the question lacks say against it
	signAbsentMost // the strongest of them
	signSwap       // both: one thing is asked for in the place of another
	signStrange    // how many characters and words no way has
	signCount
)

// usualRank and usualGate serve where there is too little to learn them from,
// and what is learned is held near them. They were learned from five public
// sets with one, two and four ways of asking each.
var (
	usualRank = [lookCount]float64{-4.4, -0.3, 0.9, 6.3, 1.1, -2.2, -1.7, 0}
	usualGate = [signCount]float64{1.5, 0, 0.4, -0.5, -1.1, 3.2, -1.2, -1.6, 0, -1.8, 0, 0.3, -0.3, -0.1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
)

func usual() weights {
	return weights{usualRank[:], usualGate[:], make([]float64, signCount), noBar}
}

// noBar lets everything pass.
const noBar = -1e6

// The candidates that are looked at closely, by each of the two views.
const (
	nearMost = 20
	lineMost = 8
)

// candidate is an entry that may be the answer.
type candidate struct {
	entry, way int32
	looks      [lookCount]float64
	p          float64
	// What only the gate looks at.
	missing, nearest, typical float64
	doubt, doubtMost          float64
	absent, absentMost        float64
}

// candidates lists what may answer, in the order of the entries.
func (x *Index) candidates(q question, k Query) []candidate {
	s, _ := x.scratch.Get().(*scratch)
	defer func() {
		s.clear()
		x.scratch.Put(s)
	}()
	x.gather(q, s)
	chosen := top(s.entries, nearMost, func(e int32) float64 { return float64(s.best[e]) })
	if x.model != nil && len(q.terms) > 0 && !k.Plain {
		s.margins = x.model.Margins(q.text, s.margins)
		lines := make([]int32, 0, len(x.names))
		for e := range x.line {
			if x.line[e] >= 0 {
				lines = append(lines, int32(e))
			}
		}
		chosen = append(chosen, top(lines, lineMost, func(e int32) float64 { return s.margins[x.line[e]] })...)
	}
	slices.Sort(chosen)
	chosen = slices.Compact(chosen)
	if k.Keep != nil {
		chosen = slices.DeleteFunc(chosen, func(e int32) bool { return !k.Keep(x.names[e]) })
	}
	out := make([]candidate, 0, len(chosen))
	for _, e := range chosen {
		if s.best[e] > 0 {
			out = append(out, x.look(q, s, e))
		}
	}
	return out
}

// top returns the n of highest score, in no order that matters.
func top(all []int32, n int, score func(int32) float64) []int32 {
	heap := make([]int32, 0, n)
	less := func(a, b int32) bool { // a goes before b is dropped
		sa, sb := score(a), score(b)
		return sa < sb || sa == sb && a > b
	}
	for _, e := range all {
		if len(heap) == n && !less(heap[0], e) {
			continue
		}
		if len(heap) < n {
			heap = append(heap, e)
			for i := len(heap) - 1; i > 0 && less(heap[i], heap[(i-1)/2]); i = (i - 1) / 2 {
				heap[i], heap[(i-1)/2] = heap[(i-1)/2], heap[i]
			}
			continue
		}
		heap[0] = e
		for i := 0; ; {
			c := 2*i + 1
			if c >= n {
				break
			}
			if c+1 < n && less(heap[c+1], heap[c]) {
				c++
			}
			if !less(heap[c], heap[i]) {
				break
			}
			heap[c], heap[i] = heap[i], heap[c]
			i = c
		}
	}
	return heap
}

// smoothing is how many ways the language as a whole counts for, next to an
// entry's own.
const smoothing = 2

func (x *Index) look(q question, s *scratch, e int32) candidate {
	c := candidate{entry: e, way: -1}
	var three [3]float32
	best := float32(-1)
	for w := x.from[e]; w < x.from[e+1]; w++ {
		cosine := s.cosine[w]
		for i := range three {
			if cosine > three[i] {
				three[i], cosine = cosine, three[i]
			}
		}
		c.looks[lookBM25] = max(c.looks[lookBM25], float64(s.bm25[w]))
		if both := s.cosine[w] + s.bm25[w]; both > best {
			best, c.way = both, w
		}
	}
	c.looks[lookCosine], c.looks[lookThree] = float64(three[0]), float64(three[0]+three[1]+three[2])/3
	ways := float64(x.from[e+1] - x.from[e])
	c.looks[lookMargin] = 2*c.looks[lookCosine] - 1 // where there are no lines
	if x.line[e] >= 0 && len(s.margins) > 0 {
		if m := s.margins[x.line[e]]; !math.IsNaN(m) {
			c.looks[lookMargin] = min(max(m, -5), 5)
		}
	}
	missing := float64(q.strangest)
	c.absent = float64(x.lacking[e])
	for _, t := range q.known {
		entries := x.entry[x.entryStart[t]:x.entryStart[t+1]]
		i := sort.Search(len(entries), func(i int) bool { return entries[i] >= e })
		here := 0.0
		if i < len(entries) && entries[i] == e {
			here = float64(x.entryWays[int(x.entryStart[t])+i])
			c.looks[lookCovered] += float64(x.idf[t])
			c.absent -= float64(x.absent[int(x.entryStart[t])+i])
		} else {
			against := float64(x.content[t])
			c.doubt += against
			c.doubtMost = max(c.doubtMost, against)
			if x.kind[t] >= 1 {
				missing = max(missing, float64(x.idf[t]))
			}
		}
		usual := float64(x.many(t)) / float64(len(x.owner))
		likely := float64(x.kind[t]) * math.Log((here+smoothing*usual)/((ways+smoothing)*usual))
		c.looks[lookLikely] += likely
		c.looks[lookAgainst] += min(likely, 0)
	}
	c.looks[lookCovered] /= max(float64(q.all), 1e-9)
	c.looks[lookLikely] /= math.Sqrt(float64(1 + len(q.terms)))
	c.looks[lookAgainst] /= math.Sqrt(float64(1 + len(q.terms)))
	c.looks[lookWays] = math.Log(ways)
	c.doubt /= math.Sqrt(float64(1 + len(q.terms)))
	c.absentMost = x.firstLacking(q, e)
	c.missing = missing / idf(len(x.owner), 0)
	if mass := x.mass[c.way]; mass > 0 {
		c.nearest = min(float64(s.bm25[c.way]*q.all/mass), 2)
	}
	c.typical = float64(three[0] - x.typical[e])
	return c
}

// order gives the candidates their chances and puts the likeliest first.
func (w weights) order(all []candidate) {
	looks := make([][]float64, len(all))
	for i := range all {
		looks[i] = all[i].looks[:]
	}
	for i, p := range chances(looks, w.rank, nil) {
		all[i].p = p
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.entry, b.entry)) })
}

// preferLiteral puts the entry first in whose words alone the question is, whatever
// was learned from questions that were put in others.
func preferLiteral(all []candidate) {
	at := -1
	for i, c := range all {
		if c.looks[lookCosine] > exact {
			if at >= 0 {
				return
			}
			at = i
		}
	}
	if at < 0 {
		return
	}
	first := all[at]
	copy(all[1:at+1], all[:at])
	if rest := 1 - first.p; first.p < literal {
		for i := range all {
			all[i].p *= (1 - literal) / rest
		}
		first.p = literal
	}
	all[0] = first
}

// leadOfOne is the lead of a candidate without a rival, which says little.
const leadOfOne = 1

// exact is the cosine of what is alike but for rounding.
const exact = 0.9999

// signs of ordered candidates.
func (q question) signs(all []candidate) []float64 {
	s := make([]float64, signCount)
	if len(all) == 0 {
		return s
	}
	first := all[0]
	p := min(max(first.p, 1e-4), 0.9999)
	s[signOne], s[signOdds], s[signLead] = 1, math.Log(p/(1-p)), leadOfOne
	if len(all) > 1 {
		s[signLead] = min(math.Log(max(first.p, 1e-9)/max(all[1].p, 1e-9)), 5)
	}
	s[signCosine], s[signBM25], s[signMargin] = first.looks[lookCosine], first.looks[lookBM25], first.looks[lookMargin]
	s[signCovered], s[signThree] = first.looks[lookCovered], first.looks[lookThree]
	s[signLikely], s[signAgainst] = first.looks[lookLikely], first.looks[lookAgainst]
	s[signWays] = first.looks[lookWays]
	s[signUnknown], s[signLength] = float64(q.unknown/max(q.all, 1e-9)), math.Log(float64(1+len(q.terms)))
	s[signSame] = 1
	s[signMissing], s[signWay], s[signTypical] = first.missing, first.nearest, first.typical
	s[signDoubt], s[signDoubtMost] = first.doubt, first.doubtMost
	s[signAbsent], s[signAbsentMost] = first.absent, first.absentMost
	s[signStrange] = min(q.strange, 3)
	s[signSwap] = math.Sqrt(first.doubtMost * -first.absentMost)
	best := -5.0
	for _, c := range all[1:] {
		best = max(best, c.looks[lookMargin])
	}
	s[signAhead] = min(max(first.looks[lookMargin]-best, -2), 3)
	s[signCosineSquared], s[signCoveredSquared] = s[signCosine]*s[signCosine], s[signCovered]*s[signCovered]
	s[signMarginSquared] = min(s[signMargin]*s[signMargin], 4)
	if first.looks[lookCosine] > exact && !slices.ContainsFunc(all[1:], func(c candidate) bool { return c.looks[lookCosine] > exact }) {
		s[signExact] = 1 // an entry's own words, and no other's
	}
	for _, c := range all[1:] {
		if c.looks[lookCosine] > first.looks[lookCosine] || c.looks[lookMargin] > first.looks[lookMargin] {
			s[signSame] = 0
		}
	}
	return s
}

// Candidate is an entry that may be what a question is answered by.
type Candidate struct {
	ID string
	// P is how likely it is, taking for granted that one of the candidates is right.
	P float64
	// Way is the number of the way of asking that is nearest, from 0, counting
	// those without a text too.
	Way int
}

// Answer is what was found for a question.
type Answer struct {
	// Candidates are the likeliest entries, the likeliest first, at most as
	// many as were asked for; empty if nothing resembles the question.
	Candidates []Candidate
	// Confidence is the chance that the first candidate is right, questions
	// without an answer included. It stays below 0.9 where the question looks
	// like those whose own entry is missing, if not in an entry's very words.
	Confidence float64
}

// Query is a question to an index.
type Query struct {
	Text string
	// Limit is the most candidates that are wanted.
	Limit int
	// Plain leaves the lines out: what is found by words alone, faster and with a
	// confidence of its own.
	Plain bool
	// Keep, if set, tells which entries may answer.
	Keep func(id string) bool
}

// Search ranks the entries for a question, with at most limit candidates.
func (x *Index) Search(s string, limit int) Answer { return x.Ask(Query{Text: s, Limit: limit}) }

// SearchPlain is Search by words alone, for when there is more to do than time.
func (x *Index) SearchPlain(s string, limit int) Answer {
	return x.Ask(Query{Text: s, Limit: limit, Plain: true})
}

// Ask ranks the entries that may answer.
func (x *Index) Ask(k Query) Answer {
	q := x.ask(k.Text)
	all := x.candidates(q, k)
	if len(all) == 0 || k.Limit <= 0 {
		return Answer{}
	}
	w := x.full
	if k.Plain {
		w = x.plain
	}
	w.order(all)
	preferLiteral(all)
	a := Answer{Confidence: w.confidence(q.signs(all))}
	for _, c := range all[:min(k.Limit, len(all))] {
		a.Candidates = append(a.Candidates, Candidate{x.names[c.entry], c.p, int(x.slots[c.way])})
	}
	return a
}

// weights are how much looks and signs count: rank orders the candidates, gate
// says how sure the first is, home whether it is the question's own entry or
// a neighbour of one that is missing. Below bar it is taken for the latter.
type weights struct {
	rank, gate, home []float64
	bar              float64
}

const (
	// held is the confidence of what may be a neighbour's answer: just not enough
	// to be given without a person's look, and not shown as nine in ten.
	held = 0.89
	// literal is the least confidence of an entry that is asked for in its own
	// words and no other's, which hardly any trial shows: somebody said so.
	literal = 0.97
)

func (w weights) confidence(signs []float64) float64 {
	c := w.sure(signs)
	switch {
	case signs[signExact] == 1:
		return max(c, literal)
	case c > held && dot(signs, w.home) < w.bar:
		return held
	}
	return c
}

// sure is the confidence before it is asked whether the entry may be a neighbour.
func (w weights) sure(signs []float64) float64 { return 1 / (1 + math.Exp(-dot(signs, w.gate))) }

// Len is how many entries there are.
func (x *Index) Len() int { return len(x.names) }
