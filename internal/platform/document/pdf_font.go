package document

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// font tells which characters the bytes of a string show, and how wide they are.
type font struct {
	wide   bool              // two bytes a code (composite fonts)
	toText map[uint32]string // from ToUnicode or Differences
	named  encoding.Encoding // of a predefined map or a simple font
	widths map[uint32]float64
	usual  float64
}

const maxCodes = 70_000

func newFont(v pdf.Value) *font {
	f := &font{toText: map[uint32]string{}, widths: map[uint32]float64{}, usual: 0.5}
	f.wide = v.Key("Subtype").Name() == "Type0"
	if f.wide {
		f.usual = 1
		f.named = predefined(v.Key("Encoding").Name())
		f.wideWidths(v.Key("DescendantFonts").Index(0))
	} else {
		f.simple(v)
	}
	if m := v.Key("ToUnicode"); m.Kind() == pdf.Stream {
		r := m.Reader()
		text, _ := io.ReadAll(io.LimitReader(r, 4<<20)) // what could be read counts
		f.readMap(string(text))
	}
	return f
}

// predefined are the character collections of §9.7.5.2 that have an encoding
// of their own; the others, Identity among them, say nothing without ToUnicode.
func predefined(name string) encoding.Encoding {
	switch {
	case strings.Contains(name, "UCS2") || strings.Contains(name, "UTF16"):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case strings.HasPrefix(name, "GB"):
		return simplifiedchinese.GB18030
	case strings.HasPrefix(name, "B5") || strings.HasPrefix(name, "ETen") || strings.HasPrefix(name, "HKscs"):
		return traditionalchinese.Big5
	case strings.Contains(name, "RKSJ"):
		return japanese.ShiftJIS
	case strings.HasPrefix(name, "KSC"):
		return korean.EUCKR
	}
	return nil
}

func (f *font) simple(v pdf.Value) {
	f.named = charmap.Windows1252
	enc := v.Key("Encoding")
	if enc.Name() == "MacRomanEncoding" || enc.Key("BaseEncoding").Name() == "MacRomanEncoding" {
		f.named = charmap.Macintosh
	}
	differences, code := enc.Key("Differences"), uint32(0)
	for i := range min(differences.Len(), 1_000) {
		d := differences.Index(i)
		if kind := d.Kind(); kind == pdf.Integer {
			code = uint32(d.Int64() & 0xff)
		} else if kind == pdf.Name {
			if text := glyph(d.Name()); text != "" {
				f.toText[code] = text
			}
			code++
		}
	}
	first, widths := v.Key("FirstChar").Int64(), v.Key("Widths")
	for i := range min(widths.Len(), 256) {
		f.widths[uint32((first+int64(i))&0xff)] = widths.Index(i).Float64() / 1000
	}
}

// glyph is what a glyph's name means, as far as names tell it by themselves
// (Adobe Glyph List Specification, §2).
func glyph(name string) string {
	name, _, _ = strings.Cut(name, ".")
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) == 4 {
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil {
			return string(rune(n))
		}
	}
	if len(name) == 1 {
		return name
	}
	return glyphs[name]
}

var glyphs = map[string]string{
	"space": " ", "period": ".", "comma": ",", "colon": ":", "semicolon": ";", "hyphen": "-", "endash": "–", "emdash": "—", "bullet": "•",
	"parenleft": "(", "parenright": ")", "bracketleft": "[", "bracketright": "]", "slash": "/", "percent": "%", "dollar": "$", "at": "@",
	"exclam": "!", "question": "?", "quotesingle": "'", "quotedbl": `"`, "quoteleft": "‘", "quoteright": "’", "quotedblleft": "“",
	"quotedblright": "”", "ampersand": "&", "plus": "+", "equal": "=", "numbersign": "#", "asterisk": "*", "underscore": "_", "ellipsis": "…",
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"fi": "fi", "fl": "fl", "ff": "ff", "ffi": "ffi", "ffl": "ffl",
}

