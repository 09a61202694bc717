// Package library keeps what the bot knows: FAQs with their ways of asking and
// answers, articles, categories, synonyms and the history of all of them. It
// learns from them in the background and finds answers.
//
// It does not decide whether an answer is given, to whom, or in which words
// around it: flow/bot does. Permissions are checked by the surfaces.
//
// Invariants:
//   - What people wrote is sealed, in items, in their history and in indexes.
//   - Each save of an item is a version. A save that is made on another version
//     than the newest is Conflict; a repeat of a command changes nothing.
//   - An import stores all of its drafts or none.
//   - Find reads memory only, once an account's knowledge is loaded. What is
//     disabled, out of date or meant for another channel or language is decided
//     when a question is asked and not when the index is learned.
//   - An index is exchanged whole. Every node follows the event log and takes
//     the index that the shelf names.
//   - One training runs on a node at a time, and one of an account in all nodes.
//
// Concurrency: a Service is safe for concurrent use. Run owns the trainer, the
// loader and the follower of the log.
//
// Imports: engine/knowledge, platform/audit, platform/bus, platform/store,
// platform/seal, platform/text, platform/timer, desk.
package library
