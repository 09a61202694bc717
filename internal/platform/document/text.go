package document

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// decode reads text in the encodings that office programs write: UTF-8, UTF-16
// with its mark, and GB 18030, which Excel writes on Chinese computers.
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		return string(out), err
	case utf8.Valid(data):
		return string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), nil
	default:
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		return string(out), err
	}
}

// readCSV reads a table of text. Its separator is what the first line has most of.
func readCSV(data []byte, doc *Document) error {
	text, err := decode(data)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	for _, c := range []rune{';', '\t'} {
		if strings.Count(first, string(c)) > strings.Count(first, string(r.Comma)) {
			r.Comma = c
		}
	}
	t := sheet{doc: doc}
	for !t.full() {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		t.add(row)
	}
	t.finish()
	return nil
}

// sheet gathers rows within the bounds.
type sheet struct {
	doc   *Document
	width int
}

func (t *sheet) full() bool {
	if len(t.doc.Rows) >= MaxRows {
		t.doc.Cut = true
		return true
	}
	return false
}

func (t *sheet) add(row []string) {
	if len(row) > MaxColumns {
		row, t.doc.Cut = row[:MaxColumns], true
	}
	cells, filled := make([]string, len(row)), 0
	for i, cell := range row {
		if cell = strings.TrimSpace(strings.ToValidUTF8(cell, "")); len(cell) > MaxCell {
			cell, t.doc.Cut = clip(cell, MaxCell), true
		}
		if cells[i] = strings.ReplaceAll(cell, "\x00", ""); cells[i] != "" {
			filled = i + 1
		}
	}
	if filled > 0 {
		t.width = max(t.width, filled)
		t.doc.Rows = append(t.doc.Rows, cells[:filled])
	}
}

// finish makes all rows as wide as the widest.
func (t *sheet) finish() {
	for i, row := range t.doc.Rows {
		for len(row) < t.width {
			row = append(row, "")
		}
		t.doc.Rows[i] = row
	}
}
