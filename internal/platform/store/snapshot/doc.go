// Package snapshot copies and inspects SQLite files from outside the process
// that serves them: for backups and for the doctor.
//
// It is not a way to read data: that is the store's. It never writes to the
// files it looks at and takes no part in their locks beyond a reader's.
//
// The database/sql driver "sqlite" must be registered (package sqlite does it).
// Functions may be called concurrently.
//
// Imports: desk and the standard library.
package snapshot