// wideWidths reads W of a CID font (§9.7.4.3): `c [w…]` and `from to w`.
func (f *font) wideWidths(v pdf.Value) {
	if d := v.Key("DW"); !d.IsNull() {
		f.usual = d.Float64() / 1000
	}
	w := v.Key("W")
	for i := 0; i+1 < w.Len() && len(f.widths) < maxCodes; {
		from := uint32(w.Index(i).Int64() & 0xffff)
		if next := w.Index(i + 1); next.Kind() == pdf.Array {
			for k := range min(next.Len(), maxCodes) {
				f.widths[from+uint32(k&0xffff)] = next.Index(k).Float64() / 1000
			}
			i += 2
			continue
		}
		to := uint32(w.Index(i+1).Int64() & 0xffff)
		for c := from; c <= to && len(f.widths) < maxCodes; c++ {
			f.widths[c] = w.Index(i+2).Float64() / 1000
		}
		i += 3
	}
}

// decode gives the text of a string and how wide it is, in parts of the font's size.
func (f *font) decode(raw string) (text string, width float64) {
	var b strings.Builder
	var plain []byte // what only the named encoding can tell
	flush := func() {
		if len(plain) > 0 && f.named != nil {
			if out, err := f.named.NewDecoder().Bytes(plain); err == nil {
				b.Write(out)
			}
		}
		plain = plain[:0]
	}
	step := 1
	if f.wide {
		step = 2
	}
	for i := 0; i+step <= len(raw); i += step {
		code := uint32(raw[i])
		if f.wide {
			code = code<<8 | uint32(raw[i+1])
		}
		w, ok := f.widths[code]
		if !ok {
			w = f.usual
		}
		width += w
		if s, ok := f.toText[code]; ok {
			flush()
			b.WriteString(s)
		} else {
			plain = append(plain, raw[i:i+step]...)
		}
	}
	flush()
	return b.String(), width
}

// readMap reads a ToUnicode map (Adobe Technical Note 5411).
func (f *font) readMap(s string) {
	for len(f.toText) < maxCodes {
		i := strings.Index(s, "beginbf")
		if i < 0 {
			return
		}
		s = s[i+len("beginbf"):]
		body, rest, ok := strings.Cut(s, "endbf")
		if !ok {
			return
		}
		if chars, ok := strings.CutPrefix(body, "char"); ok {
			f.readChars(mapTokens(chars))
		} else {
			f.readRanges(mapTokens(strings.TrimPrefix(body, "range")))
		}
		s = rest
	}
}

func (f *font) readChars(t []string) {
	for i := 0; i+1 < len(t); i += 2 {
		if code, ok := mapCode(t[i]); ok {
			f.toText[code] = mapText(t[i+1], 0)
		}
	}
}

func (f *font) readRanges(t []string) {
	for i := 0; i+2 < len(t); {
		from, ok := mapCode(t[i])
		to, also := mapCode(t[i+1])
		if !ok || !also {
			return
		}
		i += 2
		if t[i] == "[" {
			for i++; i < len(t) && t[i] != "]"; i++ {
				f.toText[from] = mapText(t[i], 0)
				from++
			}
			i++
			continue
		}
		for c := from; c <= to && len(f.toText) < maxCodes; c++ {
			f.toText[c] = mapText(t[i], c-from)
		}
		i++
	}
}

// mapTokens are the hexadecimal strings without their brackets, and [ and ].
func mapTokens(s string) []string {
	var out []string
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '[', ']':
			out = append(out, s[i:i+1])
		case '<':
			end := strings.IndexByte(s[i:], '>')
			if end < 0 {
				return out
			}
			out = append(out, strings.Join(strings.Fields(s[i+1:i+end]), ""))
			i += end
		}
	}
	return out
}

func mapCode(hex string) (uint32, bool) {
	n, err := strconv.ParseUint(hex, 16, 32)
	return uint32(n & 0xffffff), err == nil
}

// mapText is UTF-16 in hexadecimal, its last unit moved on by more.
func mapText(hex string, more uint32) string {
	units := make([]uint16, 0, 4)
	for i := 0; i+4 <= len(hex) && len(units) < 16; i += 4 {
		n, err := strconv.ParseUint(hex[i:i+4], 16, 16)
		if err != nil {
			return ""
		}
		units = append(units, uint16(n))
	}
	if len(units) == 0 {
		n, err := strconv.ParseUint(hex, 16, 16) // some writers leave out the zeros
		if err != nil {
			return ""
		}
		units = append(units, uint16(n))
	}
	units[len(units)-1] += uint16(more & 0xffff)
	return string(utf16.Decode(units))
}
