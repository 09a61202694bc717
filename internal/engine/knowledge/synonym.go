package knowledge

import (
	"fmt"
	"unicode"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/text"
)

// The bounds of synonyms.
const (
	MaxSynonyms     = 20_000 // words over all groups
	maxSynonymRunes = 32
)

// synonyms puts the first word of a group in the place of the others.
type synonyms struct {
	first   map[string][]rune // by the normalised word
	longest map[rune]int      // by the character it begins with
}

func newSynonyms(groups [][]string) (*synonyms, error) {
	const op = "read synonyms"
	s := &synonyms{first: make(map[string][]rune), longest: make(map[rune]int)}
	words := 0
	for i, g := range groups {
		if words += len(g); words > MaxSynonyms {
			return nil, desk.InvalidField(op, "synonyms", "there are more than 20,000 synonyms")
		}
		var first []rune
		for _, word := range g {
			w := []rune(text.Normalize(word))
			if len(w) == 0 || len(w) > maxSynonymRunes {
				return nil, desk.InvalidField(op, "synonyms", fmt.Sprintf("a word of group %d is empty or longer than %d characters", i+1, maxSynonymRunes))
			}
			if first == nil {
				first = w
				continue
			}
			if _, ok := s.first[string(w)]; !ok && string(w) != string(first) {
				s.first[string(w)] = first
				s.longest[w[0]] = max(s.longest[w[0]], len(w))
			}
		}
	}
	return s, nil
}

// apply replaces, the longest word first, and only whole words where there are
// spaces between words. What is put in keeps the origin of what it replaces.
func (s *synonyms) apply(spots []text.Spot) []text.Spot {
	if len(s.first) == 0 {
		return spots
	}
	out := make([]text.Spot, 0, len(spots))
	for i := 0; i < len(spots); {
		n, first := s.at(spots, i)
		if n == 0 {
			out = append(out, spots[i])
			i++
			continue
		}
		for _, r := range first {
			out = append(out, text.Spot{R: r, Start: spots[i].Start, End: spots[i+n-1].End})
		}
		i += n
	}
	return out
}

func (s *synonyms) at(spots []text.Spot, i int) (n int, first []rune) {
	for n := min(s.longest[spots[i].R], len(spots)-i); n > 0; n-- {
		if first, ok := s.first[write(spots[i:i+n])]; ok && !inside(spots, i) && !inside(spots, i+n) {
			return n, first
		}
	}
	return 0, nil
}

// inside reports whether the place before i is within a word.
func inside(spots []text.Spot, i int) bool {
	return i > 0 && i < len(spots) && joins(spots[i-1].R) && joins(spots[i].R) && unicode.IsLetter(spots[i].R) == unicode.IsLetter(spots[i-1].R)
}
