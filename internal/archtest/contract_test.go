package archtest

import (
	"go/ast"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// suites says which suite each driver's own tests must run.
var suites = map[string]string{
	"internal/platform/store/sqlite":   "internal/platform/store/storetest",
	"internal/platform/store/postgres": "internal/platform/store/storetest",
	"internal/platform/bus/logbus":     "internal/platform/bus/bustest",
	"internal/channel/webchat":         "internal/channel/channeltest",
	"internal/platform/blob/dirblob":   "internal/platform/blob/blobtest",
}

// contracts refuses a driver whose tests do not call the suite of its contract.
func contracts(tr *tree) (b breaches) {
	for _, driver := range drivers {
		suite := suites[driver]
		if suite == "" {
			b.say("%s: contracts: a driver without a suite in the table suites", driver)
			continue
		}
		if !slices.ContainsFunc(tr.in(driver), func(f *file) bool { return f.test && f.calls(suite) }) {
			b.say("%s: contracts: none of its tests calls %s; run the suite so that all drivers behave alike", driver, suite)
		}
	}
	return b
}

// calls reports whether the file imports the package and calls a function of it.
func (f *file) calls(dir string) bool {
	found := false
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && f.refers(sel, module+"/"+dir) {
				found = true
			}
		}
		return !found
	})
	return found
}

// suiteNamesAll refuses an exported method of the portable type that no test of
// the suite names: what the suite does not touch may differ between drivers.
func suiteNamesAll(tr *tree, contract, typ, suite string) (b breaches) {
	named := make(map[string]bool)
	for _, f := range tr.in(suite) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				named[sel.Sel.Name] = true
			}
			return true
		})
	}
	for _, f := range tr.in(contract) {
		if f.test {
			continue
		}
		for _, decl := range f.ast.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if ok && d.Name.IsExported() && receiver(d) == typ && !named[d.Name.Name] {
				b.add(f, tr.line(d), "contracts: %s.%s is named nowhere in %s; test it there, on every driver", typ, d.Name.Name, suite)
			}
		}
	}
	return b
}

// Each kind of event has a golden sample, and no sample is of an unknown kind:
// what was once written to a log must stay readable.
func TestEventSamples(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("../desk/testdata/events")
	require.NoError(t, err)
	var have, want []string
	for _, e := range entries {
		have = append(have, strings.TrimSuffix(e.Name(), ".json"))
	}
	for _, fact := range desk.Facts() {
		want = append(want, string(fact.Kind()))
	}
	require.ElementsMatch(t, want, have, "events: each fact of desk.Facts has one sample in internal/desk/testdata/events")
}
