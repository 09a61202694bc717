// Package storetest is the suite that every store.Driver passes: the promises
// of package store as tests, and a few commands like the flows' to make them
// with.
//
// It is for tests only and not a place for what one driver does alone; that is
// tested beside the driver.
//
// Concurrency: subtests run in parallel, most of them in accounts of their own
// on one database.
//
// Imports: store, desk, the portable SQL, testify.
package storetest
