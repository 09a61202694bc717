// Package backup is the form of a backup on disk: a folder with files and a
// manifest that names each file with its size and checksum. A folder without a
// manifest is not a backup, because the manifest is written last.
//
// It knows nothing of databases: who makes the files and what is done with
// them after a restore is app's business. The master key never goes into a
// backup: who steals one must not be able to read it.
//
// Functions here touch only the folders they are given and may run
// concurrently on different folders.
//
// Imports: the standard library and desk.
package backup
