package knowledge

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// mark is a term that an entry's ways have in common, and what its lack says.
type mark struct {
	term int32
	says float32
}

const (
	marksMost = 8    // marks of an entry that are looked for in a question
	leastMark = -0.2 // what the lack of a mark says at least
	// usualEntries is how many entries a term's kin count for when it is
	// worked out how often it stands in one way of an entry only.
	usualEntries = 3
)

// weighTerms finds which terms entries are told apart by. A term that stands
// in one way of an entry stands in another of its ways as well if it names the
// matter, and does not if it is a manner of speaking: so a question's term
// that an entry lacks speaks against it the more, the rarer terms like it stand
// alone. Likewise a term that most of an entry's ways have is missed in a
// question.
func (x *Index) weighTerms() {
	x.content, x.absent = make([]float32, len(x.ids)), make([]float32, len(x.entry))
	x.lacking, x.marks = make([]float32, len(x.names)), make([][]mark, len(x.names))
	// The kin of a term are those that are in about as many ways.
	var aloneOf, allOf [32]float64
	kin := func(t int) int { return min(bits.Len(uint(x.many(int32(t)))), 31) } //nolint:gosec // a length
	for t := range x.ids {
		if x.kind[t] >= 1 {
			alone, all := x.alone(t)
			aloneOf[kin(t)] += alone
			allOf[kin(t)] += all
		}
	}
	for t := range x.ids {
		alone, all := x.alone(t)
		usually := (aloneOf[kin(t)] + 1) / (allOf[kin(t)] + 2)
		here := (alone + usualEntries*usually) / (all + usualEntries)
		elsewhere := 1 - float64(x.entryStart[t+1]-x.entryStart[t])/float64(len(x.names)+1)
		x.content[t] = x.kind[t] * float32(max(math.Log(elsewhere/here), 0))
		x.weighLack(t)
	}
	for e, list := range x.marks {
		slices.SortFunc(list, func(a, b mark) int { return cmp.Or(cmp.Compare(a.says, b.says), cmp.Compare(a.term, b.term)) })
		x.marks[e] = slices.Clone(list[:min(len(list), marksMost)])
	}
}

// alone counts in how many ways of entries with several a term stands, and how
// many of those are the only one of their entry.
func (x *Index) alone(t int) (alone, all float64) {
	for i := x.entryStart[t]; i < x.entryStart[t+1]; i++ {
		if e := x.entry[i]; x.from[e+1]-x.from[e] < 2 {
			continue
		}
		all += float64(x.entryWays[i])
		if x.entryWays[i] == 1 {
			alone++
		}
	}
	return alone, all
}

// weighLack works out what the lack of a term says against its entries.
func (x *Index) weighLack(t int) {
	usual := float64(x.many(int32(t))) / float64(len(x.owner)) //nolint:gosec // bounded
	for i := x.entryStart[t]; i < x.entryStart[t+1]; i++ {
		e := x.entry[i]
		here := (float64(x.entryWays[i]) + smoothing*usual) / (float64(x.from[e+1]-x.from[e]) + smoothing)
		says := x.kind[t] * float32(math.Log((1-min(here, 0.99))/(1-min(usual, 0.98))))
		x.absent[i] = says
		x.lacking[e] += says
		if says < leastMark {
			x.marks[e] = append(x.marks[e], mark{int32(t), says}) //nolint:gosec // bounded
		}
	}
}

// firstLacking is what the strongest mark says that the question lacks.
func (x *Index) firstLacking(q question, e int32) float64 {
	for _, m := range x.marks[e] {
		if _, ok := slices.BinarySearch(q.numbers, m.term); !ok {
			return float64(m.says)
		}
	}
	return 0
}

const (
	// homeFrom is how sure the gate must be of a trial for home to learn from it:
	// what nobody would answer anyhow teaches nothing.
	homeFrom = 0.3
	// neighbours is the part of the questions whose entry is missing that may get
	// an answer, as far as that costs no more than homeCost of all answers.
	neighbours = 0.03
	homeCost   = 0.18
	fewNear    = 40 // questions that are too few to learn from
	sureEnough = 0.9
)

// learnHome learns to tell the questions' own entries from neighbours of
// entries that were kept back, both being equally likely, and sets the bar.
func (w weights) learnHome(trials []trial) weights {
	var own, kept float64
	for _, t := range trials {
		switch {
		case t.truth == near:
			kept++
		case t.truth >= 0 && t.found[0].entry == t.truth:
			own++
		}
	}
	if kept < fewNear {
		return w
	}
	nothing := make([]float64, signCount)
	var choices []choice
	var answered, wrongly [][]float64
	for _, t := range trials {
		signs := t.question.signs(t.found)
		sure := w.sure(signs)
		switch {
		case t.truth == near && sure >= homeFrom:
			choices = append(choices, choice{looks: [][]float64{signs, nothing}, right: 1, weight: own / kept})
		case t.truth >= 0 && t.found[0].entry == t.truth && sure >= homeFrom:
			choices = append(choices, choice{looks: [][]float64{signs, nothing}, weight: 1})
		}
		switch {
		case sure < sureEnough:
		case t.truth == near:
			wrongly = append(wrongly, signs)
		case t.truth >= 0:
			answered = append(answered, signs)
		}
	}
	w.home = learn(choices, w.home, gatePenalty)
	may := int(neighbours * kept)
	if may >= len(wrongly) || len(answered) == 0 {
		return w
	}
	worst := w.homes(wrongly)
	w.bar = min(worst[len(worst)-1-may], w.homes(answered)[int(homeCost*float64(len(answered)))])
	return w
}

// homes are how much some questions are at home, in order.
func (w weights) homes(all [][]float64) []float64 {
	out := make([]float64, len(all))
	for i, signs := range all {
		out[i] = dot(signs, w.home)
	}
	slices.Sort(out)
	return out
}
