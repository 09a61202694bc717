// Package audit records who administered what: one row for each act, written
// in the transaction of the act itself, so that neither is there without the
// other.
//
// It is for acts of administration (people, roles, inboxes, tokens, labels,
// settings), not for the daily work on conversations, whose trail is the event
// log, and not for what the program does by itself.
//
// Invariants: rows are only added; nothing of the API changes or deletes one.
// Names, changed values and addresses are sealed. Secrets are never recorded:
// a detail whose name says that it is one is refused, which is a defect of the
// caller.
//
// Concurrency: a Book is safe for concurrent use and owns no goroutine. A Pen
// belongs to one act.
//
// Imports: platform/store, platform/seal, desk.
package audit
