// Package bustest is the suite that every bus runs: the guarantees of package
// bus, checked against a real store.
//
// It is not a benchmark and knows nothing of any implementation. Time comes
// from a Clock that the tests move, so that nothing here sleeps; Clock also
// serves the tests of other packages that wait.
//
// Concurrency: subtests run in parallel, each on a database of its own.
//
// Imports: bus, timer, store, desk and testify's require. Only tests import it.
package bustest
