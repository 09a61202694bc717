// Package knowledge finds what a question is answered by: it is given entries
// (frequently asked questions with several ways of asking, or pieces of
// articles that Chunk cut) and ranks them for a question, with a confidence
// that means what it says.
//
// Two views are joined. The first compares the question with each way of
// asking by characters, words, neighbouring pairs and parts of words (BM25,
// cosine, and what an entry's ways cover together). The second is a line of
// package nlu between each entry and the rest. How much each counts, and how
// sure the result is, is learned from the entries themselves: ways of asking
// are kept back in folds and asked, and whole entries are kept back so that
// the gate learns what a question without an answer looks like. A second gate
// learns from those what a neighbour's answer looks like, and holds it back.
//
// It is not a place for answers, versions, filters or storage: it knows ids.
// No text is kept, only hashes of its pieces; Highlight is given the text.
//
// Invariants:
//   - Training with the same entries, options and seed gives the same index,
//     byte for byte.
//   - An Index is not changed once it is made; a new training makes a new one.
//   - Work is bounded: of a question the first 256 characters count, of a way
//     of asking the first 2,048, and a search walks a bounded part of the lists.
//   - Reading a stored index never trusts it: what does not fit is Invalid.
//
// Concurrency: an Index is safe for concurrent use. Train runs on the caller's
// goroutine and reports through its step.
//
// Imports: desk, platform/text, engine/nlu.
package knowledge
