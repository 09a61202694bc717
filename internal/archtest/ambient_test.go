package archtest

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// ambientCall is a function that reaches for the world behind the caller's back.
type ambientCall struct {
	pkg   string // import path
	names []string
	homes []string // as in the table homes
	fix   string
}

var ambientCalls = []ambientCall{
	{"time", []string{"Now", "Since", "Until"}, []string{"internal/app", "test"}, "take desk.Clock; app brings the system's"},
	{"time", []string{"Sleep"}, []string{"internal/platform/store/pgtest", "internal/app/bench"}, // other processes give no signal
		"wait for a signal, a channel or a timer that the context can end"},
	{"time", []string{"Tick"}, nil, "use time.NewTicker and stop it"},
	{"context", []string{"Background", "TODO"}, []string{"internal/app", "cmd", "test"}, "take the caller's ctx; for work that outlives a call, Run's"},
	{"os", []string{"Exit"}, []string{"cmd", "test"}, "return an error; only main ends the process"},
	{"os", []string{"Getenv", "LookupEnv", "Environ", "Setenv"}, []string{"internal/app", "cmd", "internal/platform/store/pgtest", "test"}, "take a Config; app reads the environment"},
	{"os", []string{"Stdout", "Stderr", "Stdin"}, []string{"cmd", "test"}, "take a writer or a logger"},
	{"log/slog", []string{"Default", "SetDefault"}, nil, "take a *slog.Logger"},
}

// ambient refuses the clock, randomness, init, stray goroutines and root
// contexts outside their places.
func ambient(tr *tree) (b breaches) {
	for _, f := range tr.files {
		if f.generated {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				for _, rule := range ambientCalls {
					if f.refers(n, rule.pkg) && slices.Contains(rule.names, n.Sel.Name) && !atHome(f, rule.homes) {
						b.add(f, tr.line(n), "ambient: %s; %s", types.ExprString(n), rule.fix)
					}
				}
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					b.add(f, tr.line(n), "ambient: init function; build it in New and let app call that")
				}
			}
			return true
		})
	}
	return b
}

// refers reports whether sel is a name of the imported package.
func (f *file) refers(sel *ast.SelectorExpr, pkg string) bool {
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	for _, im := range f.imports {
		if im.path != pkg {
			continue
		}
		name := im.alias
		if name == "" {
			name = pkg[strings.LastIndexByte(pkg, '/')+1:]
		}
		return id.Name == name
	}
	return false
}

// goroutines refuses a go statement in a package where no type owns goroutines
// by a method Run(ctx) error, and such a package without a leak check.
func goroutines(tr *tree) (b breaches) {
	for _, dir := range tr.dirs() {
		files := tr.in(dir)
		if _, excused := visiting[dir]; excused {
			continue
		}
		owner := slices.ContainsFunc(files, func(f *file) bool { return !f.test && hasRun(f) })
		starts := false
		for _, f := range files {
			if f.test || isSupport(dir) {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if !startsGoroutine(n) {
					return true
				}
				starts = true
				if !owner {
					b.add(f, tr.line(n), "ambient: goroutine in a package without a Run(ctx) error that owns it and waits for it")
				}
				return true
			})
		}
		if starts && !leakChecked(files) {
			b.say("%s: goroutines: starts goroutines and no TestMain calls goleak.VerifyTestMain; add it", dir)
		}
	}
	return b
}

// visiting packages start goroutines that end before their call returns, with the reason.
var visiting = map[string]string{
	"internal/app/bench": "plays many clients at once and waits for all of them",
	"internal/app/load":  "is the clients",
}

func startsGoroutine(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr: // errgroup.Group.Go, sync.WaitGroup.Go
		sel, ok := n.Fun.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Go" && len(n.Args) == 1
	}
	return false
}

// hasRun looks for a method Run(ctx context.Context) error.
func hasRun(f *file) bool {
	for _, decl := range f.ast.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || d.Recv == nil || d.Name.Name != "Run" || d.Type.Results == nil || len(d.Type.Results.List) != 1 {
			continue
		}
		params := d.Type.Params.List
		if len(params) >= 1 && types.ExprString(params[0].Type) == "context.Context" &&
			types.ExprString(d.Type.Results.List[0].Type) == "error" {
			return true
		}
	}
	return false
}

func leakChecked(files []*file) bool {
	return slices.ContainsFunc(files, func(f *file) bool {
		return f.test && slices.ContainsFunc(f.imports, func(im imported) bool { return im.path == "go.uber.org/goleak" })
	})
}

// skips refuses tests that may silently not run.
func skips(tr *tree) (b breaches) {
	for _, f := range tr.files {
		if !f.test && !isSupport(f.dir) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow", "Short"}, sel.Sel.Name) {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); !ok || !slices.Contains([]string{"t", "tb", "b", "f", "testing"}, id.Name) {
				return true
			}
			// The one documented way out is YINGDA_TEST_SKIP_POSTGRES=1, handled in pgtest.
			if f.dir != "internal/platform/store/pgtest" {
				b.add(f, tr.line(call), "skips: %s; a test runs or is deleted (missing PostgreSQL is pgtest's matter)", types.ExprString(sel))
			}
			return true
		})
	}
	return b
}
