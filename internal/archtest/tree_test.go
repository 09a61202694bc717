package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "yingda.dev"

// tree is the parsed Go source of the repository, or of a made-up one.
type tree struct {
	fset  *token.FileSet
	files []*file // sorted by path
}

// file is one Go file. Path is relative to the repository, with slashes.
type file struct {
	path      string
	dir       string // "internal/desk"
	test      bool
	generated bool
	lines     int
	ast       *ast.File
	imports   []imported
}

type imported struct {
	path  string
	alias string
	line  int
}

// ours is the import's folder in this repository; empty if it is not ours.
func (i imported) ours() string {
	if i.path == module {
		return "."
	}
	dir, ok := strings.CutPrefix(i.path, module+"/")
	if !ok {
		return ""
	}
	return dir
}

var generatedMark = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// parseTree parses sources by path.
func parseTree(t *testing.T, sources map[string][]byte) *tree {
	t.Helper()
	tr := &tree{fset: token.NewFileSet()}
	for p, src := range sources {
		parsed, err := parser.ParseFile(tr.fset, p, src, parser.ParseComments)
		require.NoError(t, err)
		f := &file{
			path: p, dir: path.Dir(p), test: strings.HasSuffix(p, "_test.go"), generated: generatedMark.Match(src),
			lines: bytes.Count(src, []byte("\n")), ast: parsed,
		}
		for _, spec := range parsed.Imports {
			at, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			im := imported{path: at, line: tr.fset.Position(spec.Pos()).Line}
			if spec.Name != nil {
				im.alias = spec.Name.Name
			}
			f.imports = append(f.imports, im)
		}
		tr.files = append(tr.files, f)
	}
	slices.SortFunc(tr.files, func(a, b *file) int { return strings.Compare(a.path, b.path) })
	return tr
}

// repository parses cmd and internal of this repository.
func repository(t *testing.T) *tree {
	t.Helper()
	const root = "../.."
	sources := make(map[string][]byte)
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testdata" || d.Name() == "dist"):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(p, ".go"):
				return nil
			}
			src, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, p)
			sources[filepath.ToSlash(rel)] = src
			return err
		})
		require.NoError(t, err)
	}
	require.Greater(t, len(sources), 20, "the walk found too little to be true")
	return parseTree(t, sources)
}

// dirs lists the folders that hold Go files.
func (tr *tree) dirs() []string {
	var dirs []string
	for _, f := range tr.files {
		if !slices.Contains(dirs, f.dir) {
			dirs = append(dirs, f.dir)
		}
	}
	return dirs
}

// in lists the files of one folder.
func (tr *tree) in(dir string) []*file {
	var files []*file
	for _, f := range tr.files {
		if f.dir == dir {
			files = append(files, f)
		}
	}
	return files
}

func (tr *tree) line(n ast.Node) int { return tr.fset.Position(n.Pos()).Line }

// breaches collects what a rule found.
type breaches []string

func (b *breaches) add(f *file, line int, format string, args ...any) {
	*b = append(*b, fmt.Sprintf("%s:%d: %s", f.path, line, fmt.Sprintf(format, args...)))
}

func (b *breaches) say(format string, args ...any) { *b = append(*b, fmt.Sprintf(format, args...)) }

// under reports whether dir is root or lies below it.
func under(dir, root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }

func underAny(dir string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return under(dir, root) })
}
