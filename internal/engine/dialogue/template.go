package dialogue

import (
	"encoding/json"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// piece is a run of text, or a variable with what stands in for it.
type piece struct {
	text     string
	path     []string // variable
	fallback string
	hasElse  bool
}

// Template is a text with variables: "您好，{{contact.name|亲}}".
type Template struct {
	Source string
	pieces []piece
}

// Empty reports whether nothing was written.
func (t Template) Empty() bool { return t.Source == "" }

var path = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(?:\.[\p{L}\p{N}_-]+){0,8}$`)

// parseTemplate cuts a text into pieces; the key of a problem is empty if there is none.
func parseTemplate(source string) (t Template, problem, detail string) {
	t.Source = source
	rest := source
	for rest != "" {
		before, after, found := strings.Cut(rest, "{{")
		if before != "" {
			t.pieces = append(t.pieces, piece{text: before})
		}
		if !found {
			break
		}
		inside, tail, closed := strings.Cut(after, "}}")
		if !closed || strings.Contains(inside, "{{") {
			return t, "template_open", ""
		}
		variable, fallback, hasElse := strings.Cut(inside, "|")
		variable = strings.TrimSpace(variable)
		if !path.MatchString(variable) {
			return t, "template_name", variable
		}
		t.pieces = append(t.pieces, piece{path: strings.Split(variable, "."), fallback: strings.TrimSpace(fallback), hasElse: hasElse})
		rest = tail
	}
	return t, "", ""
}

// render fills in the variables.
func (t Template) render(v values) string {
	var b strings.Builder
	for _, p := range t.pieces {
		if p.path == nil {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(v.text(p))
	}
	return b.String()
}

// Text is a piece of something to be sent: words, or the place of a secret.
type Text []Part

// Part is a run of words or the name of a secret; exactly one is set.
type Part struct {
	Words  string `json:"words,omitempty"`
	Secret string `json:"secret,omitempty"`
}

// String shows secrets by their name only.
func (t Text) String() string {
	var b strings.Builder
	for _, p := range t {
		if p.Secret != "" {
			b.WriteString("{{secret." + p.Secret + "}}")
		} else {
			b.WriteString(p.Words)
		}
	}
	return b.String()
}

// Fill puts secrets in; false if one is not known.
func (t Text) Fill(secret func(string) (string, bool)) (string, bool) {
	var b strings.Builder
	for _, p := range t {
		if p.Secret == "" {
			b.WriteString(p.Words)
			continue
		}
		v, ok := secret(p.Secret)
		if !ok {
			return p.Secret, false
		}
		b.WriteString(v)
	}
	return b.String(), true
}

// parts fills in the variables, escaped, and leaves the places of secrets.
func (t Template) parts(v values, escape func(before, value string) string) (out Text) {
	var before strings.Builder
	for _, p := range t.pieces {
		switch {
		case p.path == nil:
			out = append(out, Part{Words: p.text})
			before.WriteString(p.text)
		case p.path[0] == "secret" && len(p.path) == 2:
			out = append(out, Part{Secret: p.path[1]})
		default:
			out = append(out, Part{Words: escape(before.String(), v.text(p))})
		}
	}
	return out
}

// inURL escapes a value for the path or, behind a question mark, for the query.
func inURL(before, value string) string {
	if strings.Contains(before, "?") {
		return url.QueryEscape(value)
	}
	// A dot or two would be a step in the path.
	if value == "." || value == ".." {
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}

// inHeader removes what would end a header.
func inHeader(_, value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, value)
}

// values are what variables and conditions may look at.
type values struct {
	vars       map[string]any
	facts      map[string]any
	salutation string
}

// text is a variable's value as people read it, or what stands in for it.
func (v values) text(p piece) string {
	if s := strings.TrimSpace(readable(v.at(p.path))); s != "" {
		return s
	}
	if !p.hasElse && len(p.path) == 2 && p.path[0] == "contact" && p.path[1] == "name" {
		return v.salutation
	}
	return p.fallback
}

// at finds a value by its path; nil if there is none.
func (v values) at(path []string) any {
	var at any
	if own, ok := v.vars[path[0]]; ok {
		at = own
	} else {
		at = v.facts[path[0]]
	}
	for _, step := range path[1:] {
		switch x := at.(type) {
		case map[string]any:
			at = x[step]
		case map[string]string:
			at = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			at = x[i]
		default:
			return nil
		}
	}
	return at
}

func readable(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case int:
		return strconv.Itoa(x)
	case float64:
		if math.Abs(x) < 1e15 {
			return strconv.FormatFloat(x, 'f', -1, 64)
		}
	case []any:
		parts := make([]string, 0, len(x))
		for _, e := range x {
			parts = append(parts, readable(e))
		}
		return strings.Join(parts, "、")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// fill makes JSON of a tree whose strings are Templates. A string that is only
// one variable keeps that variable's type.
func fill(tree any, v values) any {
	switch x := tree.(type) {
	case Template:
		if len(x.pieces) == 1 && x.pieces[0].path != nil {
			if at := v.at(x.pieces[0].path); at != nil {
				return at
			}
		}
		return x.render(v)
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = fill(e, v)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = fill(e, v)
		}
		return out
	}
	return tree
}
