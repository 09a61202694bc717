package knowledge

import (
	"math"
	"strings"
	"unicode"

	"yingda.dev/internal/platform/text"
)

// How many characters count. Wishes stand at the beginning of a question;
// longer articles are cut by Chunk.
const (
	maxQuestion = 256
	maxWay      = 2_048
)

// term names a piece of a text by a hash, so that none is kept as text.
type term = uint64

// token is a character of a script without spaces, a word, a number or a
// picture, and the bytes of the original it came from.
type token struct {
	name       term
	word       []text.Spot // of a word or number: its characters
	start, end int
}

const (
	offset = 14695981039346656037 // FNV-1a
	prime  = 1099511628211
)

func mix(h term, r rune) term {
	return ((h^term(r&0xff))*prime ^ term(r>>8)) * prime //nolint:gosec // the bits are what counts
}

// joined names two neighbours.
func joined(a, b term) term {
	h := (a ^ a>>29) * 0xbf58476d1ce4e5b9
	return (h ^ b) * 0x94d049bb133111eb
}

// tokenize cuts normalised characters into tokens.
func tokenize(spots []text.Spot, most int) (out []token) {
	spots = spots[:min(most, len(spots))]
	for i := 0; i < len(spots); {
		p := spots[i]
		switch {
		case joins(p.R):
			from, h := i, term(offset)
			for ; i < len(spots) && joins(spots[i].R) && digit(spots[i].R) == digit(p.R); i++ {
				h = mix(h, spots[i].R)
			}
			out = append(out, token{h, spots[from:i], p.Start, spots[i-1].End})
			continue
		case unicode.IsLetter(p.R) || p.R > 0x2190 && unicode.Is(unicode.So, p.R):
			out = append(out, token{mix(offset, p.R), nil, p.Start, p.End})
		}
		i++
	}
	return out
}

func digit(r rune) bool { return '0' <= r && r <= '9' }

// joins reports whether a character makes words with its neighbours.
func joins(r rune) bool {
	if r < 0x80 {
		return digit(r) || 'a' <= r && r <= 'z' || r == '\''
	}
	if 0x4e00 <= r && r <= 0x9fff {
		return false
	}
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsMark(r)
}

// counted is a term of a text and how often it is there. weight is 1, less for
// what only hints.
type counted struct {
	id     term
	n      int
	weight float32
	whole  bool // a character or a word, no pair or part of one
}

// The weights of kinds of terms, and the subwords of Latin words.
const (
	pairWeight     = 1
	subwordWeight  = 0.4
	subwordLength  = 4
	longestSubword = 30
)

// terms lists what a text consists of, in the order of the first place.
func terms(tokens []token) []counted {
	index := make(map[term]int, 3*len(tokens))
	out := make([]counted, 0, 3*len(tokens))
	add := func(id term, w float32, whole bool) {
		if i, ok := index[id]; ok {
			out[i].n++
			return
		}
		index[id] = len(out)
		out = append(out, counted{id, 1, w, whole})
	}
	for i, t := range tokens {
		add(t.name, 1, true)
		if i > 0 {
			add(joined(tokens[i-1].name, t.name), pairWeight, false)
		}
		if len(t.word) > subwordLength && !digit(t.word[0].R) {
			subwords(t.word, func(id term) { add(id, subwordWeight, false) })
		}
	}
	return out
}

// subwords are the runs of four letters of a word: for endings, compounds and
// slips of the finger.
func subwords(word []text.Spot, add func(term)) {
	word = word[:min(len(word), longestSubword)]
	for i := 0; i+subwordLength <= len(word); i++ {
		h := term(offset + 1)
		for _, p := range word[i : i+subwordLength] {
			h = mix(h, p.R)
		}
		add(h)
	}
}

// write puts normalised characters together again, for package nlu.
func write(spots []text.Spot) string {
	var b strings.Builder
	b.Grow(3 * len(spots))
	for _, p := range spots {
		b.WriteRune(p.R)
	}
	return b.String()
}

func idf(texts, with int) float64 {
	return math.Log(1 + (float64(texts)-float64(with)+0.5)/(float64(with)+0.5))
}
