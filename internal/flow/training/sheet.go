package training

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Row is a line of a sheet: an intent and an example.
type Row struct {
	Line         int
	Intent, Text string
}

// RowError is a line that cannot be taken.
type RowError struct {
	Line int
	// Reason is a short code, Message the words for it.
	Reason, Message string
	// Text is what the line says, cut.
	Text string
}

// Why a line cannot be taken.
const (
	RowColumns = "columns"
	RowIntent  = "intent"
	RowText    = "text"
	RowBroken  = "broken"
)

const (
	// MaxSheet bounds a sheet, in bytes.
	MaxSheet = 16 << 20
	maxRows  = 200_000
	// maxShown bounds what is shown of each sort of trouble; all of it counts.
	maxShown = 200
)

// ReadSheet reads lines of intent and example: comma-separated with quotes, or
// separated by tabs, whichever the first line looks like. A first line of
// headings is passed over.
func ReadSheet(data []byte) (rows []Row, bad []RowError, err error) {
	const op = "read sheet"
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > MaxSheet:
		return nil, nil, desk.InvalidField(op, "text", "the sheet is larger than 16 MB")
	case !utf8.Valid(data):
		return nil, nil, desk.InvalidField(op, "text", "the sheet is not UTF-8 text; save it as “CSV UTF-8”")
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	take := func(line int, fields []string) {
		r := Row{Line: line}
		if len(fields) > 0 {
			r.Intent = strings.TrimSpace(fields[0])
		}
		if len(fields) > 1 {
			r.Text = fields[1]
		}
		switch {
		case strings.TrimSpace(strings.Join(fields, "")) == "":
			return
		case len(rows)+len(bad) == 0 && heading(r):
			return
		case len(fields) < 2:
			bad = append(bad, RowError{Line: line, Reason: RowColumns, Message: "a line is an intent and an example", Text: cut(r.Intent)})
			return
		}
		if clean, why := cleanExample(r.Text); why != "" {
			bad = append(bad, RowError{Line: line, Reason: RowText, Message: why, Text: cut(r.Text)})
		} else if r.Text = clean; r.Intent == "" {
			bad = append(bad, RowError{Line: line, Reason: RowIntent, Message: "the intent is missing", Text: cut(r.Text)})
		} else {
			rows = append(rows, r)
		}
	}
	if bytes.ContainsRune(first, '\t') {
		n := 0
		for l := range strings.Lines(string(data)) {
			n++
			take(n, strings.Split(strings.TrimRight(l, "\r\n"), "\t"))
		}
	} else {
		bad = append(bad, readCommas(data, take)...)
	}
	if len(rows) > maxRows {
		return nil, nil, desk.InvalidField(op, "text", "the sheet has more than 200,000 lines")
	}
	return rows, bad, nil
}

func readCommas(data []byte, take func(int, []string)) (bad []RowError) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return bad
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			return append(bad, RowError{Line: broken.Line, Reason: RowBroken, Message: "the quotes of this line do not end"})
		}
		line, _ := r.FieldPos(0)
		take(line, fields)
	}
}

func heading(r Row) bool {
	label, t := strings.ToLower(r.Intent), strings.ToLower(strings.TrimSpace(r.Text))
	return slices.Contains([]string{"intent", "label", "category", "name", "意图", "意图名", "标签", "分类"}, label) &&
		slices.Contains([]string{"text", "example", "examples", "utterance", "query", "例句", "文本", "说法", "问法", "语料"}, t)
}

func cut(s string) string {
	if utf8.RuneCountInString(s) > 60 {
		return string([]rune(s)[:60]) + "…"
	}
	return s
}

// Imported is what a sheet holds, or what became of it.
type Imported struct {
	// Rows are lines with an example, Added those that are new.
	Rows, Added int
	// Duplicates are lines whose example its intent has already, here or before.
	Duplicates int
	// Created are the names of intents that are new, in the order of the sheet.
	Created []string
	// Errors are lines that cannot be taken, and ErrorCount how many there are.
	Errors     []RowError
	ErrorCount int
	// Clashes are examples that would stand under more than one intent, and ClashCount how many.
	Clashes    []Clash
	ClashCount int
	// Done is set if it was kept.
	Done bool
}

