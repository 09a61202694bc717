package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Limits of a file, in lines.
const (
	maxLines     = 600
	maxTestLines = 1200
)

// longFiles may be longer, with the reason. A row that is no longer needed is a breach.
var longFiles = map[string]string{}

// size refuses files nobody can hold in mind.
func size(tr *tree) (b breaches) {
	for _, f := range tr.files {
		limit := maxLines
		if f.test || isSupport(f.dir) {
			limit = maxTestLines
		}
		_, excused := longFiles[f.path]
		switch tooLong := f.lines > limit && !f.generated; {
		case tooLong && !excused:
			b.add(f, f.lines, "size: %d lines, at most %d; split it by idea", f.lines, limit)
		case excused && !tooLong:
			b.add(f, f.lines, "size: it is on the exception list without need; remove the row")
		}
	}
	return b
}

var poorNames = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models", "types", "manager", "managers", "base", "misc", "shared", "lib", "core",
}

// names refuses import aliases, package names that say nothing, and two
// packages with one name.
func names(tr *tree) (b breaches) {
	home := make(map[string]string)
	for _, f := range tr.files {
		name := strings.TrimSuffix(f.ast.Name.Name, "_test")
		switch first, seen := home[name]; {
		case slices.Contains(poorNames, name):
			b.add(f, 1, "names: package %s says nothing; name it by the noun it is about", name)
		case name != "main" && name != path.Base(f.dir):
			b.add(f, 1, "names: package %s lies in folder %s; give both one name", name, path.Base(f.dir))
		case name != "main" && seen && first != f.dir:
			b.add(f, 1, "names: package %s exists in %s too; names are unique so that imports need no alias", name, first)
		default:
			home[name] = f.dir
		}
		for _, im := range f.imports {
			if im.ours() != "" && im.alias != "" {
				b.add(f, im.line, "names: alias %q of our own package; import it under its name", im.alias)
			}
			if im.alias == "." {
				b.add(f, im.line, "names: dot import; write the package's name")
			}
		}
	}
	return b
}

// packageDocs refuses a package without exactly one package comment, in doc.go.
func packageDocs(tr *tree) (b breaches) {
	for _, dir := range tr.dirs() {
		found, product := 0, false
		var first *file
		for _, f := range tr.in(dir) {
			if f.test {
				if f.ast.Doc != nil {
					b.add(f, 1, "docs: a package comment in a test file; move it to doc.go")
				}
				continue
			}
			if first == nil {
				first = f
			}
			product = true
			if f.ast.Doc == nil || f.generated {
				continue
			}
			found++
			if path.Base(f.path) != "doc.go" {
				b.add(f, 1, "docs: the package comment belongs into doc.go")
			}
		}
		if product && found != 1 {
			b.add(first, 1, "docs: %d package comments; write one in doc.go: what it is for, what it is not for, invariants, concurrency, allowed imports", found)
		}
	}
	return b
}

// exportedDocs refuses an exported name without a sentence.
func exportedDocs(tr *tree) (b breaches) {
	for _, f := range tr.files {
		if f.test || f.generated || f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					b.add(f, tr.line(d), "docs: %s has no doc comment; say shapes, units and errors in a sentence", d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					for _, name := range undocumented(d, spec) {
						b.add(f, tr.line(name), "docs: %s has no doc comment; say shapes, units and errors in a sentence", name.Name)
					}
				}
			}
		}
	}
	return b
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	return ast.IsExported(receiver(d))
}

// receiver is the name of a method's type; empty for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	switch g := t.(type) {
	case *ast.IndexExpr:
		t = g.X
	case *ast.IndexListExpr:
		t = g.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func undocumented(d *ast.GenDecl, spec ast.Spec) (names []*ast.Ident) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || len(d.Specs) > 1) {
			names = append(names, s.Name)
		}
	case *ast.ValueSpec:
		// One comment may speak for a group of constants or variables.
		if d.Doc != nil || s.Doc != nil || s.Comment != nil {
			return nil
		}
		for _, n := range s.Names {
			if n.IsExported() {
				names = append(names, n)
			}
		}
	}
	return names
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

// finished refuses notes to self in product code.
func finished(tr *tree) (b breaches) {
	for _, f := range tr.files {
		if f.generated || under(f.dir, "internal/archtest") {
			continue
		}
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if word := unfinished.FindString(c.Text); word != "" {
					b.add(f, tr.line(c), "finished: %s; do it now, or write an issue and say in the comment what is and is not so", word)
				}
			}
		}
	}
	return b
}

var sqlText = regexp.MustCompile(`(?is)^\s*(select\s+\S.*\sfrom\s|insert\s+(or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|(create|alter|drop)\s+(virtual\s+)?(table|index|unique)\s|pragma\s+\w|vacuum\s+into)`)

// sqlAtHome refuses SQL in Go strings outside the store.
func sqlAtHome(tr *tree) (b breaches) {
	for _, f := range tr.files {
		if f.test || f.generated || under(f.dir, "internal/platform/store") || under(f.dir, "internal/archtest") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && sqlText.MatchString(strings.Trim(lit.Value, "`\"")) {
				b.add(f, tr.line(lit), "sql: SQL text outside internal/platform/store; add a query there and a method on the store")
			}
			return true
		})
	}
	return b
}
