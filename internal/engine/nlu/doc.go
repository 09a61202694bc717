// Package nlu understands what a person wants: it learns intents from
// examples and says which one a text means, how sure it is, and whether the
// text means any of them at all. It needs nothing but the examples: no
// downloaded model, no dictionary, no other program.
//
// A text becomes weighted pieces (characters and words, pairs and triples of
// them, parts of words), one line per intent separates its examples from the
// rest; small convolutional networks, trained from scratch on the same examples,
// are mixed in where they help; and a gate turns distances into a confidence
// that means what it says: of the answers given with 0.9, nine in ten are
// right. What the mixture and the gate know comes from the examples too: each
// part of them is judged by a model that has not seen it, and whole intents are
// left out to see what strangers look like.
//
// It is not a place for entities and dialogue, for storage, or for deciding
// what to do with an answer.
//
// Invariants:
//   - Training with the same examples, options and seed gives the same model,
//     byte for byte.
//   - A Model is not changed once it is made; a new training makes a new one.
//   - Work is bounded: of a text the first 512 characters count.
//   - Reading a stored model never trusts it: what does not fit is Invalid.
//   - Lines are ready in seconds (Options.Linear), the mixture in minutes.
//
// Concurrency: a Model is safe for concurrent use. Train runs on the caller's
// goroutine and reports through its step.
//
// Imports: desk, platform/text.
package nlu
