// Package bench measures the program as its users meet it: a server in a
// process of its own, loaded from this one through its real doors. Each
// benchmark prints one report; docs/performance.md quotes them with the
// command.
//
// What is measured and how: the server runs in a temporary folder with the
// shipped configuration (durable commits, sealing, indexer and consumers on).
// Visitors come from different network addresses, as a trusted proxy would
// report them, so that the limits at the door apply as they ship. Messages are
// sent on a schedule and their latency counts from the moment they were due,
// not from when a slow sender got to them. CPU and memory are read from /proc,
// so these benchmarks run on Linux.
//
// It is not for tests: nothing here asserts a time.
//
// Imports: package load, and for preloading a database before the server
// starts the store, keys and flows.
package bench
