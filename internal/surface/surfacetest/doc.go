// Package surfacetest builds a whole house for tests of the surfaces: the real
// graph from a real SQLite database up to a real HTTP server, with two companies
// that must never see each other, and clients for each door.
//
// It is not for tests of flows and below, which need less. Only tests import it.
//
// A House lives as long as its test. Its clock stands still unless a test moves
// it; everything else is as in the program. Clients may be used by one goroutine
// at a time, the House by many.
//
// Imports: everything below app, and the drivers.
package surfacetest
