// Package sentiment tells the mood of a message, 0 (furious) to 10 (delighted),
// with a label and how sure it is, and how the mood of a conversation moves.
//
// English is weighed by the VADER method (Hutto and Gilbert, 2014): a lexicon
// of rated words, and rules for boosters, negation, capitals, punctuation,
// contrast, idioms and emoji. Chinese is weighed by a lexicon of customer
// service written for this project, with negation, degree, contrast, questions
// and emphasis. What both find, and the characters and words themselves, go
// into a small linear model that is learned from a corpus in this folder, so
// that what no lexicon has ("等了三天", "第三次来问了") counts as well.
//
// It is not a place for what to do about a mood, for storage or for time.
//
// Invariants:
//   - The same text always gets the same reading; New learns the same model.
//   - A score is between 0 and 10, chances add up to 1, also for odd input.
//   - A negative reading is never above 5, a positive one never below.
//   - Work is bounded: of a long text the beginning and the end count.
//
// Concurrency: a Judge is not changed once it is made and is safe for
// concurrent use. Trend is a value.
//
// Imports: desk, platform/text.
package sentiment
