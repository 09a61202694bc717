package archtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rule is one law of the house.
type rule struct {
	name  string
	check func(*tree) breaches
}

var rules = []rule{
	{"layers", layers},
	{"drivers", driversAtHome},
	{"homes", dependencyHomes},
	{"tables", tablesTrue},
	{"size", size},
	{"names", names},
	{"package docs", packageDocs},
	{"exported docs", exportedDocs},
	{"finished", finished},
	{"sql", sqlAtHome},
	{"ambient", ambient},
	{"goroutines", goroutines},
	{"skips", skips},
	{"contracts", contracts},
}

// The house keeps its own rules.
func TestHouse(t *testing.T) {
	t.Parallel()
	house := repository(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			found := r.check(house)
			require.Empty(t, found, "%d breaches:\n%s", len(found), strings.Join(found, "\n"))
		})
	}
	t.Run("store suite names all", func(t *testing.T) {
		t.Parallel()
		found := suiteNamesAll(house, "internal/platform/store", "Store", "internal/platform/store/storetest")
		found = append(found, suiteNamesAll(house, "internal/platform/store", "Tx", "internal/platform/store/storetest")...)
		require.Empty(t, found, "%d breaches:\n%s", len(found), strings.Join(found, "\n"))
	})
}
