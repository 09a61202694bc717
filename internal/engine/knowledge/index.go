package knowledge

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/platform/text"
)

// Index knows the entries it was trained on. It is safe for concurrent use.
type Index struct {
	names []string
	from  []int32 // the ways of entry e are from[e] up to from[e+1]
	terms map[term]int32
	ids   []term
	kind  []float32 // the weight of a term's kind
	start []int32   // the ways with term t are way[start[t]:start[t+1]], ascending
	way   []int32
	often []uint8 // how often the term is in that way

	slots []int32 // the number a way was given under

	synonyms *synonyms
	groups   [][]string // of synonyms, as given
	model    *nlu.Model // nil of one entry or too many
	full     weights    // of looks and signs
	plain    weights    // where the model is left out

	// What follows is worked out of the above.
	owner      []int32 // the entry of a way
	worth      []worth // what finding a term in a way is worth, as way
	idf        []float32
	entryStart []int32 // the entries with term t are entry[entryStart[t]:entryStart[t+1]]
	entry      []int32
	entryWays  []int32   // and in how many of their ways it is
	line       []int32   // of an entry in the model, −1 without
	mass       []float32 // of a way: the BM25 of finding all its terms
	typical    []float32 // of an entry: how near its ways are to each other
	content    []float32 // of a term: how much it speaks against an entry that lacks it
	absent     []float32 // as entry: what the lack of the term says
	lacking    []float32 // of an entry: the sum of that over its terms
	marks      [][]mark  // of an entry: the terms whose lack says most
	scratch    *sync.Pool
}

// BM25's usual saturation, and little of its length penalty: ways of asking
// are about equally long.
const (
	saturation = 1.2
	lengthPart = 0.5
)

// built is a way of asking made ready.
type built struct {
	entry int32
	terms []counted
}

// worth is a posting's part of its way's cosine and BM25.
type worth struct{ cosine, bm25 float32 }

// newIndex makes lists of ways, which lie by entry.
func newIndex(names []string, ways []built) *Index {
	x := &Index{names: names, terms: make(map[term]int32), from: make([]int32, len(names)+1), full: usual(), plain: usual()}
	var lists [][]int32
	var often [][]uint8
	for w, b := range ways {
		x.from[b.entry+1]++
		for _, c := range b.terms {
			t, ok := x.terms[c.id]
			if !ok {
				t = int32(len(x.ids)) //nolint:gosec // bounded by the entries' bound
				x.terms[c.id] = t
				x.ids, x.kind = append(x.ids, c.id), append(x.kind, c.weight)
				lists, often = append(lists, nil), append(often, nil)
			}
			lists[t] = append(lists[t], int32(w)) //nolint:gosec // as above
			often[t] = append(often[t], uint8(min(c.n, 255)))
		}
	}
	for e := range names {
		x.from[e+1] += x.from[e]
	}
	x.start = make([]int32, len(lists)+1)
	for t, l := range lists {
		x.way, x.often = append(x.way, l...), append(x.often, often[t]...)
		x.start[t+1] = int32(len(x.way)) //nolint:gosec // as above
	}
	x.finish()
	return x
}

// finish works out what is not stored.
func (x *Index) finish() {
	ways := int(x.from[len(x.names)])
	x.owner = make([]int32, ways)
	length, norm := make([]float32, ways), make([]float32, ways)
	for e := range x.names {
		for w := x.from[e]; w < x.from[e+1]; w++ {
			x.owner[w] = int32(e)
		}
	}
	x.idf = make([]float32, len(x.ids))
	x.entryStart = make([]int32, len(x.ids)+1)
	for t := range x.ids {
		list := x.way[x.start[t]:x.start[t+1]]
		x.idf[t] = float32(idf(ways, len(list))) * x.kind[t]
		for i, w := range list {
			n := x.often[int(x.start[t])+i]
			length[w] += float32(n)
			v := x.vectorWeight(int32(t), n)
			norm[w] += v * v
			if last := len(x.entry) - 1; last >= int(x.entryStart[t]) && x.entry[last] == x.owner[w] {
				x.entryWays[last]++
				continue
			}
			x.entry, x.entryWays = append(x.entry, x.owner[w]), append(x.entryWays, 1)
		}
		x.entryStart[t+1] = int32(len(x.entry)) //nolint:gosec // bounded
	}
	total := float32(0)
	for w := range ways {
		norm[w] = float32(math.Sqrt(float64(norm[w])))
		total += length[w]
	}
	mean := max(total/float32(max(ways, 1)), 1)
	x.worth = make([]worth, len(x.way))
	for t := range x.ids {
		for j := x.start[t]; j < x.start[t+1]; j++ {
			w, tf := x.way[j], float32(x.often[j])
			x.worth[j] = worth{
				x.vectorWeight(int32(t), x.often[j]) / max(norm[w], 1e-9),
				x.idf[t] * tf * (saturation + 1) / (tf + saturation*(1-lengthPart+lengthPart*length[w]/mean)),
			}
		}
	}
	x.measure()
	x.weighTerms()
	x.line = make([]int32, len(x.names))
	for e := range x.line {
		x.line[e] = -1
	}
	if x.model != nil {
		x.align()
	}
	x.scratch = &sync.Pool{New: func() any {
		return &scratch{cosine: make([]float32, ways), bm25: make([]float32, ways), best: make([]float32, len(x.names))}
	}}
}

