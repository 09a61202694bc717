package dialogue

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"yingda.dev/internal/engine/entity"
)

// reader walks a file and notes what is wrong; it never stops at the first.
type reader struct {
	flow     *Flow
	problems []Problem
	steps    int
	uses     []use           // variables that are read
	defined  map[string]bool // variables that something gives a value
	goals    []goal          // states that are gone to
	used     map[string]bool // slots
}

type use struct {
	name string
	node *yaml.Node
	path string
}

type goal struct {
	state string
	node  *yaml.Node
	path  string
}

// maxProblems is how many problems are reported; more help nobody.
const maxProblems = 100

// Parse reads a flow from YAML or JSON. The Flow is nil if a problem is more
// than a warning.
func Parse(source []byte) (*Flow, []Problem) {
	r := &reader{flow: &Flow{}, defined: map[string]bool{}, used: map[string]bool{}}
	root := r.document(source)
	if root != nil {
		r.file(root)
		r.resolve()
	}
	return r.done(source)
}

// Actions reads the operators' form of what an intent does, a JSON list of
// objects with a type, as a flow of the name with one state.
func Actions(list []byte, flowName string) (*Flow, []Problem) {
	r := &reader{flow: &Flow{Name: flowName, Title: flowName, Locale: "zh", Digress: true, Start: "begin"}, defined: map[string]bool{}, used: map[string]bool{}}
	root := r.document(list)
	switch {
	case root == nil:
	case root.Kind != yaml.SequenceNode || !json.Valid(list):
		r.say(root, "actions", "bad_json")
	case len(root.Content) == 0:
		r.say(root, "actions", "no_steps")
	default:
		if !name.MatchString(strings.TrimPrefix(flowName, "@")) {
			r.say(root, "", "bad_name", flowName)
		}
		block := &StateBlock{Name: "begin", Line: root.Line}
		block.Steps = r.stepList(root, "begin", "actions", 0)
		r.flow.States = []*StateBlock{block}
		r.resolve()
	}
	return r.done(list)
}

func (r *reader) done(source []byte) (*Flow, []Problem) {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if Broken(r.problems) {
		return nil, r.problems
	}
	sum := sha256.Sum256(source)
	r.flow.Revision = hex.EncodeToString(sum[:6])
	return r.flow, r.problems
}

// yamlLine finds the line in an error of the YAML reader.
var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func (r *reader) document(source []byte) (root *yaml.Node) {
	if len(source) > MaxSource {
		r.problems = append(r.problems, Problem{Line: 1, Column: 1, Key: "too_large", Args: []any{MaxSource >> 10}})
		return nil
	}
	var doc yaml.Node
	if err := decode(source, &doc); err != nil {
		p := Problem{Line: 1, Column: 1, Key: "syntax", Args: []any{strings.TrimPrefix(err.Error(), "yaml: ")}}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			p.Line, _ = strconv.Atoi(m[1])
			p.Args = []any{m[2]}
		}
		r.problems = append(r.problems, p)
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		r.problems = append(r.problems, Problem{Line: 1, Column: 1, Key: "empty"})
		return nil
	}
	return doc.Content[0]
}

// decode keeps a defect of the YAML reader from ending the program.
func decode(source []byte, doc *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errUnreadable
		}
	}()
	return yaml.Unmarshal(source, doc)
}

type readError string

// Error is the text.
func (e readError) Error() string { return string(e) }

const errUnreadable = readError("the text cannot be read")

func (r *reader) say(n *yaml.Node, path, key string, args ...any) { r.note(n, path, false, key, args) }

func (r *reader) warn(n *yaml.Node, path, key string, args ...any) { r.note(n, path, true, key, args) }

func (r *reader) note(n *yaml.Node, path string, warning bool, key string, args []any) {
	if len(r.problems) >= maxProblems {
		return
	}
	for i, a := range args { // what was written is shown, but not at length
		if s, ok := a.(string); ok && utf8.RuneCountInString(s) > 120 {
			args[i] = string([]rune(s)[:120]) + "…"
		}
	}
	r.problems = append(r.problems, Problem{Warning: warning, Path: path, Line: max(n.Line, 1), Column: max(n.Column, 1), Key: key, Args: args})
}

// field is one entry of a mapping.
type field struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
	path  string
}

// fields reads a mapping whose names are among known (nil: any).
func (r *reader) fields(n *yaml.Node, path, what string, known []string) (out []field) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.say(n, path, "alias")
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.say(n, path, "want_map", what)
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		f := field{key.Value, key, value, strings.TrimPrefix(path+"."+key.Value, ".")}
		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "":
			r.say(key, path, "alias")
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			r.say(value, f.path, "alias")
		case seen[f.name]:
			r.say(key, f.path, "duplicate", f.name)
		case known != nil && !slices.Contains(known, f.name):
			if near := nearestName(f.name, known); near != "" {
				r.say(key, f.path, "did_you_mean", f.name, near)
			} else {
				r.say(key, f.path, "unknown_field", f.name, strings.Join(known, ", "))
			}
		default:
			seen[f.name] = true
			out = append(out, f)
		}
	}
	return out
}

