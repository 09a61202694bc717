// Package blob keeps large values outside the database: what people attach to
// messages, and the small pictures of it. Store seals them in pieces; a Driver
// (dirblob: a folder) keeps what it is given by name and sees no plain byte.
//
// A stored blob is
//
//	"YDB" 1 | piece 0 | piece 1 | … | last piece
//
// where each piece is 64 KiB of the value (the last one less, or nothing if the
// value is empty) under AES-256-GCM with a key of the blob's own. The nonce is
// the piece's number (11 bytes, big endian) and one byte that is 1 for the last
// piece only, the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015,
// as in age); the additional data is the header and the blob's name. So a piece
// that was moved, left out or repeated does not open, nor does a blob that was
// cut or carries another's name, and any part can be read without the rest.
//
// The key is drawn for each Put and returned: the caller keeps it, sealed. A
// rotation of keys seals the blob's key anew and never touches the blob.
//
// Invariants: names come from our own ids, never from people; what is at a name
// never changes; a Put that fails or is broken off leaves nothing behind.
//
// It is not for access rights, types, sizes or expiry (flow/attachment).
//
// Concurrency: Store and every Driver are safe for concurrent use; a Reader is
// not.
//
// Imports: desk and the standard library.
package blob
