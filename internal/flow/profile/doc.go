// Package profile is what colleagues know of customers: names and attributes
// that they may correct, notes, the pages that were looked at, and the merge of
// two contacts that turned out to be one person.
//
// A merge keeps one contact and gives it the other's identities, conversations
// and notes; both conversations stay as they are, and one of them goes on. What
// was moved is kept, sealed, so that the merge can be undone: everything goes
// back that has not been changed since. Merging and undoing run while no
// message is between finding its contact and its commit (store.WriteAlone), so
// that none goes to a contact that is not there any more.
//
// Contacts are found by the keyed hashes of words of name, e-mail address and
// phone, as messages are (package text); hits are opened and verified.
//
// Invariants: profiles, notes, pages and what merges moved are sealed; of pages
// the newest MaxPages of a contact are kept, for PageLife; who sees none of a
// contact's conversations does not see the contact.
//
// It does not create contacts (a first message does) and does not read or
// change messages.
//
// Concurrency: a Service is safe for concurrent use.
//
// Imports: desk, platform/seal, platform/store, platform/text.
package profile
