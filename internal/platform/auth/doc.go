// Package auth proves who calls and says what they may do: password hashes,
// secrets of sessions and API tokens, visitors' tokens, tokens signed by host
// sites, permissions of roles, CSRF tokens, and the limits that slow down
// guessing and flooding.
//
// It is not for encryption of stored values (package seal), and it neither
// stores nor logs anything: callers keep hashes and decide what to answer.
//
// Invariants: secrets are compared in constant time; databases hold only
// hashes of them; text from outside is bounded before it is parsed; errors say
// what to fix, never why a proof failed; every map has a bound, and filling it
// never makes a limiter forget a key that is being limited.
//
// Concurrency: everything is safe for concurrent use. Only Passwords blocks,
// on a bounded number of hashes at a time.
//
// Imports: desk, golang.org/x/crypto and golang-jwt.
package auth