// Import takes a sheet's examples. With look only, nothing is kept. A sheet
// with lines that cannot be taken is kept only with partly.
func (s *Service) Import(ctx context.Context, by desk.By, data []byte, look, partly bool) (out Imported, err error) {
	const op = "import intents"
	rows, bad, err := ReadSheet(data)
	if err != nil {
		return out, err
	}
	if len(rows) == 0 && len(bad) == 0 {
		return out, desk.InvalidField(op, "text", "the sheet is empty")
	}
	err = s.write(ctx, by, op, func(w *writing) (unit, error) {
		plan, err := planImport(w.list, rows, bad)
		if err != nil {
			return nil, err
		}
		out = plan.report
		if look || out.Added == 0 || out.ErrorCount > 0 && !partly {
			return nil, nil
		}
		return func(ctx context.Context, tx *store.Tx) error {
			return once(ctx, tx, by, op, func() error {
				for _, c := range plan.changes {
					if c.after.ID == "" {
						c.after.ID = s.deps.IDs.Other("int")
					}
					if _, err := w.put(ctx, tx, c.before, c.after); err != nil {
						return err
					}
				}
				out.Done = true
				return nil
			})
		}, nil
	})
	return out, err
}

// importing is what an import would do.
type importing struct {
	report  Imported
	changes []intentChange
}

type intentChange struct{ before, after Intent }

// planImport finds the intents that the lines mean, by name or title, and what
// they would change.
func planImport(have []Intent, rows []Row, bad []RowError) (p importing, err error) {
	byLabel := make(map[string]int) // index of changes
	names := make(map[string]bool)
	known := make(map[string]int)
	for n, i := range have {
		names[i.Name] = true
		known[text.Normalize(i.Title)] = n
	}
	for n, i := range have {
		known[i.Name] = n
	}
	has := make(map[string]map[string]bool) // by label of the sheet
	p.report.Rows = len(rows)
	for _, r := range rows {
		at, ok := byLabel[r.Intent]
		if !ok {
			var c intentChange
			if n, found := lookUp(known, r.Intent); found {
				c.before, c.after = have[n], have[n]
				c.after.Examples = slices.Clone(have[n].Examples)
			} else {
				c.after = Intent{Title: r.Intent, Name: freeName(names, nameOf(r.Intent)), Enabled: true}
				names[c.after.Name] = true
			}
			at = len(p.changes)
			byLabel[r.Intent] = at
			seen := make(map[string]bool, len(c.after.Examples))
			for _, e := range c.after.Examples {
				seen[text.Normalize(e)] = true
			}
			has[r.Intent] = seen
			p.changes = append(p.changes, c)
		}
		key := text.Normalize(r.Text)
		if has[r.Intent][key] {
			p.report.Duplicates++
			continue
		}
		has[r.Intent][key] = true
		p.changes[at].after.Examples = append(p.changes[at].after.Examples, r.Text)
		p.report.Added++
	}
	return p, p.finish(have, bad)
}

// finish checks what changes and fills the report in.
func (p *importing) finish(have []Intent, bad []RowError) error {
	const op = "import intents"
	all := slices.Clone(have)
	kept := p.changes[:0]
	for _, c := range p.changes {
		if len(c.after.Examples) == len(c.before.Examples) && c.before.ID != "" {
			continue
		}
		title := c.after.Title
		if err := clean(op, &c.after); err != nil {
			if e, ok := errors.AsType[*desk.Error](err); ok {
				e.Field, e.Msg = "text", fmt.Sprintf("intent %s: %s", cut(title), e.Msg)
			}
			return err
		}
		if c.before.ID == "" {
			p.report.Created = append(p.report.Created, c.after.Name)
			all = append(all, c.after)
		} else {
			all[slices.IndexFunc(all, func(i Intent) bool { return i.ID == c.after.ID })] = c.after
		}
		kept = append(kept, c)
	}
	p.changes = kept
	clashes := Clashes(all)
	p.report.ClashCount, p.report.Clashes = len(clashes), clashes[:min(len(clashes), maxShown)]
	p.report.ErrorCount, p.report.Errors = len(bad), bad[:min(len(bad), maxShown)]
	return nil
}

func lookUp(known map[string]int, label string) (int, bool) {
	if n, ok := known[label]; ok {
		return n, true
	}
	n, ok := known[text.Normalize(label)]
	return n, ok
}

// freeName is the name, or with a number behind it if it is taken.
func freeName(taken map[string]bool, name string) string {
	if name == "" {
		name = "intent"
	}
	for n, free := 2, name; ; n++ {
		if !taken[free] {
			return free
		}
		free = fmt.Sprintf("%s_%d", name[:min(len(name), 54)], n)
	}
}

// Export writes the account's examples as lines of intent, tab, example; of
// built-in intents those that were changed.
func (s *Service) Export(ctx context.Context, account desk.AccountID) (string, error) {
	all, err := s.Intents(ctx, account)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("intent\ttext\n")
	for _, i := range all {
		if i.Builtin && i.Version == 0 {
			continue
		}
		for _, e := range i.Examples {
			b.WriteString(i.Name + "\t" + e + "\n")
		}
	}
	return b.String(), nil
}
