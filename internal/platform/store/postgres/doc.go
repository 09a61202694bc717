// Package postgres is the store's driver for PostgreSQL 15 and newer, for
// installations of several nodes or more load than one SQLite writer takes.
//
// Commands are committed in batches by a few committers, each with a
// connection of its own. A batch is one transaction without savepoints, of
// three pipelined round trips: resolve the identities; lock the conversations
// and look for used keys; write everything, draw log positions, commit. Before
// the last the units are decided in memory, one on top of the other. Rare work
// (Write) runs in ordinary transactions.
//
// Invariants:
//
//   - Log order is commit order: positions are drawn under an advisory lock that
//     is held until the commit is visible.
//   - Committers take row locks in one order (conversations by id, keys,
//     identities, pointers, contacts, timers), so they do not deadlock with each
//     other. A batch that meets a deadlock with rare work, or loses a race for a
//     new key or identity to another node, runs again, and its units alone after
//     that.
//   - A failed unit leaves no trace: nothing is written before all have decided.
//   - A connection lost while committing leaves the outcome open. Units with a
//     key run again, and the key tells; others get Unavailable.
//   - Units of Write of one account run one after another on all nodes, as on
//     SQLite. Those of the installation ("") run side by side.
//
// It is not a place for SQL that SQLite understands too; that lives in package
// query. The exceptions here are the batch, partitions and the search index.
//
// Concurrency: a Driver is safe for concurrent use; its goroutines belong to
// Run. Queues are bounded: when one is full, callers get Limited.
//
// Imports: desk, store, query, migrate, pgx, prometheus. Nothing else in the
// product imports pgx.
package postgres
