// Package entity finds values in what people write: numbers, dates and times,
// money, phone numbers, e-mail addresses, order and tracking numbers, members
// of a list and matches of a pattern, in Chinese and English.
//
// It does not ask, remember or decide what a value is for: that is dialogue.
// It holds no dictionary of names or addresses and learns nothing.
//
// Invariants: a Match's Text is text[Start:End] of what was given, matches of
// one call do not overlap, the first is the best, and the work is bounded (only
// the first MaxText bytes are looked at; patterns are RE2). Relative dates are
// counted from the now that is handed in, in its zone.
//
// Concurrency: pure functions; a Spec is not changed after Compile and safe for
// concurrent use.
//
// Imports: platform/text.
package entity
