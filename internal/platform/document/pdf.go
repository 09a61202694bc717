package document

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/unicode/norm"

	"yingda.dev/internal/desk"
)

const (
	maxPages   = 2_000
	maxStrokes = 400_000 // pieces of text on all pages
	maxForms   = 8       // depth of forms within forms
)

// stroke is a piece of text and where a page shows it.
type stroke struct {
	text string
	x, y float64
	size float64
	end  float64 // about where it ends
}

// readPDF reads the text layer of a PDF (ISO 32000-1, §9). Lines are put
// together by where they stand; what is set larger than the rest is a heading.
func readPDF(data []byte, doc *Document) error {
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if strings.Contains(err.Error(), "encrypt") || strings.Contains(err.Error(), "password") {
			return &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the PDF is locked by a password; save it without one", Err: err}
		}
		return err
	}
	doc.Title = r.Trailer().Key("Info").Key("Title").Text()
	var lines []line
	left := maxStrokes
	fonts := map[string]*font{}
	pages := r.NumPage()
	if pages > maxPages {
		pages, doc.Cut = maxPages, true
	}
	for i := 1; i <= pages && left > 0; i++ {
		page := r.Page(i)
		if page.V.IsNull() {
			continue
		}
		p := pageReader{fonts: fonts, left: left}
		contents := page.V.Key("Contents")
		if contents.Kind() == pdf.Array {
			for k := range contents.Len() {
				p.read(contents.Index(k), page.Resources(), 0)
			}
		} else {
			p.read(contents, page.Resources(), 0)
		}
		left = p.left
		lines = append(lines, layOut(p.strokes)...)
	}
	doc.Cut = doc.Cut || left <= 0
	doc.Text = render(lines)
	return nil
}

// matrix is [a b c d e f] of §8.3.3.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// pageReader follows the text operators of a page.
type pageReader struct {
	fonts   map[string]*font
	left    int
	strokes []stroke

	page       matrix
	stack      []matrix
	text, line matrix
	font       *font
	size       float64
	leading    float64
}

func (p *pageReader) read(stream, resources pdf.Value, depth int) {
	if stream.Kind() != pdf.Stream || depth > maxForms {
		return
	}
	if depth == 0 && p.page == (matrix{}) {
		p.page = identity
	}
	pdf.Interpret(stream, func(stk *pdf.Stack, operator string) {
		n := stk.Len()
		args := make([]pdf.Value, n)
		for i := n - 1; i >= 0; i-- {
			args[i] = stk.Pop()
		}
		if p.left > 0 {
			p.do(operator, args, resources, depth)
		}
	})
}

func numbers(args []pdf.Value) (m matrix, ok bool) {
	if len(args) != 6 {
		return m, false
	}
	for i, a := range args {
		m[i] = a.Float64()
	}
	return m, true
}

func (p *pageReader) do(operator string, args []pdf.Value, resources pdf.Value, depth int) {
	switch operator {
	case "q":
		if len(p.stack) < 256 {
			p.stack = append(p.stack, p.page)
		}
	case "Q":
		if n := len(p.stack); n > 0 {
			p.page, p.stack = p.stack[n-1], p.stack[:n-1]
		}
	case "cm":
		if m, ok := numbers(args); ok {
			p.page = m.times(p.page)
		}
	case "BT":
		p.text, p.line = identity, identity
	case "Tf":
		if len(args) == 2 {
			p.font, p.size = p.fontOf(resources.Key("Font").Key(args[0].Name())), args[1].Float64()
		}
	case "TL":
		if len(args) == 1 {
			p.leading = args[0].Float64()
		}
	case "Td", "TD":
		if len(args) == 2 {
			if operator == "TD" {
				p.leading = -args[1].Float64()
			}
			p.move(args[0].Float64(), args[1].Float64())
		}
	case "Tm":
		if m, ok := numbers(args); ok {
			p.text, p.line = m, m
		}
	case "T*":
		p.move(0, -p.leading)
	case "'", `"`:
		p.move(0, -p.leading)
		fallthrough
	case "Tj":
		if len(args) > 0 {
			p.show(args[len(args)-1].RawString())
		}
	case "TJ":
		if len(args) == 1 {
			p.showAll(args[0])
		}
	case "Do":
		if len(args) == 1 {
			p.form(resources.Key("XObject").Key(args[0].Name()), resources, depth)
		}
	}
}

func (p *pageReader) form(form, outer pdf.Value, depth int) {
	if form.Key("Subtype").Name() != "Form" {
		return
	}
	inner := form.Key("Resources")
	if inner.IsNull() {
		inner = outer
	}
	saved := p.page
	if m := form.Key("Matrix"); m.Len() == 6 {
		var f matrix
		for i := range f {
			f[i] = m.Index(i).Float64()
		}
		p.page = f.times(p.page)
	}
	p.read(form, inner, depth+1)
	p.page = saved
}

func (p *pageReader) move(x, y float64) {
	p.line = matrix{1, 0, 0, 1, x, y}.times(p.line)
	p.text = p.line
}

