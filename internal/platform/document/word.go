package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
)

// sniffPacked tells Word from Excel by the parts inside (ECMA-376, part 2).
func sniffPacked(data []byte) (Kind, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", damaged(err)
	}
	for _, f := range z.File {
		switch f.Name {
		case "word/document.xml":
			return Word, nil
		case "xl/workbook.xml":
			return Excel, nil
		}
	}
	return "", desk.E(desk.Unsupported, op, "packed files cannot be read; unpack it first")
}

// readWord reads the main text of a WordprocessingML package (ECMA-376, part 1, §17).
func readWord(data []byte, doc *Document) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	levels, err := headingStyles(z)
	if err != nil {
		return err
	}
	if err := eachElement(z, "docProps/core.xml", func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "title" {
			return d.DecodeElement(&doc.Title, &e)
		}
		return nil
	}); err != nil {
		return err
	}
	w := wordReader{levels: levels}
	part, err := openPart(z, "word/document.xml")
	if err != nil {
		return err
	}
	d := xml.NewDecoder(part)
	for w.out.Len() <= MaxText {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		w.take(token)
	}
	doc.Text, doc.Cut = w.out.String(), w.out.Len() > MaxText
	return nil
}

// headingStyles says which paragraph styles are headings, and of which level:
// their ids differ between languages of Word, their names do not.
func headingStyles(z *zip.Reader) (map[string]int, error) {
	levels := map[string]int{}
	id := ""
	err := eachElement(z, "word/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "style":
			id = attribute(e, "styleId")
		case "name":
			name := strings.ToLower(attribute(e, "val"))
			if n, err := strconv.Atoi(strings.TrimPrefix(name, "heading ")); err == nil && n >= 1 && n <= 9 {
				levels[id] = n
			} else if name == "title" {
				levels[id] = 1
			}
		}
		return nil
	})
	return levels, err
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// openPart opens a part of the package; nil, nil if there is none of that name.
func openPart(z *zip.Reader, name string) (io.Reader, error) {
	for _, f := range z.File {
		if f.Name == name {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			return io.LimitReader(r, maxPart), nil // in memory: closing would release nothing
		}
	}
	return nil, nil
}

func eachElement(z *zip.Reader, name string, do func(*xml.Decoder, xml.StartElement) error) error {
	part, err := openPart(z, name)
	if err != nil || part == nil {
		return err
	}
	d := xml.NewDecoder(part)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := do(d, e); err != nil {
				return err
			}
		}
	}
}

// wordReader turns the elements of a text into Markdown as they come.
type wordReader struct {
	levels map[string]int
	out    strings.Builder

	paragraph strings.Builder
	level     int  // of the heading; 0 is none
	item      bool // of a list
	text      bool // inside of a run's text
	hidden    int  // depth inside of what is not shown
	tables    int  // depth of tables
	row       []string
	rows      int
	cell      strings.Builder
}

func (w *wordReader) take(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		if w.hidden > 0 || unseen(t.Name.Local) {
			w.hidden++
			return
		}
		w.open(t)
	case xml.EndElement:
		if w.hidden > 0 {
			w.hidden--
			return
		}
		w.close(t.Name.Local)
	case xml.CharData:
		if w.text && w.hidden == 0 {
			w.paragraph.Write(t)
		}
	}
}

// unseen are deleted text, fields' instructions, and the second form of drawings.
func unseen(name string) bool {
	return name == "del" || name == "instrText" || name == "Fallback" || name == "moveFrom"
}

func (w *wordReader) open(e xml.StartElement) {
	switch e.Name.Local {
	case "pStyle":
		w.level = w.levels[attribute(e, "val")]
	case "outlineLvl":
		if n, err := strconv.Atoi(attribute(e, "val")); err == nil && n >= 0 && n < 9 {
			w.level = n + 1
		}
	case "numPr":
		w.item = true
	case "t":
		w.text = true
	case "tab":
		w.paragraph.WriteByte(' ')
	case "br", "cr":
		w.paragraph.WriteByte('\n')
	case "tbl":
		w.tables++
		if w.tables == 1 {
			w.rows = 0
			w.out.WriteByte('\n')
		}
	}
}

func (w *wordReader) close(name string) {
	switch name {
	case "t":
		w.text = false
	case "p":
		w.endParagraph()
	case "tc":
		if w.tables == 1 {
			w.row = append(w.row, strings.ReplaceAll(strings.Join(strings.Fields(w.cell.String()), " "), "|", `\|`))
			w.cell.Reset()
		}
	case "tr":
		if w.tables == 1 {
			w.endRow()
		}
	case "tbl":
		if w.tables--; w.tables == 0 {
			w.out.WriteByte('\n')
		}
	}
}

func (w *wordReader) endParagraph() {
	text := strings.TrimSpace(w.paragraph.String())
	switch {
	case text == "":
	case w.tables > 0:
		w.cell.WriteString(text + " ")
	case w.level > 0:
		w.out.WriteString("\n" + strings.Repeat("#", min(w.level, 6)) + " " + strings.ReplaceAll(text, "\n", " ") + "\n\n")
	case w.item:
		w.out.WriteString("- " + strings.ReplaceAll(text, "\n", " ") + "\n")
	default:
		w.out.WriteString("\n" + text + "\n")
	}
	w.paragraph.Reset()
	w.level, w.item = 0, false
}

func (w *wordReader) endRow() {
	if len(w.row) == 0 {
		return
	}
	w.out.WriteString("| " + strings.Join(w.row, " | ") + " |\n")
	if w.rows++; w.rows == 1 {
		w.out.WriteString("|" + strings.Repeat(" --- |", len(w.row)) + "\n")
	}
	w.row = w.row[:0]
}
