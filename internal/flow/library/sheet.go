package library

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// The simple form of FAQs as a table: one FAQ a row, a heading row first.
// Headings are these words or their Chinese names; only question and answer
// must be there. Several ways of asking stand in one cell, one a line.
var columns = []struct{ name, chinese string }{
	{"id", "编号"},
	{"category", "分类"},
	{"question", "问题"},
	{"ways", "问法"},
	{"answer", "答案"},
	{"topic", "主题"},
	{"source_title", "来源"},
	{"source_url", "来源链接"},
	{"valid_from", "生效日期"},
	{"valid_until", "失效日期"},
	{"enabled", "启用"},
}

// MaxSheet is how large a table may be, in bytes.
const MaxSheet = 8 << 20

// RowProblem is why a row cannot be imported. Row counts from 1, the heading
// row included, as spreadsheets do; 0 is the table itself.
type RowProblem struct {
	Row    int
	Column string
	// Code names what is wrong, for pages in other languages.
	Code string
	Msg  string
}

// maxProblems is how many problems are told at once.
const maxProblems = 100

// ReadSheet reads FAQs from CSV. With any problem there is nothing to import.
func (s *Service) ReadSheet(ctx context.Context, account desk.AccountID, data []byte) ([]Draft, []RowProblem, error) {
	rows, problems := readTable(data)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	at, problems := headings(rows[0])
	if len(problems) > 0 {
		return nil, problems, nil
	}
	var drafts []Draft
	for i, row := range rows[1:] {
		if !slices.ContainsFunc(row, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		d, wrong := s.draft(ctx, account, func(column string) string {
			if n, ok := at[column]; ok && n < len(row) {
				return cell(row[n])
			}
			return ""
		})
		for _, w := range wrong {
			w.Row = i + 2
			problems = append(problems, w)
		}
		if len(problems) >= maxProblems {
			return nil, problems[:maxProblems], nil
		}
		drafts = append(drafts, d)
	}
	switch {
	case len(problems) > 0:
		return nil, problems, nil
	case len(drafts) == 0:
		return nil, []RowProblem{{Code: "no_rows", Msg: "the table has no row below its heading"}}, nil
	case len(drafts) > MaxImport:
		return nil, []RowProblem{{Code: "too_many", Msg: "the table has more than 5,000 rows; cut it in two"}}, nil
	}
	return drafts, nil, nil
}

func readTable(data []byte) ([][]string, []RowProblem) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(data) > MaxSheet {
		return nil, []RowProblem{{Code: "too_large", Msg: "the table is larger than 8 MB"}}
	}
	if !utf8.Valid(data) {
		return nil, []RowProblem{{Code: "encoding", Msg: "this is not UTF-8; choose “CSV UTF-8” when you save the table"}}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	first, _, _ := strings.Cut(string(data), "\n")
	if !strings.Contains(first, ",") && strings.ContainsAny(first, ";\t") {
		r.Comma = map[bool]rune{true: '\t', false: ';'}[strings.Contains(first, "\t")]
	}
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, []RowProblem{{Row: wrong.StartLine, Code: "quote", Msg: "a quotation mark is not closed, or stands where none may be"}}
		}
		if err != nil {
			return nil, []RowProblem{{Code: "unreadable", Msg: "the table cannot be read"}}
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, []RowProblem{{Code: "empty", Msg: "the table is empty"}}
	}
	return rows, nil
}

func headings(row []string) (map[string]int, []RowProblem) {
	at := make(map[string]int)
	for n, h := range row {
		h = strings.ToLower(strings.TrimSpace(h))
		for _, c := range columns {
			if h == c.name || h == c.chinese {
				if _, twice := at[c.name]; twice {
					return nil, []RowProblem{{Row: 1, Column: c.name, Code: "twice", Msg: "this column is there twice"}}
				}
				at[c.name] = n
			}
		}
	}
	for _, needed := range []string{"question", "answer"} {
		if _, ok := at[needed]; !ok {
			return nil, []RowProblem{{Row: 1, Column: needed, Code: "missing", Msg: "this column is missing"}}
		}
	}
	return at, nil
}

