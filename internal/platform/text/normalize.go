package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// MaxInput is how many bytes of a text are looked at; the rest is ignored.
const MaxInput = 64 << 10

// spot is one character of the normalised text and the bytes of the original
// it came from.
type spot struct {
	r          rune
	start, end int32
}

// Normalize makes spellings that should be found alike equal: compatibility
// forms and widths are unified (NFKC), case is folded, digits of every script
// become 0 to 9, traditional Chinese characters become simplified ones, and
// what nobody reads (joiners, direction marks, variation selectors, skin tones
// and key frames of emoji) is removed. Invalid UTF-8 becomes U+FFFD.
func Normalize(s string) string {
	spots := normalize(s)
	var b strings.Builder
	b.Grow(len(s))
	for _, p := range spots {
		b.WriteRune(p.r)
	}
	return b.String()
}

// Spot is one character of a normalised text and the bytes of the original
// that it came from.
type Spot struct {
	R          rune
	Start, End int
}

// Spots is Normalize with the origin of each character, for those who mark
// what they found.
func Spots(s string) []Spot {
	all := normalize(s)
	out := make([]Spot, len(all))
	for i, p := range all {
		out[i] = Spot{p.r, int(p.start), int(p.end)}
	}
	return out
}

// normalize is Normalize with the origin of each character. It works piece by
// piece, a piece being what NFKC may combine, so that origins stay exact.
func normalize(s string) []spot {
	s = head(s)
	out := make([]spot, 0, len(s)/2+1)
	fold := cases.Fold()
	// Some characters stand for many (U+FDFA for eighteen), so the result is
	// bounded as well.
	for i := 0; i < len(s) && len(out) < MaxInput; {
		r, n := utf8.DecodeRuneInString(s[i:])
		if simple(r) && alone(s, i+n) {
			if 0xff01 <= r && r <= 0xff5e {
				r -= 0xff01 - '!' // full width
			}
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			r = simplify(r)
			out = append(out, spot{r, int32(i), int32(i + n)}) //nolint:gosec // below MaxInput
			i += n
			continue
		}
		n = max(norm.NFKC.NextBoundaryInString(s[i:], true), n)
		for _, r := range canonical(fold, s[i:i+n]) {
			if !invisible(r) {
				out = append(out, spot{simplify(digit(r)), int32(i), int32(i + n)}) //nolint:gosec // below MaxInput
			}
		}
		i += n
	}
	return out
}

// head cuts a text to MaxInput bytes, between characters.
func head(s string) string {
	if len(s) <= MaxInput {
		return s
	}
	n := MaxInput
	for n > MaxInput-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// simple characters (ASCII, its full-width forms, common Han and its full stop
// and comma) need no tables, if nothing combines with them.
func simple(r rune) bool {
	return r < utf8.RuneSelf || 0x4e00 <= r && r <= 0x9fff || 0xff01 <= r && r <= 0xff5e || r == '。' || r == '、'
}

// alone reports whether the character before i is followed by one that cannot
// combine with it.
func alone(s string, i int) bool {
	if i >= len(s) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return simple(r)
}

// canonical applies compatibility composition and case folding until neither
// changes anything, which takes two rounds for a handful of characters
// (Unicode 15, D146).
func canonical(fold cases.Caser, s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
	for range 4 {
		next := norm.NFKC.String(fold.String(norm.NFKC.String(s)))
		if next == s {
			break
		}
		s = next
	}
	return s
}

// invisible characters steer display and carry no meaning for search.
func invisible(r rune) bool {
	switch {
	case r <= 0x7f:
		return false
	case r == keyFrame, lightestSkin <= r && r <= darkestSkin:
		return true
	}
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector)
}

// What emoji are followed by: the frame that makes a digit a key, and the tones
// of skin.
const (
	keyFrame     = '\u20e3'
	lightestSkin = '\U0001f3fb'
	darkestSkin  = '\U0001f3ff'
)

// digit maps the decimal digits of all scripts to ASCII. Unicode keeps each
// set of ten in a row that starts with zero.
func digit(r rune) rune {
	if r < utf8.RuneSelf || !unicode.IsDigit(r) {
		return r
	}
	for _, t := range unicode.Nd.R16 {
		if lo := rune(t.Lo); lo <= r && r <= rune(t.Hi) {
			return '0' + (r-lo)%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo := rune(t.Lo); lo <= r && r <= rune(t.Hi) { //nolint:gosec // code points
			return '0' + (r-lo)%10
		}
	}
	return r
}
