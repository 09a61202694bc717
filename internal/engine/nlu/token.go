package nlu

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/platform/text"
)

// maxRunes is how much of a text counts: wishes stand at the beginning, and
// time has to have a bound.
const maxRunes = 512

// kind says how a token was written.
type kind uint8

const (
	glyph  kind = iota // one character of a script without spaces
	word               // letters between spaces
	number             // digits
	symbol             // an emoji, or a run of punctuation that carries meaning
)

// token is a piece of a text.
type token struct {
	text string
	kind kind
}

// shortNumber is how many digits are told apart.
const shortNumber = 4

// tokenize cuts a text into tokens, after making spellings alike: width, case,
// digits, traditional characters.
func tokenize(s string) []token {
	s = text.Normalize(s)
	var out []token
	add := func(from, to int, k kind) {
		switch {
		case from >= to:
		case k == number && to-from > shortNumber:
			// Which number it is does not matter, that it is one does.
			out = append(out, token{"\x02" + strconv.Itoa(min(to-from, 20)), k})
		default:
			out = append(out, token{s[from:to], k})
		}
	}
	from, open := 0, symbol // the run of letters or digits being read
	running := false
	seen := 0
	for i, r := range s {
		if seen++; seen > maxRunes {
			s = s[:i]
			break
		}
		k, joins := classify(r)
		if running && joins && k == open {
			continue
		}
		if running {
			add(from, i, open)
			running = false
		}
		switch {
		case joins:
			from, open, running = i, k, true
		case k == glyph:
			add(i, i+utf8.RuneLen(r), glyph)
		case k == symbol && meaningful(r):
			add(i, i+utf8.RuneLen(r), symbol)
		}
	}
	if running {
		add(from, len(s), open)
	}
	return out
}

// classify says what a character belongs to and whether neighbours join it.
func classify(r rune) (k kind, joins bool) {
	switch {
	case '0' <= r && r <= '9':
		return number, true
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai):
		return glyph, false
	case unicode.IsLetter(r) || unicode.IsMark(r) || r == '\'' || r == '’':
		return word, true
	case unicode.IsDigit(r):
		return number, true
	}
	return symbol, false
}

// meaningful keeps question and exclamation marks and pictures.
func meaningful(r rune) bool {
	return r == '?' || r == '!' || r > 0x2190 && unicode.Is(unicode.So, r)
}
