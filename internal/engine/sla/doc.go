// Package sla knows working hours: whether a team is at work at a moment, when
// it next will be, and how much working time lies between two moments. Clocks
// on service (first response, resolution) and the queue's honesty towards
// visitors ("we are back at nine") stand on it.
//
// It is not a place for timers, teams or storage, and it does not load time
// zones: they come as a *time.Location.
//
// Invariants:
//   - Periods are wall-clock times of the zone: 9:00 stays 9:00 when the clocks
//     change. Durations are time that really passes, so the night on which
//     clocks go back has an hour more.
//   - A period may end after midnight; it belongs to the day it begins on, and
//     an exception for that day moves it whole.
//   - Overlapping periods count once.
//
// Concurrency: a Calendar is a value that nobody changes; all methods are pure
// and safe for concurrent use.
//
// Imports: desk and the standard library.
package sla
