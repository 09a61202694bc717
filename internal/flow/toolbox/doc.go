// Package toolbox keeps what agents work with: labels, canned replies and the
// drafts of what they are writing.
//
// It is not the place where a label is put on a conversation or a message is
// sent, now or later: those are commands of flow/conversation. Permissions are
// checked by the surfaces, but for one rule that is about the thing itself: a
// personal canned reply is its owner's, and one of a team is its members'.
//
// Invariants:
//   - Titles, texts and drafts are sealed; shortcuts and labels' names are not,
//     because they are settings.
//   - A canned reply that was kept has no variable that cannot be filled in.
//   - A draft is replaced only by somebody who has seen the newest one.
//
// Concurrency: a Service is safe for concurrent use and owns no goroutine.
//
// Imports: platform/audit, platform/store, platform/seal, platform/text, desk.
package toolbox
