// Package conversation owns conversations and messages: it is the only writer
// of both. Commands come in (Receive, Reply, Note, Assign, Resolve …), the
// state machine of desk decides, and message row, sequence number, state and
// events leave in one transaction of the store. Its queries give agents and
// visitors what they may read, opened.
//
// It is not the place where people are identified (flow/hub), messages leave
// for platforms (flow/delivery), events reach screens (flow/feed), or
// permissions are checked (the surfaces do, before they call).
//
// Invariants:
//   - What a command decides is pure: values in, effects out. It may run more
//     than once; sealing is the only thing it does besides.
//   - A command with a key that was used before changes nothing and gets the
//     first answer.
//   - Nothing in clear reaches the store: bodies, previews and profiles are
//     sealed for their own place.
//   - Every method takes the account, and ids of others are NotFound.
//
// Concurrency: a Service and a Rotator are safe for concurrent use. Only
// Rotator owns a goroutine, in Run.
//
// Imports: platform/store, platform/seal, desk.
package conversation
