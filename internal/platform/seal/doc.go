// Package seal encrypts what customers and companies confide: message bodies,
// profiles, channel secrets. It also makes keyed hashes, so that sealed values
// can be looked up exactly and sealed text can be searched by word.
//
// The keys form a hierarchy:
//
//	master key file (generations; outside the data folder, mode 0600)
//	  └─ wraps ─▶ account keys: random, purpose "data" (generations) or "index"
//	                └─ HKDF-SHA256 ─▶ one key per owner (a conversation, a contact …)
//
// A sealed value is
//
//	algorithm (1 byte) | account key id (4 bytes, big endian) | nonce (12) | ciphertext and tag
//
// and is bound to its place: the additional data is the header and account,
// table, row and column, each with its length in front, so a value copied to
// another row, column or account does not open. Keys per owner keep random
// nonces far below the 2^32 values a key may seal (NIST SP 800-38D §8.3).
//
// A search token is the first half of one AES-256 block under a key of its own:
// the word padded so that no two words have the same block, or a digest of a
// word that does not fit.
//
// Invariants: keys are never printed (every type holding one answers
// "[redacted]"); every failure to open looks the same from outside; a value
// sealed under an older account key opens for as long as that key's row exists.
// Rotation never deletes a key: old ones are marked retired and kept, because
// a backup restored later holds values sealed under them.
//
// It is not for passwords or tokens (package auth), not for TLS, and it does
// not decide what is sealed. It knows tables only by their names in a Place.
//
// Concurrency: Master, Keyring and AccountKeys are safe for concurrent use.
// Seal, Open, Hash and Tokens never touch disk or network. Keyring.Account may
// read the KeyStore; the other Keyring methods write to it.
//
// Imports: desk and the standard library.
package seal
