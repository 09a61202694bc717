package knowledge

import (
	"slices"
	"strings"
	"unicode"
)

const (
	scrapMost    = 300 // scraps that are tried
	scrapEntries = 3   // entries that two characters or a word must be in
)

// scraps are single characters, and pairs and words that stand in the ways of
// several entries: people send such halves of sentences, and no entry answers
// them, though some always resembles them closely.
func (s *set) scraps(seed uint64) []string {
	in := make(map[string]int)
	last := make(map[string]int32)
	note := func(piece string, e int32) {
		if at, ok := last[piece]; !ok || at != e {
			in[piece]++
			last[piece] = e
		}
	}
	for w, text := range s.texts {
		e := s.ways[w].entry
		for word := range strings.FieldsSeq(text) {
			runes := []rune(word)
			if !ideograph(runes[0]) {
				note(word, e)
				continue
			}
			for i := range runes {
				note(string(runes[i]), e)
				if i > 0 {
					note(string(runes[i-1:i+1]), e)
				}
			}
		}
	}
	var out []string
	for piece, entries := range in {
		if runes := []rune(piece); entries >= scrapEntries || len(runes) == 1 && ideograph(runes[0]) {
			out = append(out, piece)
		}
	}
	slices.Sort(out)
	rng := draw(seed + 2)
	order := rng.shuffled(len(out))
	picked := make([]string, 0, scrapMost)
	for _, i := range order[:min(len(order), scrapMost)] {
		picked = append(picked, out[i])
	}
	return picked
}

// ideograph tells whether words are written without spaces around the character.
func ideograph(r rune) bool {
	return unicode.Is(unicode.Han, r) || unicode.In(r, unicode.Hiragana, unicode.Katakana)
}
