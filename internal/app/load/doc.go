// Package load is the other side of the wire: visitors and agents as programs,
// who use the real doors of a running server and keep their own books. The
// benchmarks and the crash tests are built from it.
//
// It is not part of serving: it knows the server only by its public protocol
// (docs/protocol.md and api/openapi.json) and shares none of its code, so that
// a mistake in ours cannot hide in theirs.
//
// Visitor and Agent are each used by one goroutine at a time; a Ledger is safe
// for all.
//
// Imports: the standard library and a WebSocket client.
package load
