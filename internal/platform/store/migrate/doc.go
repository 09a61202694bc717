// Package migrate brings a database to the schema that this program needs.
//
// A migration is a file NNNN_name.sql, numbered from 0001 without gaps. Each
// runs once, in one transaction, in order, and is noted with its checksum in
// the table schema_migration. There is no way down: a release is undone by
// restoring the backup taken before it.
//
// It is not for changing data in bulk: a file holds a lock while it runs, so
// long work belongs into a resumable job.
//
// Invariants: a released file never changes (a different checksum is refused);
// a database that knows more than the program is refused, before anything is
// written, with the number that is needed.
//
// Concurrency: any number of nodes may call Up at once. They queue: on
// PostgreSQL for a session advisory lock, on SQLite for the write lock, so its
// connections need a busy_timeout. Up retries nothing.
//
// Imports: desk and the standard library; the database comes as a *sql.DB.
package migrate
