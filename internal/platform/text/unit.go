package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// class is how a stretch of text is cut into tokens.
type class uint8

const (
	gap    class = iota // separates
	dense               // scripts without spaces: pairs of characters
	word                // scripts with spaces: stems and beginnings
	number              // digits: whole, beginnings, last four
)

// unit is a stretch of one class. spots are never empty.
type unit struct {
	class class
	spots []spot
	key   string // the normalised text
}

// denseScripts are written without spaces between words, or (Hangul) attach
// particles so freely that stems would need a dictionary.
var denseScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// classOf gives the class of a character; a mark belongs to what it stands on.
func classOf(r rune, before class) class {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'a' <= r && r <= 'z':
			return word
		case '0' <= r && r <= '9':
			return number
		}
		return gap
	case 0x4e00 <= r && r <= 0x9fff, r == 'ー':
		return dense
	case unicode.IsMark(r):
		if before == number {
			return gap
		}
		return before
	case !unicode.IsLetter(r):
		return gap
	case unicode.In(r, denseScripts...):
		return dense
	}
	return word
}

// units cuts a normalised text.
func units(spots []spot) []unit {
	var out []unit
	start, now := 0, gap
	flush := func(end int) {
		if now != gap && end > start {
			var key strings.Builder
			key.Grow(3 * (end - start))
			for _, p := range spots[start:end] {
				key.WriteRune(p.r)
			}
			out = append(out, unit{now, spots[start:end], key.String()})
		}
		start = end
	}
	for i, p := range spots {
		if c := classOf(p.r, now); c != now {
			flush(i)
			now = c
		}
	}
	flush(len(spots))
	return out
}

const (
	minPrefix       = 3  // shorter words are found whole only
	maxPrefix       = 12 // longer words are told apart by Match
	minNumberPrefix = 4  // shorter numbers are found whole only
	maxNumber       = 20
	numberTail      = 4
	maxStemmed      = 40 // bytes; nothing longer is a word
)

// stem is the English stem of a word, or the word if it is not plain ASCII or
// shares less than minPrefix letters with its stem ("dying", "die"): then
// beginnings and stems could not use the same tokens.
func stem(w string) string {
	if len(w) < minPrefix || len(w) > maxStemmed {
		return w
	}
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return w
		}
	}
	s := english.Stem(w, false)
	if common(w, s) < minPrefix {
		return w
	}
	return s
}

// common is how many bytes two texts begin with alike.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// cut returns the first n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
