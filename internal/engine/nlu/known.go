package nlu

import (
	"cmp"
	"math"
	"slices"
)

// known are the texts of the examples by name, so that one that is asked word
// for word is found, however many intents resemble it.
type known struct {
	at   map[feature]meant
	sure float64 // how often a text that stands under one intent means it
}

// meant is what the examples with a text mean most often, and how often that is, in
// 255ths.
type meant struct {
	intent uint16
	share  uint8
}

const wholly = 255

// nobody is the intent of what people said means none.
const nobody = math.MaxUint16

// surest is how sure an example's text is of its intent in a set that never
// contradicts itself: whoever asks it may still mean something else.
const surest = 0.98

// nameOf names a text by what is said in it: spellings are alike already, and
// how it is punctuated is of no account.
func nameOf(tokens []token) feature {
	h := newHash
	for n := 0; n < 2 && h == newHash; n++ {
		for _, t := range tokens {
			if n == 1 || t.text != "?" && t.text != "!" {
				h = h.byte(byte(t.kind) + 1).text(t.text)
			}
		}
	}
	return feature(h)
}

// remember makes the table of some examples.
func remember(s *set) known {
	k := known{at: make(map[feature]meant, len(s.names))}
	counts := make(map[feature]map[int]int)
	all := make(map[feature]int, len(s.called))
	for i, name := range s.called {
		all[name]++
		c, ok := counts[name]
		if before, twice := k.at[name]; !ok && twice && int(before.intent) != s.label[i] {
			c = map[int]int{int(before.intent): all[name] - 1}
			counts[name], ok = c, true
		}
		if ok {
			c[s.label[i]]++
			continue
		}
		k.at[name] = meant{uint16(s.label[i]), wholly} //nolint:gosec // at most MaxIntents
	}
	for name, c := range counts {
		best := -1
		for intent, n := range c {
			if best < 0 || n > c[best] || n == c[best] && intent < best {
				best = intent
			}
		}
		k.at[name] = meant{uint16(best), uint8(max(1, wholly*c[best]/all[name]))} //nolint:gosec // as above
	}
	k.sure = surest * float64(len(k.at)-len(counts)) / float64(len(k.at))
	for _, x := range s.outside {
		name := nameOf(x.tokens)
		if _, ok := k.at[name]; !ok && x.own {
			k.at[name] = meant{nobody, wholly}
		}
	}
	return k
}

// recall corrects a verdict on a text that is an example word for word.
func (m *Model) recall(v *Verdict, name feature, limit int) {
	hit, ok := m.known.at[name]
	if !ok {
		return
	}
	if hit.intent == nobody {
		v.Confidence = min(v.Confidence, 1-m.known.sure)
		return
	}
	intent, sure := m.names[hit.intent], m.known.sure*float64(hit.share)/wholly
	at := slices.IndexFunc(v.Guesses, func(g Guess) bool { return g.Intent == intent })
	if at != 0 || hit.share < wholly || v.Confidence < sure {
		v.Confidence = sure
	}
	p := 0.0
	if at >= 0 {
		p = v.Guesses[at].P
		v.Guesses = slices.Delete(v.Guesses, at, at+1)
	}
	if p < sure {
		for i := range v.Guesses {
			v.Guesses[i].P *= (1 - sure) / (1 - p)
		}
		p = sure
	}
	v.Guesses = slices.Insert(v.Guesses, 0, Guess{intent, p})
	v.Guesses = v.Guesses[:min(limit, len(v.Guesses))]
}

// names lists the table's texts in an order that does not depend on the map.
func (k known) names() []feature {
	out := make([]feature, 0, len(k.at))
	for name := range k.at {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b feature) int { return cmp.Compare(a, b) })
	return out
}
