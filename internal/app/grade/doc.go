// Package grade measures how good answers are: how many are right, whether
// confidence means what it says, and how well strangers are told apart. The
// figures are those of docs/evaluation.md.
//
// It is not where answers come from, and it reads no files.
//
// Concurrency: pure functions.
//
// Imports: the standard library.
package grade
