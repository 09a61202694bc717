package archtest

import (
	"maps"
	"slices"
	"strings"
)

// floor is one storey of the house.
type floor struct {
	root string
	// may lists the roots whose packages this floor imports, besides what sideways allows.
	may []string
	// sideways says whether packages of the floor may import each other.
	sideways bool
}

// floors is the house, from the ground up. An import goes only downwards.
var floors = []floor{
	{root: "internal/desk"},
	{root: "internal/wire", may: []string{"internal/desk"}},
	{root: "internal/platform", may: []string{"internal/desk", "internal/wire"}, sideways: true},
	{root: "internal/channel", may: []string{"internal/desk", "internal/wire", "internal/channel", "internal/platform/auth", "internal/platform/text"}},
	{root: "internal/engine", may: []string{"internal/desk", "internal/platform/text"}, sideways: true},
	{root: "internal/flow", may: []string{"internal/desk", "internal/wire", "internal/platform", "internal/channel", "internal/engine"}},
	{root: "internal/surface", may: []string{"internal/desk", "internal/wire", "internal/platform", "internal/channel", "internal/engine", "internal/flow"}},
	{root: "internal/app", may: []string{"internal"}, sideways: true},
	{root: "internal/archtest", may: []string{"internal/desk", "internal/surface/rest"}},
	{root: "cmd", may: []string{"internal/app"}},
}

// neighbours may import each other although their floor does not allow it, with the reason.
var neighbours = map[[2]string]string{
	{"internal/surface/realtime", "internal/surface/rpc"}: "the socket carries the same JSON-RPC in its frames",
}

// drivers are implementations of a contract: only app joins them to it.
var drivers = []string{
	"internal/platform/store/sqlite", "internal/platform/store/postgres", "internal/platform/bus/logbus", "internal/channel/webchat",
	"internal/platform/blob/dirblob",
}

// support packages exist for tests: suites and servers for them.
var support = []string{
	"internal/platform/store/storetest", "internal/platform/store/pgtest", "internal/platform/bus/bustest", "internal/channel/channeltest",
	"internal/surface/surfacetest", "internal/platform/blob/blobtest",
}

// supportUsers may import support packages outside tests, with the reason.
var supportUsers = map[string]string{
	"internal/app/bench": "starts PostgreSQL for a benchmark the way the tests do",
}

func floorOf(dir string) *floor {
	for i := range floors {
		if under(dir, floors[i].root) {
			return &floors[i]
		}
	}
	return nil
}

// layers refuses an upward or sideways import, and a package on no floor.
func layers(tr *tree) (b breaches) {
	for _, f := range tr.files {
		from := floorOf(f.dir)
		if from == nil {
			b.add(f, 1, "layers: no floor for this package; put it below one of internal/*'s floors or add one to floors with an ADR")
			continue
		}
		for _, im := range f.imports {
			to := im.ours()
			if to == "" || to == f.dir || downward(from, f, to) {
				continue
			}
			b.add(f, im.line, "layers: %s may not import %s; move the type down, or declare a tiny interface here and let app join them", f.dir, to)
		}
	}
	return b
}

func downward(from *floor, f *file, to string) bool {
	if under(to, from.root) {
		// A contract belongs to the packages below its folder: channel/webchat imports channel.
		return from.sideways || neighbours[[2]string{f.dir, to}] != "" || under(f.dir, to) || f.test || slices.Contains(support, f.dir)
	}
	if underAny(to, from.may) {
		return true
	}
	return f.test && (underAny(to, drivers) || underAny(to, support)) || isSupport(f.dir) && underAny(to, drivers)
}

func isSupport(dir string) bool { return slices.Contains(support, dir) }

// driversAtHome refuses drivers outside app and tests, and test support outside tests.
func driversAtHome(tr *tree) (b breaches) {
	for _, f := range tr.files {
		if f.test || isSupport(f.dir) {
			continue
		}
		for _, im := range f.imports {
			to := im.ours()
			switch {
			case to == "":
			case underAny(to, drivers) && !under(f.dir, to) && !under(f.dir, "internal/app"):
				b.add(f, im.line, "drivers: %s is a driver; import its contract and let app choose the driver", to)
			case underAny(to, support) && supportUsers[f.dir] == "":
				b.add(f, im.line, "drivers: %s exists for tests; product code may not import it", to)
			}
		}
	}
	return b
}