// draft makes an item of a row. What a row of a known item does not tell stays
// as it is.
func (s *Service) draft(ctx context.Context, account desk.AccountID, value func(string) string) (Draft, []RowProblem) {
	d := Draft{Item: Item{Kind: FAQ, Body: Body{Enabled: true, Origin: "import"}}}
	var problems []RowProblem
	wrong := func(column, msg string) {
		problems = append(problems, RowProblem{Column: column, Code: "bad_" + cmp.Or(column, "row"), Msg: msg})
	}
	if id := value("id"); id != "" {
		if !strings.HasPrefix(id, "faq_") || len(id) > 60 {
			wrong("id", "an id comes from an export; leave it empty for a new entry")
		} else if known, err := s.Get(ctx, account, id); err == nil {
			d.Item = known
		} else {
			wrong("id", "there is no such entry; leave the id empty for a new one")
		}
	}
	if text := strings.TrimSpace(value("answer")); len(d.Answers) == 0 || d.Answers[0].Content.PlainText() != text {
		first := Answer{Content: desk.TextContent(text)}
		if len(d.Answers) > 0 {
			first.Channel, first.Locale = d.Answers[0].Channel, d.Answers[0].Locale
			d.Answers = append([]Answer{first}, d.Answers[1:]...)
		} else {
			d.Answers = []Answer{first}
		}
	}
	d.Title, d.Topic = value("question"), value("topic")
	d.Ways = strings.FieldsFunc(value("ways"), func(r rune) bool { return r == '\n' || r == '\r' })
	d.Source = desk.Source{Title: value("source_title"), URL: value("source_url")}
	for level := range strings.SplitSeq(value("category"), "/") {
		if level = strings.TrimSpace(level); level != "" {
			d.Path = append(d.Path, level)
		}
	}
	if len(d.Path) > 2 {
		wrong("category", "there are two levels of categories: upper / lower")
	}
	var ok bool
	if d.ValidFrom, ok = day(value("valid_from")); !ok {
		wrong("valid_from", "a date looks like 2026-11-30")
	}
	if d.ValidUntil, ok = day(value("valid_until")); !ok {
		wrong("valid_until", "a date looks like 2026-11-30")
	}
	switch strings.ToLower(value("enabled")) {
	case "", "yes", "true", "1", "是":
		d.Enabled = true
	case "no", "false", "0", "否":
		d.Enabled = false
	default:
		wrong("enabled", "this is yes or no")
	}
	if err := d.check(); err != nil && len(problems) == 0 {
		var e *desk.Error
		column := ""
		if asError(err, &e) {
			column, _, _ = strings.Cut(e.Field, "[")
			column = cmp.Or(map[string]string{"title": "question", "answers": "answer", "source": "source_url"}[column], column)
		}
		wrong(column, messageOf(err))
	}
	return d, problems
}

func day(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	for _, form := range []string{time.DateOnly, time.RFC3339, "2006/1/2", "2006-1-2"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// cell takes away the sign that keeps a spreadsheet from computing a text.
func cell(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "'"); ok && rest != "" && strings.ContainsRune("=+-@", rune(rest[0])) {
		return rest
	}
	return s
}

// guarded puts that sign before what a spreadsheet would compute.
func guarded(s string) string {
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

// WriteSheet writes all FAQs as CSV that ReadSheet takes back.
func (s *Service) WriteSheet(ctx context.Context, account desk.AccountID, w io.Writer) error {
	categories, _, err := s.Categories(ctx, account)
	if err != nil {
		return err
	}
	names := make(map[string]string)
	for _, c := range categories {
		names[c.ID] = c.Name
	}
	for _, c := range categories {
		if c.Parent != "" {
			names[c.ID] = names[c.Parent] + " / " + c.Name
		}
	}
	if _, err := io.WriteString(w, "\xef\xbb\xbf"); err != nil {
		return desk.Wrap(desk.Internal, "export knowledge", err)
	}
	out := csv.NewWriter(w)
	var head []string
	for _, c := range columns {
		head = append(head, c.name)
	}
	if err := out.Write(head); err != nil {
		return desk.Wrap(desk.Internal, "export knowledge", err)
	}
	var failed error
	err = s.all(ctx, account, func(it Item) {
		if it.Kind != FAQ || failed != nil {
			return
		}
		row := []string{
			it.ID, names[it.Category], it.Title, strings.Join(it.Ways, "\n"), it.Answers[0].Content.PlainText(), it.Topic,
			it.Source.Title, it.Source.URL, writeDay(it.ValidFrom), writeDay(it.ValidUntil), strconv.FormatBool(it.Enabled),
		}
		for i := range row {
			row[i] = guarded(row[i])
		}
		failed = out.Write(row)
	})
	if err == nil {
		err = failed
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

func writeDay(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.Truncate(24 * time.Hour)):
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}
