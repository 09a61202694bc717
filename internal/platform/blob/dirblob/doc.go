// Package dirblob keeps blobs as files of a folder: <last two letters of the
// name>/<name>, 1,024 folders at most, because the end of our ids is random. A
// blob is written beside, made durable and linked to its place, so that a name
// has all of a blob or nothing, whatever ends in between.
//
// Several nodes may share the folder if it is a shared file system with hard
// links and durable writes (NFSv4, CephFS).
//
// Concurrency: a Dir is safe for concurrent use.
//
// Imports: desk, the contract in blob, the standard library.
package dirblob