// homes says who may import what is not ours. A new dependency needs a row
// here and a line in docs/adr/0002-dependencies.md. "test" allows tests and
// support packages everywhere, "test:folder" allows tests below the folder.
var homes = map[string][]string{
	"crypto/rand":   {"internal/app", "cmd", "test"},
	"math/rand":     {"test"},
	"net/http":      {"internal/app", "internal/surface", "internal/channel", "internal/platform/robot", "internal/platform/outcall", "test"},
	"database/sql":  {"internal/platform/store", "internal/app/bench", "test"},
	"os/exec":       {"internal/app", "internal/platform/store/pgtest", "test"},
	"unsafe":        {},
	"testing":       {"internal/platform/store/storetest", "internal/platform/store/pgtest", "internal/platform/bus/bustest", "internal/channel/channeltest", "internal/surface/surfacetest", "internal/platform/blob/blobtest", "test"},
	"log":           {},
	"plugin":        {},
	"encoding/gob":  {},
	"text/template": {},

	"github.com/alecthomas/kong":                      {"internal/app"},
	"github.com/knadh/koanf":                          {"internal/app/config"},
	"github.com/centrifugal/centrifuge":               {"internal/surface/realtime"},
	"github.com/centrifugal/protocol":                 {"internal/surface/realtime", "internal/app/bench", "test"},
	"github.com/danielgtaylor/huma":                   {"internal/surface/rest"},
	"github.com/golang-jwt/jwt":                       {"internal/platform/auth", "test"},
	"github.com/jackc/pgx":                            {"internal/platform/store/postgres", "internal/platform/store/pgtest", "internal/platform/store/storetest", "test:internal/platform/store"},
	"modernc.org/sqlite":                              {"internal/platform/store/sqlite", "test:internal/platform/store"},
	"github.com/klauspost/compress":                   {"internal/app", "internal/surface/webui"},
	"github.com/kljensen/snowball":                    {"internal/platform/text"},
	"go.yaml.in/yaml":                                 {"internal/engine/dialogue", "internal/app"},
	"github.com/expr-lang/expr":                       {"internal/engine/dialogue"},
	"github.com/prometheus/client_golang":             {"internal"},
	"github.com/prometheus/client_model":              {"test"},
	"golang.org/x/crypto":                             {"internal/platform/auth", "internal/platform/seal"},
	"github.com/wneessen/go-mail":                     {"internal/platform/mail"},
	"github.com/emersion/go-smtp":                     {"test"},
	"github.com/emersion/go-sasl":                     {"test"},
	"golang.org/x/image":                              {"internal/flow/attachment"},
	"golang.org/x/sync":                               {"internal"},
	"golang.org/x/text":                               {"internal/platform/text", "internal/platform/document"},
	"golang.org/x/net/html":                           {"internal/platform/document"},
	"github.com/JohannesKaufmann/html-to-markdown/v2": {"internal/platform/document"},
	"github.com/ledongthuc/pdf":                       {"internal/platform/document"},
	"github.com/xuri/excelize/v2":                     {"internal/platform/document"},
	"golang.org/x/time":                               {"internal/platform/auth", "internal/app/bench"},
	"golang.org/x/sys":                                {"internal/app"},
	"github.com/google/go-cmp":                        {"test"},
	"github.com/stretchr/testify":                     {"test"},
	"go.uber.org/goleak":                              {"test"},
	"pgregory.net/rapid":                              {"test"},
	"github.com/wasilibs/go-pgquery":                  {"test"},
	"github.com/pganalyze/pg_query_go":                {"test"},
	"github.com/coder/websocket":                      {"internal/app/load", "test"},
	"github.com/gorilla/websocket":                    {},
	"github.com/centrifugal/centrifuge-go":            {},
	"github.com/golang/mock":                          {},
	"github.com/stretchr/testify/assert":              {},
	"github.com/stretchr/testify/mock":                {},
	"github.com/stretchr/testify/suite":               {},
	"github.com/pkg/errors":                           {},
	"github.com/mattn/go-sqlite3":                     {},
	"go.uber.org/zap":                                 {},
	"github.com/sirupsen/logrus":                      {},
	"github.com/google/uuid":                          {},
	"gorm.io/gorm":                                    {},
	"github.com/prometheus/client_golang/api":         {},
}

// dependencyHomes refuses a dependency outside its home, and one without a row.
func dependencyHomes(tr *tree) (b breaches) {
	rows := slices.SortedFunc(maps.Keys(homes), func(a, c string) int { return len(c) - len(a) }) // longest first
	for _, f := range tr.files {
		for _, im := range f.imports {
			if im.ours() != "" {
				continue
			}
			i := slices.IndexFunc(rows, func(row string) bool { return im.path == row || strings.HasPrefix(im.path, row+"/") })
			if i >= 0 && rows[i] == "log" && im.path != "log" { // log/slog is the logger
				continue
			}
			if i < 0 {
				if strings.Contains(strings.Split(im.path, "/")[0], ".") {
					b.add(f, im.line, "homes: %s has no row in homes; a new dependency needs a reason in docs/adr/0002-dependencies.md and one home", im.path)
				}
				continue
			}
			if homes := homes[rows[i]]; !atHome(f, homes) {
				b.add(f, im.line, "homes: %s belongs to %v; ask that package for what you need", im.path, homes)
			}
		}
	}
	return b
}

func atHome(f *file, homes []string) bool {
	for _, home := range homes {
		root, tests := strings.CutPrefix(home, "test:")
		tests = tests && f.test && under(f.dir, root)
		if tests || home == "test" && (f.test || isSupport(f.dir)) || under(f.dir, home) {
			return true
		}
	}
	return false
}

// tablesTrue refuses rows about packages that are gone.
func tablesTrue(tr *tree) (b breaches) {
	dirs := tr.dirs()
	exists := func(root string) bool {
		return slices.ContainsFunc(dirs, func(d string) bool { return under(d, root) })
	}
	var roots []string
	for _, fl := range floors {
		roots = append(roots, fl.root)
	}
	roots = append(append(roots, drivers...), support...)
	for _, list := range homes {
		for _, home := range list {
			if home != "test" {
				roots = append(roots, strings.TrimPrefix(home, "test:"))
			}
		}
	}
	for pair := range maps.Keys(neighbours) {
		roots = append(roots, pair[0], pair[1])
	}
	for user := range maps.Keys(supportUsers) {
		roots = append(roots, user)
	}
	slices.Sort(roots)
	for _, root := range slices.Compact(roots) {
		if !exists(root) {
			b.say("tables: %s: a row of internal/archtest names what is not there; bring the row up to date", root)
		}
	}
	return b
}