func (p *pageReader) showAll(pieces pdf.Value) {
	for i := range pieces.Len() {
		piece := pieces.Index(i)
		if kind := piece.Kind(); kind == pdf.String {
			p.show(piece.RawString())
		} else if kind == pdf.Integer || kind == pdf.Real {
			p.text = matrix{1, 0, 0, 1, -piece.Float64() / 1000 * p.size, 0}.times(p.text)
		}
	}
}

func (p *pageReader) show(raw string) {
	if p.font == nil || raw == "" {
		return
	}
	text, width := p.font.decode(raw)
	at := p.text.times(p.page)
	p.text = matrix{1, 0, 0, 1, width * p.size, 0}.times(p.text)
	end := p.text.times(p.page)
	if strings.TrimSpace(text) == "" && text != " " {
		return
	}
	p.left--
	p.strokes = append(p.strokes, stroke{text: text, x: at[4], y: at[5], size: math.Abs(p.size) * math.Hypot(at[2], at[3]), end: end[4]})
}

// line is what stands beside one another on a page.
type line struct {
	text string
	size float64
	gap  bool // a paragraph begins
	row  bool // it stands in columns, as in a table
}

// layOut puts the strokes of a page into lines, from top to bottom.
func layOut(strokes []stroke) []line {
	slices.SortStableFunc(strokes, func(a, b stroke) int {
		switch {
		case a.y > b.y:
			return -1
		case a.y < b.y:
			return 1
		}
		return 0
	})
	var out []line
	last := math.Inf(1)
	for i := 0; i < len(strokes); {
		j, size := i+1, strokes[i].size
		for j < len(strokes) && strokes[i].y-strokes[j].y < 0.5*max(size, 1) {
			size = max(size, strokes[j].size)
			j++
		}
		row := strokes[i:j]
		slices.SortStableFunc(row, func(a, b stroke) int {
			switch {
			case a.x < b.x:
				return -1
			case a.x > b.x:
				return 1
			}
			return 0
		})
		var b strings.Builder
		columns := false
		for k, s := range row {
			if k > 0 {
				switch apart := s.x - row[k-1].end; {
				case apart > 1.5*size:
					columns = true
					b.WriteString(" | ")
				case apart > 0.2*size && !strings.HasSuffix(b.String(), " "):
					b.WriteByte(' ')
				}
			}
			b.WriteString(s.text)
		}
		if text := strings.TrimSpace(radicals(b.String())); text != "" {
			out = append(out, line{text: text, size: size, gap: last-strokes[i].y > 1.9*size, row: columns})
			last = strokes[i].y
		}
		i = j
	}
	return out
}

// radicals turns the signs for parts of characters (U+2E80 to U+2FDF) into the
// characters themselves: many fonts' maps name the former where both look alike.
func radicals(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x2e80 && r <= 0x2fdf {
			if c := []rune(norm.NFKC.String(string(r))); len(c) == 1 {
				return c[0]
			}
		}
		return r
	}, s)
}

// render writes lines as Markdown. Lines of one paragraph are joined, without
// a space between Chinese characters.
func render(lines []line) string {
	body := usualSize(lines)
	var b strings.Builder
	for i, l := range lines {
		heading := l.size > 1.15*body && len([]rune(l.text)) <= 60
		switch {
		case heading && l.size > 1.6*body:
			b.WriteString("\n\n# " + l.text + "\n\n")
		case heading:
			b.WriteString("\n\n## " + l.text + "\n\n")
		case i > 0 && (l.gap || listed(l.text) || l.row || lines[i-1].row):
			b.WriteString("\n\n" + l.text)
		default:
			if so := b.String(); i > 0 && so != "" && !strings.HasSuffix(so, "\n") && (so[len(so)-1] < 0x80 || l.text[0] < 0x80) {
				b.WriteByte(' ')
			}
			b.WriteString(l.text)
		}
	}
	return b.String()
}

// listed tells whether a line begins a point of a list.
func listed(s string) bool {
	return strings.HasPrefix(s, "•") || strings.HasPrefix(s, "- ") || strings.HasPrefix(s, "·") ||
		len(s) > 2 && s[0] >= '0' && s[0] <= '9' && (s[1] == '.' || strings.HasPrefix(s[1:], "、"))
}

// usualSize is the size that most characters have.
func usualSize(lines []line) float64 {
	count := map[float64]int{}
	best, most := 0.0, 0
	for _, l := range lines {
		size := math.Round(l.size*2) / 2
		if count[size] += len(l.text); count[size] > most {
			best, most = size, count[size]
		}
	}
	return best
}

func (p *pageReader) fontOf(v pdf.Value) *font {
	if v.IsNull() {
		return nil
	}
	key := v.String()
	if f, ok := p.fonts[key]; ok {
		return f
	}
	f := newFont(v)
	if len(p.fonts) < 1_000 {
		p.fonts[key] = f
	}
	return f
}
