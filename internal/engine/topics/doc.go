// Package topics puts questions that ask for the same thing together, so that
// a person sees what customers ask most instead of thousands of lines: the
// start of a knowledge base, and what is missing in one.
//
// Questions are compared by their characters and pairs of them, and by words
// where there are words, each weighing by how rare it is (TF-IDF, cosine). The
// question with the most others near it leads the first topic, of the rest the
// next, and each goes to the leader it is nearest to. Topics that are alike on the
// whole become one.
//
// It is not a place for answers, storage or the understanding of single
// questions (engine/knowledge, engine/nlu).
//
// Invariants:
//   - The same questions in the same order give the same topics.
//   - A question is in one topic at most.
//   - Work is bounded: of a question the first 128 characters count, questions
//     beyond MaxQuestions are left out, what half of all share is no sign.
//
// Concurrency: pure functions.
//
// Imports: platform/text.
package topics
