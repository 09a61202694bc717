package nlu

import "math"

// A feature is named by a 64-bit hash of what it is, so that none has to be
// kept as text. Two features with one name are as good as impossible.
type feature = uint64

// group is a kind of feature; each is weighed and normalised by itself.
type group uint8

const (
	unigrams group = iota // characters and words
	bigrams               // pairs of neighbours, the ends included
	trigrams              // three characters
	subwords              // pieces of words, for endings, compounds and typos
	skips                 // pairs of words with others between
	groups
)

// groupWeight is each group's part of the whole, found by cross-validation on
// the English and Chinese sets of docs/evaluation.md.
var groupWeight = [groups]float64{unigrams: 1, bigrams: 1, trigrams: 0.7, subwords: 1, skips: 0.5}

// counted is a feature of a text and how often it is there.
type counted struct {
	id    feature
	group group
	n     int
}

// hash names what comes in, one step at a time (FNV-1a).
type hash uint64

const newHash hash = 14695981039346656037

func (h hash) byte(b byte) hash { return (h ^ hash(b)) * 1099511628211 }

func (h hash) text(s string) hash {
	for i := range len(s) {
		h = h.byte(s[i])
	}
	return h.byte(0)
}

// extract lists the features of a text in the order of their first place.
func extract(tokens []token) []counted {
	index := make(map[feature]int, 8*len(tokens))
	out := make([]counted, 0, 8*len(tokens))
	add := func(g group, h hash) {
		h = h.byte(byte(g) + 1)
		id := feature(h)
		if i, ok := index[id]; ok {
			out[i].n++
			return
		}
		index[id] = len(out)
		out = append(out, counted{id, g, 1})
	}
	edge := token{text: "\x01", kind: symbol}
	before, twoBefore := edge, edge
	for i, t := range tokens {
		name := t.text
		add(unigrams, newHash.text(name))
		add(bigrams, newHash.text(before.text).text(name))
		if t.kind == glyph && before.kind == glyph && twoBefore.kind == glyph {
			add(trigrams, newHash.text(twoBefore.text).text(before.text).text(name))
		}
		if t.kind == word {
			subwordsOf(name, func(h hash) { add(subwords, h) })
			for d := 2; d <= 3 && i-d >= 0; d++ {
				if tokens[i-d].kind == word {
					add(skips, newHash.text(tokens[i-d].text).text(name))
				}
			}
		}
		twoBefore, before = before, t
	}
	if len(tokens) > 0 {
		add(bigrams, newHash.text(before.text).text(edge.text))
	}
	return out
}

// The lengths of subwords in characters, with a mark at each end of the word.
const (
	shortestSubword = 2
	longestSubword  = 5
)

func subwordsOf(w string, add func(hash)) {
	runes := make([]rune, 0, len(w)+2)
	runes = append(runes, '<')
	runes = append(runes, []rune(w)...)
	runes = append(runes, '>')
	if len(runes) > 34 {
		runes = runes[:34]
	}
	for from := range runes {
		h := newHash
		for n := 1; n <= longestSubword && from+n <= len(runes); n++ {
			r := runes[from+n-1]
			h = h.byte(byte(r & 0xff)).byte(byte(r >> 8 & 0xff)).byte(byte(r >> 16 & 0xff))
			if n >= shortestSubword {
				add(h.byte(0))
			}
		}
	}
}

// vocabulary gives features numbers and says how telling each is.
type vocabulary struct {
	index map[feature]int32
	idf   []float32
	group []group
	most  float32 // the largest idf
}

// Of manyTexts, features that are in one only are left out, unless it is one
// of fewer than fewOfOne of its intent: nothing else might tell it.
const (
	manyTexts = 3_000
	fewOfOne  = 3
)

// learn counts in how many texts each feature is; thin says of which texts all
// features are kept.
func learn(texts [][]counted, thin func(int) bool) *vocabulary {
	df := make(map[feature]int32)
	kept := make(map[feature]bool)
	kinds := make(map[feature]group)
	order := make([]feature, 0, 1024) // in the order met, so that training repeats exactly
	many := len(texts) >= manyTexts
	for i, t := range texts {
		keep := many && thin(i)
		for _, f := range t {
			if keep {
				kept[f.id] = true
			}
			if df[f.id] == 0 {
				order = append(order, f.id)
				kinds[f.id] = f.group
			}
			df[f.id]++
		}
	}
	v := &vocabulary{index: make(map[feature]int32, len(order))}
	for _, id := range order {
		if many && df[id] == 1 && !kept[id] {
			continue
		}
		v.add(id, float32(math.Log(float64(1+len(texts))/float64(1+df[id]))+1), kinds[id])
	}
	return v
}

func (v *vocabulary) add(id feature, idf float32, g group) {
	v.index[id] = int32(len(v.idf)) //nolint:gosec // bounded by the examples' bound
	v.idf, v.group, v.most = append(v.idf, idf), append(v.group, g), max(v.most, idf)
}

// unknown is how much of a text has no place in the vocabulary, 0 to 1: of its
// words, of their weight, and of the weight of their pieces.
type unknown struct{ words, weight, pieces float64 }

// vector is a sparse vector: places ascending only within a vector's own order.
type vector struct {
	at []int32
	w  []float32
}

// vectorize weighs a text's known features: 1+log(count), times idf, each
// group scaled to its length, the whole to 1.
func (v *vocabulary) vectorize(features []counted) (out vector, u unknown) {
	out.at = make([]int32, 0, len(features))
	out.w = make([]float32, 0, len(features))
	var square [groups]float64
	var missing, all, missed, sum [groups]float64
	for _, f := range features {
		at, ok := v.index[f.id]
		all[f.group]++
		if !ok {
			missing[f.group]++
			missed[f.group] += float64(v.most)
			continue
		}
		sum[f.group] += float64(v.idf[at])
		w := float32(1+math.Log(float64(f.n))) * v.idf[at]
		square[f.group] += float64(w) * float64(w)
		out.at = append(out.at, at)
		out.w = append(out.w, w)
	}
	var scale [groups]float64
	total := 0.0
	for g := range square {
		if square[g] > 0 {
			scale[g] = groupWeight[g] / math.Sqrt(square[g])
			total += groupWeight[g] * groupWeight[g]
		}
	}
	for i, at := range out.at {
		out.w[i] *= float32(scale[v.group[at]] / math.Sqrt(total))
	}
	share := func(of, rest float64) float64 { return of / max(of+rest, 1e-9) }
	return out, unknown{missing[unigrams] / max(all[unigrams], 1), share(missed[unigrams], sum[unigrams]), share(missed[subwords], sum[subwords])}
}
