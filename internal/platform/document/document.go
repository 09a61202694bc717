package document

import (
	"bytes"
	"errors"
	"path"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// The bounds of a file.
const (
	MaxSize    = 20 << 20  // bytes of the file
	MaxText    = 2 << 20   // bytes of text that are taken from it
	MaxRows    = 20_000    // rows of a table
	MaxColumns = 64        // columns of a table
	MaxCell    = 20_000    // bytes of a cell
	maxUnpack  = 200 << 20 // bytes of what a packed file holds, all parts together
	maxPart    = 64 << 20  // bytes of one part of it
)

// Kind is what a file is.
type Kind string

// The kinds that can be read.
const (
	Markdown Kind = "markdown"
	Plain    Kind = "text"
	HTML     Kind = "html"
	Word     Kind = "word"
	PDF      Kind = "pdf"
	Excel    Kind = "excel"
	CSV      Kind = "csv"
)

// Document is what a file says.
type Document struct {
	Kind Kind `json:"kind"`
	// Title is what the file calls itself, else its first heading, else its name
	// without the ending.
	Title string `json:"title"`
	// Text is Markdown. Empty if the file is a table.
	Text string `json:"text,omitempty"`
	// Rows are the filled rows of a table's first sheet, without the white space
	// around each cell. All have the same length.
	Rows [][]string `json:"rows,omitempty"`
	// Cut tells that the file holds more than the bounds let through.
	Cut bool `json:"cut,omitempty"`
}

const op = "read document"

// Read reads a file. name is what its sender calls it. A file that is damaged,
// locked by a password or too large is Invalid, one of another kind Unsupported.
func Read(name string, data []byte) (doc Document, err error) {
	defer func() {
		// The readers of packed formats trust their input more than we do.
		if r := recover(); r != nil {
			doc, err = Document{}, damaged(nil)
		}
	}()
	switch {
	case len(data) == 0:
		return Document{}, desk.E(desk.Invalid, op, "the file is empty")
	case len(data) > MaxSize:
		return Document{}, desk.E(desk.Invalid, op, "the file is larger than 20 MiB")
	}
	kind, err := sniff(name, data)
	if err != nil {
		return Document{}, err
	}
	doc.Kind = kind
	switch kind {
	case Excel:
		err = readExcel(data, &doc)
	case CSV:
		err = readCSV(data, &doc)
	case Word:
		err = readWord(data, &doc)
	case PDF:
		err = readPDF(data, &doc)
	case HTML:
		err = readHTML(data, &doc)
	default:
		doc.Text, err = decode(data)
	}
	if err != nil {
		if _, known := errors.AsType[*desk.Error](err); known {
			return Document{}, err
		}
		return Document{}, damaged(err)
	}
	doc.finish(name)
	if doc.Text == "" && len(doc.Rows) == 0 {
		return Document{}, desk.E(desk.Invalid, op, "there is no text in the file; pages that are pictures of text cannot be read")
	}
	return doc, nil
}

func damaged(err error) error {
	return &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the file is damaged and cannot be read", Err: err}
}

// finish brings text and title into their form.
func (d *Document) finish(name string) {
	if len(d.Text) > MaxText {
		d.Text, d.Cut = clip(d.Text, MaxText), true
	}
	d.Text = tidy(d.Text)
	if d.Title = strings.TrimSpace(d.Title); d.Title == "" {
		for line := range strings.Lines(d.Text) {
			if heading, ok := strings.CutPrefix(line, "# "); ok {
				d.Title = strings.TrimSpace(heading)
				break
			}
		}
	}
	if d.Title == "" {
		base := path.Base(strings.ReplaceAll(name, `\`, "/"))
		d.Title = strings.TrimSuffix(base, path.Ext(base))
	}
	d.Title = clip(tidy(strings.Join(strings.Fields(d.Title), " ")), 300)
}

// tidy removes what no reader sees: control characters, spaces at the ends of
// lines, more than one empty line.
func tidy(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	empty := 0
	for line := range strings.Lines(s) {
		line = strings.TrimRight(strings.Map(func(r rune) rune {
			if r == '\t' {
				return ' '
			}
			if r < ' ' || r == 0x7f || r == 0xfeff || r == utf8.RuneError {
				return -1
			}
			return r
		}, line), " \u3000")
		if line == "" {
			empty++
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
			if empty > 0 {
				b.WriteByte('\n')
			}
		}
		empty = 0
		b.WriteString(line)
	}
	return b.String()
}

// clip is the beginning of s, at most n bytes, ending with a whole character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// sniff tells what a file is by its first bytes, and where those do not tell by
// its name.
func sniff(name string, data []byte) (Kind, error) {
	ending := strings.ToLower(path.Ext(name))
	head := data[:min(len(data), 1024)]
	switch {
	case bytes.Contains(head, []byte("%PDF-")):
		return PDF, nil
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return sniffPacked(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return "", desk.E(desk.Unsupported, op, "files of Word or Excel before 2007, or with a password, cannot be read; save it as .docx or .xlsx without one")
	case binary(head):
		return "", desk.E(desk.Unsupported, op, "this kind of file cannot be read; use Word, PDF, Excel, CSV, HTML, Markdown or text")
	}
	start := strings.ToLower(strings.TrimLeft(string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), " \r\n\t"))
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), ending == ".html", ending == ".htm":
		return HTML, nil
	case ending == ".csv", ending == ".tsv":
		return CSV, nil
	case ending == ".md", ending == ".markdown":
		return Markdown, nil
	default:
		return Plain, nil
	}
}

// binary tells whether these are not the first bytes of a text: UTF-16 with its
// mark is one, anything else with a zero is not.
func binary(head []byte) bool {
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return false
	}
	return bytes.IndexByte(head, 0) >= 0
}