// align finds the entries' lines.
func (x *Index) align() {
	at := make(map[string]int32, len(x.names))
	for i, name := range x.model.Intents() {
		at[name] = int32(i)
	}
	for e, name := range x.names {
		if i, ok := at[name]; ok {
			x.line[e] = i
		}
	}
}

func (x *Index) vectorWeight(t int32, n uint8) float32 {
	if n == 1 {
		return x.idf[t]
	}
	return x.idf[t] * float32(1+math.Log(float64(n)))
}

// scratch is what a search writes in; all 0 between searches.
type scratch struct {
	cosine, bm25 []float32 // by way
	best         []float32 // by entry
	ways         []int32   // touched
	entries      []int32   // touched
	margins      []float64
}

func (s *scratch) clear() {
	for _, w := range s.ways {
		s.cosine[w], s.bm25[w] = 0, 0
	}
	for _, e := range s.entries {
		s.best[e] = 0
	}
	s.ways, s.entries, s.margins = s.ways[:0], s.entries[:0], s.margins[:0]
}

// question is a question made ready.
type question struct {
	text    string // for the model
	terms   []counted
	known   []int32 // its terms' numbers, the rarest first
	n       []uint8
	norm    float32 // of its vector, what is unknown included
	all     float32 // the sum of idf: the BM25 of a usual way with all its terms
	unknown float32 // the part of that which no way has
	// strangest is the weight of the rarest whole term that no way has.
	strangest float32
	// strange is how many characters and words no way has.
	strange float64
	// numbers are those of known, ascending.
	numbers []int32
}

func (x *Index) ask(s string) question {
	spots := x.synonyms.apply(text.Spots(s))
	spots = spots[:min(len(spots), maxQuestion)]
	return x.prepare(write(spots), terms(tokenize(spots, maxQuestion)))
}

func (x *Index) prepare(s string, all []counted) question {
	q := question{text: s, terms: all}
	strange := float32(idf(len(x.owner), 0))
	square := float32(0)
	for _, c := range all {
		t, ok := x.terms[c.id]
		n := uint8(min(c.n, 255)) //nolint:gosec // just bounded
		if !ok {
			w := strange * c.weight
			q.all += w
			q.unknown += w
			if c.whole {
				q.strange++
			}
			if c.weight >= 1 {
				q.strangest = max(q.strangest, w)
			}
			square += w * w
			continue
		}
		q.all += x.idf[t]
		v := x.vectorWeight(t, n)
		square += v * v
		q.known = append(q.known, t)
	}
	slices.SortFunc(q.known, func(a, b int32) int { return cmp.Or(cmp.Compare(x.many(a), x.many(b)), cmp.Compare(a, b)) })
	for _, t := range q.known {
		for _, c := range all {
			if c.id == x.ids[t] {
				q.n = append(q.n, uint8(min(c.n, 255))) //nolint:gosec // just bounded
				break
			}
		}
	}
	q.norm = float32(math.Sqrt(float64(square)))
	q.numbers = slices.Sorted(slices.Values(q.known))
	return q
}

func (x *Index) many(t int32) int { return int(x.start[t+1] - x.start[t]) }

// walked bounds how much of the lists a search walks. Only what is in very
// many ways is left out, and that tells little.
const walked = 60_000

// gather fills the scratch with the likeness of every way.
func (x *Index) gather(q question, s *scratch) {
	left := walked
	for i, t := range q.known {
		from, to := x.start[t], x.start[t+1]
		if left -= int(to - from); left < 0 && i > 0 {
			break
		}
		qv := x.vectorWeight(t, q.n[i])
		values := x.worth[from:to]
		for j, w := range x.way[from:to] {
			if s.cosine[w] == 0 {
				s.ways = append(s.ways, w)
			}
			s.cosine[w] += qv * values[j].cosine
			s.bm25[w] += values[j].bm25
		}
	}
	byNorm, byIdeal := 1/max(q.norm, 1e-9), 1/max(q.all, 1e-9)
	for _, w := range s.ways {
		s.cosine[w] *= byNorm
		s.bm25[w] *= byIdeal
		e := x.owner[w]
		if s.best[e] == 0 {
			s.entries = append(s.entries, e)
		}
		s.best[e] = max(s.best[e], s.cosine[w]+s.bm25[w])
	}
}
