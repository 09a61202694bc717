package delivery

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
)

// render replaces what the channel cannot show by text: buttons by numbered
// lines, a card by its lines, a file by its address. all does so with
// everything. false: text is not possible either.
func render(parts []desk.Part, c channel.Capabilities, all bool) ([]desk.Part, bool) {
	_, text := c.Content[desk.TextPart]
	out := make([]desk.Part, 0, len(parts))
	for _, p := range parts {
		limit, native := c.Content[p.Type]
		if native && !all && p.Type != desk.TextPart && fits(p, limit, c.TextUnit) {
			out = append(out, p)
			continue
		}
		if !text {
			return nil, false
		}
		if s := asText(p); strings.TrimSpace(s) != "" {
			out = append(out, desk.Part{Type: desk.TextPart, Text: s})
		}
	}
	return out, len(out) > 0
}

// fits reports whether a part is within its limit: files by size and type,
// anything else by its text.
func fits(p desk.Part, l channel.Limit, unit channel.Unit) bool {
	if m := p.Media; m != nil {
		if l.Max > 0 && m.Size > int64(l.Max) {
			return false
		}
		if len(l.MIME) == 0 {
			return true
		}
		for _, t := range l.MIME {
			if strings.EqualFold(t, m.MIME) {
				return true
			}
		}
		return false
	}
	return l.Max == 0 || unit.Measure(asText(p)) <= l.Max
}

// asText says a part in words. It holds everything a person could read.
func asText(p desk.Part) string {
	var lines []string
	add := func(s ...string) {
		if line := strings.TrimSpace(strings.Join(s, " ")); line != "" {
			lines = append(lines, line)
		}
	}
	buttons := func(list []desk.Button) {
		for i, b := range list {
			add(strconv.Itoa(i+1)+".", b.Label, b.URL)
		}
	}
	if p.Text != "" {
		lines = append(lines, p.Text)
	}
	if m := p.Media; m != nil {
		add(m.Name, m.URL)
	}
	if l := p.Location; l != nil {
		add(l.Name)
		add(l.Address)
		add(fmt.Sprintf("%.6f, %.6f", l.Latitude, l.Longitude))
	}
	if c := p.Card; c != nil {
		add(c.Title)
		add(c.Subtitle)
		add(c.Price)
		add(c.URL)
		buttons(c.Buttons)
	}
	buttons(p.Buttons)
	if f := p.Form; f != nil {
		add(f.Title)
		for _, field := range f.Fields {
			add(field.Label+":", f.Values[field.Name])
		}
	}
	return strings.Join(lines, "\n")
}

// join makes one part of texts that follow each other.
func join(parts []desk.Part) []desk.Part {
	var out []desk.Part
	for _, p := range parts {
		if last := len(out) - 1; last >= 0 && p.Type == desk.TextPart && out[last].Type == desk.TextPart {
			out[last].Text += "\n" + p.Text
			continue
		}
		out = append(out, p)
	}
	return out
}

// cut splits texts that are too long.
func cut(parts []desk.Part, c channel.Capabilities) []desk.Part {
	limit := c.Content[desk.TextPart].Max
	var out []desk.Part
	for _, p := range parts {
		if p.Type != desk.TextPart {
			out = append(out, p)
			continue
		}
		for _, piece := range Split(p.Text, limit, c.TextUnit) {
			out = append(out, desk.Part{Type: desk.TextPart, Text: piece})
		}
	}
	return out
}

// Split cuts text into pieces of at most limit units, 0 meaning no limit, at
// the last end of a line, sentence or word in the second half of a piece if
// there is one. Joined together, the pieces are the text without blank pieces;
// no piece is blank. A single character wider than limit stays whole.
func Split(text string, limit int, unit channel.Unit) []string {
	var out []string
	add := func(s string) {
		if strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	for limit > 0 && unit.Measure(text) > limit {
		n := prefix(text, limit, unit)
		add(text[:n])
		text = text[n:]
	}
	add(text)
	return out
}

// prefix is how many bytes of text make the next piece, at least a character.
func prefix(text string, limit int, unit channel.Unit) int {
	// The measure grows with the text, except that GSM 03.38 changes to UTF-16
	// on the way; so the longest fitting prefix is searched for rune by rune
	// from a bound that certainly fits or is past the limit.
	end, measured := 0, 0
	gsm := unit == channel.GSM7
	for end < len(text) {
		_, size := utf8.DecodeRuneInString(text[end:])
		if gsm {
			measured = unit.Measure(text[:end+size])
		} else {
			measured += unit.Measure(text[end : end+size])
		}
		if measured > limit && end > 0 {
			break
		}
		end += size
		if measured > limit {
			return end
		}
	}
	if end == len(text) {
		return end
	}
	if back := trailing(text[:end]); back > 0 {
		return end - back
	}
	return whole(text, end)
}

// trailing is how many bytes of s should rather begin the next piece.
func trailing(s string) int {
	half := len(s) / 2
	for _, ends := range []func(rune) bool{
		func(r rune) bool { return r == '\n' },
		func(r rune) bool { return strings.ContainsRune("。！？；.!?;", r) },
		func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("，、,", r) },
	} {
		if i := strings.LastIndexFunc(s, ends); i >= half {
			_, size := utf8.DecodeRuneInString(s[i:])
			return len(s) - i - size
		}
	}
	return 0
}

// whole moves a cut back so that it does not part a character from the marks
// on it, nor an emoji sequence, unless that would cost half the piece.
func whole(text string, end int) int {
	for at := end; at > end/2; {
		next, _ := utf8.DecodeRuneInString(text[at:])
		previous, size := utf8.DecodeLastRuneInString(text[:at])
		skinTone := next >= 0x1F3FB && next <= 0x1F3FF
		if !unicode.In(next, unicode.Mn, unicode.Me) && next != joiner && previous != joiner && !skinTone {
			return at
		}
		at -= size
	}
	return end
}

// joiner is the zero-width joiner of emoji sequences.
const joiner = '\u200d'
