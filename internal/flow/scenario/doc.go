// Package scenario keeps the flows of dialogue of each account: what is being
// written, what was published, the secrets of the services that flows call, and
// the calls themselves.
//
// It leads no dialogue (engine/dialogue does, driven by flow/bot) and answers
// nobody.
//
// Invariants:
//   - What serves has no problem that is more than a warning, calls no flow that
//     is not there, and passes its own test dialogues.
//   - A draft is replaced only by somebody who has seen the newest one.
//   - Sources and secrets are sealed; a secret is never given out again, only to
//     the service it is for.
//
// Flows is answered from memory; Run drops what other nodes have changed.
//
// Concurrency: a Service is safe for concurrent use; Run owns its goroutine.
//
// Imports: engine/dialogue, platform/audit, platform/bus, platform/outcall,
// platform/seal, platform/store, platform/timer, desk.
package scenario
