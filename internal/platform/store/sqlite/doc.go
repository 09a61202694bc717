// Package sqlite keeps the store in one SQLite file and the search index in a
// second one beside it. It is the default for a single node.
//
// One goroutine, the committer, owns the only writing connection. Units of work
// of all callers wait in queues by account, are taken in turn and are committed
// together with synchronous=FULL: who gets an answer is on disk. A function runs
// in a savepoint; a command writes only once its rows are known to be good. Readers have a pool of connections that cannot write.
//
// It is not for several programs on one file, nor for a file on a network
// disk: SQLite's write-ahead log needs shared memory.
//
// Invariants: statements of the committer never see a caller's context, because
// an interrupted statement can take the whole transaction with it. After an
// error the committer makes sure that its transaction is still open; if it is
// not, the other units run again without the one that failed. Positions of the
// log are drawn inside the transaction, so they have no gaps.
//
// The committer remembers what every command looks up (identities, live
// conversations, conversations). That is right only because nobody else writes:
// each function that touches these tables and each rollback empties the memory.
//
// Concurrency: a Driver is safe for concurrent use; Run must be called once.
//
// Imports: store, query, migrate and desk; modernc.org/sqlite has its home here.
package sqlite
