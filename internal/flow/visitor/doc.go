// Package visitor keeps what visitors leave besides messages: what they thought
// of a conversation, and which pages they looked at, if they let it.
//
// It is not for messages (flow/conversation), contacts (flow/profile) or for
// who may call (surface/rpc). Consent is a claim of the visitor's token and
// checked at the door; what gets here may be kept.
//
// Invariants:
//   - A conversation has one rating, which its customer can change for a day.
//     Words are sealed; the event tells the score only.
//   - Pages of somebody who has not written are kept in the memory of this
//     process, for half an hour and within bounds, and never on disk. With the
//     first message they become the contact's. Another node does not know them.
//
// Concurrency: a Service is safe for concurrent use and owns no goroutine.
//
// Imports: platform/store, platform/seal, platform/bus, desk.
package visitor
