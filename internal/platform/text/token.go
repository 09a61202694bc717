package text

import (
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// Bounds of one call.
const (
	// MaxTokens is how many tokens a text is indexed by. Words after that are
	// not found.
	MaxTokens = 2_000
	// MaxQueryTokens is how many tokens a query may need.
	MaxQueryTokens = 64
	maxQueryRunes  = 200
)

// IndexTokens returns the tokens a text is found by, each once, at most
// MaxTokens, in the order of their first occurrence:
//
//   - every pair of neighbouring characters of Chinese, Japanese, Korean and
//     other scripts without spaces;
//   - of other words the beginnings of 3 to 12 letters, the same of the English
//     stem where it differs, and words of one or two letters whole;
//   - of numbers the whole (its first 20 digits), the beginnings from 4 digits
//     on and the last 4.
func IndexTokens(s string) []string {
	tokens, _ := index(units(normalize(s)))
	return tokens
}

// index returns the tokens and the units they stand for. The last unit may be
// shortened, where MaxTokens was reached.
func index(all []unit) ([]string, []unit) {
	size := 0
	for _, u := range all {
		size += len(u.spots)
	}
	// About as many tokens as characters; growing the set as it fills cost a third.
	size = min(size, MaxTokens)
	out := make([]string, 0, size)
	seen := make(map[string]struct{}, size)
	// add reports whether the token is in the index.
	add := func(t string) bool {
		if _, ok := seen[t]; ok {
			return true
		}
		if len(out) == MaxTokens {
			return false
		}
		seen[t] = struct{}{}
		out = append(out, t)
		return true
	}
	for i, u := range all {
		if u.class == dense {
			if n := addPairs(u.key, add); n < len(u.spots) {
				// The pairs so far are indexed, so their stretch can be found.
				u.spots, u.key = u.spots[:n], cut(u.key, n)
				return out, append(all[:i:i], u)
			}
			continue
		}
		for _, t := range u.tokens() {
			if !add(t) {
				return out, all[:i]
			}
		}
	}
	return out, all
}

// addPairs adds each pair of neighbours and returns how many characters from
// the start are covered.
func addPairs(s string, add func(string) bool) int {
	n, before := 0, -1 // characters so far, where the last one begins
	for i, r := range s {
		if before >= 0 && !add(s[before:i+utf8.RuneLen(r)]) {
			return n
		}
		before = i
		n++
	}
	return n
}

// tokens of a word or number.
func (u unit) tokens() []string {
	if u.class == number {
		return numberTokens(u.key)
	}
	out := prefixes(nil, u.key, minPrefix, maxPrefix)
	if s := stem(u.key); s != u.key {
		out = prefixes(out, s, minPrefix, maxPrefix)
	}
	return out
}

func numberTokens(s string) []string {
	out := prefixes(nil, s, minNumberPrefix, maxNumber)
	if len(s) > numberTail {
		out = append(out, s[len(s)-numberTail:])
	}
	return out
}

// prefixes appends the beginnings of s of lo to hi characters; s itself if it
// is shorter than lo.
func prefixes(out []string, s string, lo, hi int) []string {
	n := 0
	for i := range s {
		if n >= lo && n <= hi {
			out = append(out, s[:i])
		}
		n++
	}
	if n <= hi {
		out = append(out, s)
	}
	return out
}

// QueryTokens returns the tokens that a text must all have to be a hit, each
// once. It is Invalid if there is nothing to search by (only punctuation,
// emoji or lone Chinese characters) or the query is too long.
func QueryTokens(s string) ([]string, error) {
	const op = "read query"
	all, err := queryUnits(s)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := make(map[string]struct{})
	add := func(t string) bool {
		if _, ok := seen[t]; !ok {
			seen[t] = struct{}{}
			out = append(out, t)
		}
		return true
	}
	for _, u := range all {
		switch u.class {
		case dense:
			addPairs(u.key, add)
		case number:
			add(cut(u.key, maxNumber))
		default:
			add(queryToken(u.key))
		}
	}
	if len(out) == 0 {
		return nil, desk.InvalidField(op, "q", "search for a word, a number or at least two Chinese characters")
	}
	if len(out) > MaxQueryTokens {
		return nil, desk.InvalidField(op, "q", "the search text is too long")
	}
	return out, nil
}

// queryToken is what a word and its stem begin with alike. A text that has a
// word beginning with this word has it as a beginning; a text that has a word
// of the same stem has it as a beginning of that stem.
func queryToken(w string) string {
	return cut(w[:common(w, stem(w))], maxPrefix)
}

func queryUnits(s string) ([]unit, error) {
	if len(s) > maxQueryRunes*utf8.UTFMax || utf8.RuneCountInString(s) > maxQueryRunes {
		return nil, desk.InvalidField("read query", "q", "the search text is too long")
	}
	return units(normalize(s)), nil
}
