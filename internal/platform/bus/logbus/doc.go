// Package logbus is the bus without any other service: it reads the event log
// of the store this process is connected to. It is the default, for one node
// and for a few.
//
// It is not a second queue. It holds the newest events in a bounded window so
// that many readers cost one query; whoever falls out of the window reads the
// log.
//
// How it works: Run tails the log, woken by the store's commits and, for
// commits whose notification got lost, by a slow tick. Each consumer is one
// loop. It leases shards (the first to ask gets all that are free; another
// node takes them over when they are released or expire), handles consecutive
// events, and commits effects and positions together, at most every Linger (the
// consumer's own or ours) unless batches are full.
//
// Signals reach listeners of this process at once. Where the database has
// several nodes they are shouted to the others as well (store.Waves), sealed per
// account, many in one shout, at most so many a second; what is too much is
// dropped, the oldest first. They never touch the log.
//
// Concurrency: Run once; Consume, Follow and Signals each block their caller
// and leave no goroutine behind.
//
// Imports: bus, timer, store, desk.
package logbus
