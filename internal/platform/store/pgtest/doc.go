// Package pgtest gives tests a real PostgreSQL: a throw-away cluster of their
// own, durable as in production (fsync and synchronous_commit on), and a fresh
// database for each test.
//
// It is not for product code, and not a replacement of PostgreSQL: if the
// server's programs are missing, the test fails, unless
// YINGDA_TEST_SKIP_POSTGRES=1 allows to skip it.
//
// Invariants: a cluster listens on a Unix socket in its own temporary folder
// and on nothing else, so any number of test processes run side by side. It
// never outlives its test process: a watcher reads a pipe whose other end only
// the test process holds, and on its end stops the server and removes the
// folder. Run by root, the server runs as the user "postgres".
//
// Concurrency: every function may be called by parallel tests; Stop and Start
// of one Server by one test only. No goroutine is left behind.
//
// Imports: the standard library only; SQL is sent through psql.
package pgtest