// nearestName guesses what a misspelt name should be.
func nearestName(written string, known []string) string {
	spec := entity.Spec{Kind: entity.List}
	for _, k := range known {
		if len(k) > 3 {
			spec.Items = append(spec.Items, entity.Item{Label: k})
		}
	}
	compiled, err := entity.Compile(spec)
	if err != nil || len(written) > 40 {
		return ""
	}
	if found := entity.Find(compiled, written, time.Time{}); len(found) == 1 {
		near, _ := found[0].Value.(string)
		if len(near) <= len(written)+2 && len(written) <= len(near)+2 {
			return near
		}
	}
	return ""
}

// list reads a sequence, or one entry as a sequence of one.
func (r *reader) list(f field, lone bool) []*yaml.Node {
	if f.value.Kind == yaml.SequenceNode {
		return f.value.Content
	}
	if lone && f.value.Kind == yaml.ScalarNode && f.value.Tag != "!!null" {
		return []*yaml.Node{f.value}
	}
	r.say(f.value, f.path, "want_list", f.name)
	return nil
}

// text reads a plain string.
func (r *reader) text(n *yaml.Node, path, what string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Anchor != "" {
		r.say(n, path, "want_text", what)
		return ""
	}
	s := strings.TrimSpace(n.Value)
	if utf8.RuneCountInString(s) > MaxText {
		r.say(n, path, "too_long", MaxText)
		return ""
	}
	return s
}

// template reads a text with variables. Secrets are refused unless mayKeepSecrets.
func (r *reader) template(n *yaml.Node, path, what string, mayKeepSecrets bool) Template {
	t, problem, detail := parseTemplate(r.text(n, path, what))
	switch problem {
	case "":
	case "template_name":
		r.say(n, path, problem, detail)
	default:
		r.say(n, path, problem)
	}
	for _, p := range t.pieces {
		if p.path == nil {
			continue
		}
		root := p.path[0]
		if root == "secret" {
			if !mayKeepSecrets || len(p.path) != 2 {
				r.say(n, path, "secret_here")
			}
			continue
		}
		r.uses = append(r.uses, use{root, n, path})
	}
	return t
}

func (r *reader) condition(n *yaml.Node, path, what string, also ...string) *Condition {
	source := r.text(n, path, what)
	if source == "" {
		return nil
	}
	c, err := compile(source)
	if err != nil {
		r.say(n, path, "expression", err.Error())
		return nil
	}
	for _, used := range c.names {
		switch {
		case used == "secret":
			r.say(n, path, "secret_here")
		case !slices.Contains(also, used):
			r.uses = append(r.uses, use{used, n, path})
		}
	}
	return c
}

func (r *reader) boolean(f field) bool {
	switch f.value.Value {
	case "true":
		return true
	case "false":
		return false
	}
	r.say(f.value, f.path, "want_bool", f.name)
	return false
}

func (r *reader) number(f field, low, high int) int {
	n, err := strconv.Atoi(f.value.Value)
	if err != nil || n < low || n > high {
		r.say(f.value, f.path, "want_number", f.name, low, high)
		return low
	}
	return n
}

func (r *reader) duration(f field, most time.Duration) time.Duration {
	d, err := time.ParseDuration(f.value.Value)
	if err != nil || d < 100*time.Millisecond || d > most {
		r.say(f.value, f.path, "want_duration", f.name, most.String())
		return most
	}
	return d
}

func (r *reader) names(n *yaml.Node, path string) string {
	s := r.text(n, path, "name")
	if s != "" && !name.MatchString(s) {
		r.say(n, path, "bad_name", s)
		return ""
	}
	return s
}

// facts are variables that the one who drives the flow hands in.
var facts = []string{"contact", "account", "conversation", "page", "today", "now"}

// reserved are names that no slot or variable may have.
var reserved = append([]string{"secret", "value", "body", "status", "true", "false", "nil", "not", "and", "or", "in", "let", "if", "else"}, facts...)

func (r *reader) define(n *yaml.Node, path, variable string) string {
	switch {
	case !name.MatchString(variable):
		r.say(n, path, "bad_name", variable)
		return ""
	case slices.Contains(reserved, variable):
		r.say(n, path, "reserved", variable)
		return ""
	}
	r.defined[variable] = true
	return variable
}

// tree reads JSON whose strings are templates.
func (r *reader) tree(n *yaml.Node, path string, depth int, templates bool) any {
	if depth > 12 || n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.say(n, path, "alias")
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for _, f := range r.fields(n, path, "body", nil) {
			out[f.name] = r.tree(f.value, f.path, depth+1, templates)
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for i, e := range n.Content {
			out = append(out, r.tree(e, path+"["+strconv.Itoa(i)+"]", depth+1, templates))
		}
		return out
	case yaml.ScalarNode:
		switch n.Tag {
		case "!!null":
			return nil
		case "!!bool":
			return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
		case "!!int", "!!float":
			if v, err := strconv.ParseFloat(n.Value, 64); err == nil && v-v == 0 {
				return v
			}
		}
		if templates {
			return r.template(n, path, "value", false)
		}
		return r.text(n, path, "value")
	default:
		return nil
	}
}

// ValidName reports whether something may be a name of a flow, a state, a slot,
// a variable or a secret.
func ValidName(s string) bool { return name.MatchString(s) }

// NameOf finds the name of a flow in a file that may have problems.
func NameOf(source []byte) (string, bool) {
	var doc yaml.Node
	if len(source) > MaxSource || decode(source, &doc) != nil || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return "", false
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if v := root.Content[i+1]; root.Content[i].Value == "flow" && v.Kind == yaml.ScalarNode && ValidName(v.Value) {
			return v.Value, true
		}
	}
	return "", false
}
