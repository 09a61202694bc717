package knowledge

import "yingda.dev/internal/platform/text"

// Span is a range of bytes.
type Span struct{ Start, End int }

// Highlight says which parts of a text are what a question asks with, synonyms
// included: words, and characters that stand beside the same neighbour; if
// there is nothing of the kind, single characters. The spans are in order and
// do not touch. Of the text the first 64 kB are looked at.
func (x *Index) Highlight(s, question string) []Span {
	asked := x.synonyms.apply(text.Spots(question))
	wanted := make(map[term]bool)
	for _, c := range terms(tokenize(asked, maxQuestion)) {
		wanted[c.id] = true
	}
	spots := x.synonyms.apply(text.Spots(s))
	tokens := tokenize(spots, len(spots))
	marked, single := make([]bool, len(tokens)), make([]bool, len(tokens))
	found := false
	for i, t := range tokens {
		single[i] = wanted[t.name]
		if t.word != nil && single[i] {
			marked[i], found = true, true
		}
		if i > 0 && wanted[joined(tokens[i-1].name, t.name)] {
			marked[i-1], marked[i], found = true, true, true
		}
	}
	if !found {
		marked = single
	}
	var out []Span
	for i, t := range tokens {
		last := len(out) - 1
		switch {
		case !marked[i]:
		case last >= 0 && t.start <= out[last].End:
			out[last].End = max(out[last].End, t.end)
		default:
			out = append(out, Span{t.start, t.end})
		}
	}
	return out
}
